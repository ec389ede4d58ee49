#!/usr/bin/env python3
"""A file has one subject: code stays under 600 lines, tests under 900."""
import pathlib
import subprocess
import sys

LIMITS = {"code": 600, "test": 900}
wrong = 0
for name in subprocess.run(["git", "ls-files", "src", "tests", "fuzz", "bench", "tools"], capture_output=True,
                           text=True, check=True).stdout.split():
    path = pathlib.Path(name)
    if path.suffix not in (".h", ".cpp", ".py", ".sh") or not path.exists():
        continue
    lines = len(path.read_text(errors="replace").splitlines())
    limit = LIMITS["test" if path.name.endswith("_test.cpp") or name.startswith("tests/") else "code"]
    if lines > limit:
        print(f"{name}: {lines} lines, the limit is {limit}: split it by subject")
        wrong = 1
sys.exit(wrong)
