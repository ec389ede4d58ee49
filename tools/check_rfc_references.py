#!/usr/bin/env python3
"""Holds the rfcNNNN#section references in the code and docs/rfc/index.tsv against each other.

Every reference names an RFC of the index; every RFC whose status there is "yes" or "partial" is
cited by at least one file, and the folders in its "where" column exist and cite it. "no" and
"roadmap" rows may be cited but need not be. `--list RFC` prints where one is cited.
"""
import collections
import pathlib
import re
import subprocess
import sys

REFERENCE = re.compile(r"\brfc(\d{3,5})#([0-9A-Za-z][0-9A-Za-z.\-]*)")
STATUSES = {"yes", "partial", "roadmap", "no"}


def cited(root):
    found = collections.defaultdict(list)
    names = subprocess.run(["git", "-C", str(root), "ls-files", "src", "tests", "fuzz"], capture_output=True, text=True,
                           check=True).stdout.split()
    for name in names:
        path = root / name
        if path.suffix not in (".h", ".cpp", ".def", ".tsv", ".py", ".dlg") or not path.exists():
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            for rfc, section in REFERENCE.findall(line):
                found[int(rfc)].append((name, number, section))
    return found


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    found = cited(root)
    if sys.argv[1:2] == ["--list"]:
        for name, number, section in found[int(sys.argv[2])]:
            print(f"{name}:{number}: section {section}")
        return 0
    wrong = []
    index = {}
    for number, line in enumerate((root / "docs/rfc/index.tsv").read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        columns = line.split("\t")
        if len(columns) < 4:
            wrong.append(f"docs/rfc/index.tsv:{number}: wants rfc, status, title, where[, note], separated by tabs")
            continue
        rfc, status, _, where = columns[:4]
        if not rfc.isdigit() or status not in STATUSES:
            wrong.append(f"docs/rfc/index.tsv:{number}: '{rfc} {status}': a number and one of {sorted(STATUSES)}")
            continue
        if int(rfc) in index:
            wrong.append(f"docs/rfc/index.tsv:{number}: rfc{rfc} stands twice")
        index[int(rfc)] = status
        if status in ("yes", "partial"):
            files = {name for name, _, _ in found.get(int(rfc), [])}
            if not files:
                wrong.append(f"docs/rfc/index.tsv:{number}: rfc{rfc} is '{status}' but no file cites it")
            for place in where.split():
                if not (root / place).exists():
                    wrong.append(f"docs/rfc/index.tsv:{number}: {place} does not exist")
                elif files and not any(name.startswith(place) for name in files):
                    wrong.append(f"docs/rfc/index.tsv:{number}: nothing in {place} cites rfc{rfc}")
    for rfc, places in sorted(found.items()):
        if rfc not in index:
            name, number, section = places[0]
            wrong.append(f"{name}:{number}: rfc{rfc}#{section} is cited, but rfc{rfc} has no row in docs/rfc/index.tsv")
    print("\n".join(wrong) if wrong else f"{len(index)} RFCs, {sum(map(len, found.values()))} references agree")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
