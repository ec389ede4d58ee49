#!/usr/bin/env python3
"""Holds the event names of the code against the table in src/relay/event_table.def.

An event name is a string "subject.what" within a few words of a Severity, of `.name =` of an Event,
or of a function that ends in emit( or event(. Test files may emit what they like. A name that is
not in the table is wrong; a row that nobody emits is wrong too.
"""
import pathlib
import re
import sys

ROW = re.compile(r'PAWL_EVENT\("([a-z_.]+)"')
NAME = re.compile(r'"([a-z][a-z_]*\.[a-z][a-z_]*)"')
CONTEXT = re.compile(r"Severity::|emit\(|event\(|log\(|\.name = ")


def emitted(root):
    found = {}
    for path in sorted((root / "src").rglob("*")):
        if path.suffix not in (".cpp", ".h") or path.name.endswith("_test.cpp"):
            continue
        text = path.read_text()
        for match in NAME.finditer(text):
            before = text[max(0, match.start() - 90):match.start()]
            if CONTEXT.search(before):
                line = text.count("\n", 0, match.start()) + 1
                found.setdefault(match.group(1), f"{path.relative_to(root)}:{line}")
    return found


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    rows = ROW.findall((root / "src/relay/event_table.def").read_text())
    found = emitted(root)
    wrong = [f"{place}: the event {name} has no row in src/relay/event_table.def"
             for name, place in found.items() if name not in rows]
    wrong += [f"src/relay/event_table.def: nobody emits {name}" for name in rows if name not in found]
    wrong += [f"src/relay/event_table.def: {name} stands twice" for name in set(rows) if rows.count(name) > 1]
    if "--self-test" in sys.argv:
        return 0 if "alert.raised" in rows and CONTEXT.search("emit({Severity::info, ") else 1
    print("\n".join(wrong) if wrong else f"all {len(found)} event names are in the table")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
