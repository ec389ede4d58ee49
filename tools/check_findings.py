#!/usr/bin/env python3
"""Holds the table of findings in docs/check.md against src/check/findings.def.

    tools/check_findings.py           says whether they agree
    tools/check_findings.py --write   writes the table of the page anew

The page's own words stand outside the two marks; between them everything is made from the table.
Besides: ids are unique, a severity is one of the four, a sentence ends without a full stop, what is no
`good` finding says what to do.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "src/check/findings.def"
PAGE = ROOT / "docs/check.md"
BEGIN = "<!-- findings: made by tools/check_findings.py --write -->\n"
END = "<!-- end of findings -->\n"
TEXT = r'"((?:[^"\\]|\\.)*)"'
ROW = re.compile(r"^PAWL_FINDING\((\w+), (\w+), (\w+), " + ", ".join([TEXT] * 3) + r"\)$")
TOPICS = {
    "dns": "DNS", "connect": "Connecting", "starttls": "STARTTLS", "tls": "TLS",
    "certificate": "Certificates", "dane": "DANE", "mta_sts": "MTA-STS", "tampering": "Tampering",
    "login": "Submission and access", "reporting": "TLS reports", "list": "Policy lists",
}
SEVERITIES = ("fault", "warning", "note", "good")


def rows():
    found, wrong = [], []
    for number, line in enumerate(TABLE.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("//"):
            continue
        match = ROW.match(line)
        if not match:
            wrong.append(f"{TABLE.relative_to(ROOT)}:{number}: no row: {line[:60]}")
            continue
        name, severity, topic, *texts = match.groups()
        sentence, remedy, reference = (text.replace('\\"', '"').replace("\\\\", "\\") for text in texts)
        where = f"{TABLE.relative_to(ROOT)}:{number}: {name}"
        if name in (row[0] for row in found):
            wrong.append(f"{where} stands twice")
        if severity not in SEVERITIES or topic not in TOPICS:
            wrong.append(f"{where}: no such severity or topic: {severity}, {topic}")
        if sentence.endswith(".") or remedy.endswith("."):
            wrong.append(f"{where}: a sentence of the table ends without a full stop")
        if severity != "good" and not remedy:
            wrong.append(f"{where} does not say what to do")
        found.append((name, severity, topic, sentence, remedy, reference))
    return found, wrong


def citation(reference):
    match = re.fullmatch(r"rfc(\d+)(?:#(.+))?", reference)
    if not match:
        return reference
    section = f" section {match[2]}" if match[2] else ""
    anchor = f"#section-{match[2]}" if match[2] else ""
    return f"[RFC {match[1]}{section}](https://www.rfc-editor.org/rfc/rfc{match[1]}{anchor})"


def cell(text):
    return text.replace("|", "\\|").replace("<", "&lt;")


def tables(found):
    text = ""
    for topic, title in TOPICS.items():
        own = [row for row in found if row[2] == topic]
        if not own:
            continue
        own.sort(key=lambda row: SEVERITIES.index(row[1]))
        text += f"\n### {title}\n\n| finding | | what is the case | what to do |\n|---|---|---|---|\n"
        for name, severity, _, sentence, remedy, reference in own:
            remedy = ". ".join(part for part in (cell(remedy), citation(reference)) if part)
            text += f"| `{name}` | {severity} | {cell(sentence)} | {remedy} |\n"
    return text + "\n"


def main():
    found, wrong = rows()
    page = PAGE.read_text()
    if page.count(BEGIN) != 1 or page.count(END) != 1:
        wrong.append(f"{PAGE.relative_to(ROOT)}: the marks around the findings are missing")
    else:
        head, rest = page.split(BEGIN)
        expected = head + BEGIN + tables(found) + END + rest.split(END)[1]
        if "--write" in sys.argv:
            PAGE.write_text(expected)
        elif expected != page:
            wrong.append("docs/check.md is not what src/check/findings.def says: "
                         "tools/check_findings.py --write")
    print("\n".join(wrong) if wrong else f"{len(found)} findings, all in docs/check.md")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
