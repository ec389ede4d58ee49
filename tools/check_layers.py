#!/usr/bin/env python3
"""Holds every #include under src/ against src/layers.txt: arrows point down only.

usage: check_layers.py [ROOT] | --self-test
Also: only net/ includes Asio (net/task.h is how others see a coroutine), and the pure
layers include no socket, thread or clock header. Exit 1 with one line for each wrong arrow.
"""
import pathlib
import re
import sys
import tempfile

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.M)
IMPURE = {"thread", "mutex", "condition_variable", "shared_mutex", "future", "sys/socket.h",
          "netinet/in.h", "netdb.h", "poll.h", "sys/epoll.h", "unistd.h", "time.h", "filesystem"}


def read_layers(text):
    allowed, pure, purity = {}, set(), True
    for number, line in enumerate(text.splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        if line == "!purity":
            purity = False
            continue
        name, _, rest = line.partition(":")
        uses = rest.split()
        for use in uses:
            if use not in allowed:
                raise SystemExit(f"src/layers.txt:{number}: {name} names {use}, which stands on no line above it")
        allowed[name] = set(uses)
        if purity:
            pure.add(name)
    return allowed, pure


def violations(root):
    allowed, pure = read_layers((root / "src/layers.txt").read_text())
    for path in sorted((root / "src").rglob("*")):
        if path.suffix not in (".h", ".cpp"):
            continue
        relative = path.relative_to(root / "src")
        folder = relative.parts[0]
        if folder not in allowed:
            yield f"src/{relative}: folder {folder} has no line in src/layers.txt"
            continue
        test = path.name.endswith("_test.cpp") or path.name.startswith("test_")
        text = path.read_text()
        for quote, target in INCLUDE.findall(text):
            line = text[:text.find(target)].count("\n") + 1
            where = f"src/{relative}:{line}"
            if quote == '"':
                other = target.split("/")[0]
                if other != folder and other not in allowed[folder]:
                    yield f"{where}: {folder} may not include {target} (src/layers.txt)"
            if target.startswith("boost/asio") and folder != "net":
                yield f"{where}: only net/ includes Asio; use net/task.h, net/stream.h"
            if folder in pure and target in IMPURE and not test:
                yield f"{where}: {folder} is pure and may not include <{target}>"


def self_test():
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        (root / "src/low").mkdir(parents=True)
        (root / "src/high").mkdir()
        (root / "src/layers.txt").write_text("low:\n!purity\nhigh: low\n")
        (root / "src/high/h.h").write_text('#include "low/l.h"\n')
        (root / "src/low/l.h").write_text("#pragma once\n")
        assert not list(violations(root))
        (root / "src/low/l.h").write_text('#include "high/h.h"\n#include <thread>\n#include <boost/asio.hpp>\n')
        assert len(list(violations(root))) == 3, list(violations(root))
    print("the layer check sees wrong arrows")


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        sys.exit(0)
    found = list(violations(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()))
    print("\n".join(found) if found else "arrows point down only")
    sys.exit(1 if found else 0)
