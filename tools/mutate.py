#!/usr/bin/env python3
"""Takes away one rule of tests/rules/rules.toml at a time and wants its tests to fail.

    tools/mutate.py              all of them (make rules); exit status 1 if any survives
    tools/mutate.py --only 7,12  these, by number; --grep TEXT: those that speak of TEXT
    tools/mutate.py --check      builds nothing: does every mutation still apply, is its test there,
                                 its RFC in docs/rfc/index.tsv, and docs/rules.md up to date?
    tools/mutate.py --page       prints docs/rules.md

Works in a copy of the tree (build/rules, kept for the next run), so the work tree is not touched;
ccache makes the copy's first build short. A mutation that does not compile proves nothing and counts
as a failure, as does a test that fails without any.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "tests/rules/rules.toml"
PAGE = ROOT / "docs/rules.md"
SCRATCH = ROOT / "build/rules"
TEST = re.compile(r"^\s*(?:TEST|TEST_F|TEST_P|TYPED_TEST|TYPED_TEST_P|RC_GTEST_PROP)\(\s*(\w+),\s*(\w+)\s*[,)]", re.M)
TIME_LIMIT = 120  # seconds for one filter; a mutant that hangs is noticed


def rules():
    with TABLE.open("rb") as file:
        groups = tomllib.load(file)["group"]
    number = 0
    for group in groups:
        for rule in group["rule"]:
            number += 1
            yield number, group["title"], rule


def tests_in_tree():
    names = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", "src", "tests"],
                           capture_output=True, text=True, check=True).stdout.split()
    return {f"{suite}.{name}" for path in names if path.endswith((".h", ".cpp"))
            for suite, name in TEST.findall((ROOT / path).read_text())}


def wanted_tests(rule):
    """The filter's Suite.Name parts, without what value-parameterised tests add around them."""
    for part in rule["test"][1].split(":"):
        yield part.removeprefix("*").split("/")[0].removesuffix("*")


def page():
    lines = ["# The rules, and how each is known to be tested", "",
             "Made from tests/rules/rules.toml; a test keeps the two equal. `make rules` takes each rule",
             "out of a copy of the tree and wants the tests named beside it to fail.", ""]
    group = None
    for number, title, rule in rules():
        if title != group:
            lines += [f"## {title}", "", "| | rule | source | stands in | fails without it |", "|---|---|---|---|---|"]
            group = title
        following = next((n for n, t, _ in rules() if n == number + 1 and t == title), None)
        tests = "<br>".join(f"`{name}`" for name in wanted_tests(rule))
        lines.append(f"| {number} | {rule['rule']} | {rule['rfc']} | {rule['file']} | {tests} |")
        if following is None:
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def check():
    wrong = []
    tests = tests_in_tree()
    index = {line.split("\t")[0] for line in (ROOT / "docs/rfc/index.tsv").read_text().splitlines()}
    count = 0
    for number, _, rule in rules():
        count += 1
        where = f"rule {number} ({rule['rule']})"
        path = ROOT / rule["file"]
        found = path.read_text().count(rule["text"]) if path.exists() else 0
        if found != 1:
            wrong.append(f"{where}: its text stands {found} times in {rule['file']}, once is wanted:\n{rule['text']}")
        if rule["text"] == rule["by"]:
            wrong.append(f"{where}: the replacement changes nothing")
        for name in wanted_tests(rule):
            if name not in tests and not any(fits(name, test) for test in tests):
                wrong.append(f"{where}: there is no test {name}")
        rfc = re.fullmatch(r"(?:rfc(\d+)#[\w.]+)?", rule["rfc"])
        if not rfc or (rfc[1] and rfc[1] not in index):
            wrong.append(f"{where}: \"{rule['rfc']}\" is no reference into docs/rfc/index.tsv")
    if not PAGE.exists() or PAGE.read_text() != page():
        wrong.append("docs/rules.md is not what the table says: tools/mutate.py --page > docs/rules.md")
    print("\n".join(wrong) if wrong else f"{count} rules, each with a mutation that applies and a test")
    return 1 if wrong else 0


def fits(pattern, name):
    return "*" in pattern and re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), name)


def copy_tree():
    """Makes build/rules what the work tree is; files that are the same keep their time."""
    names = subprocess.run(["git", "-C", ROOT, "ls-files", "-coz", "--exclude-standard"],
                           capture_output=True, check=True).stdout.decode().split("\0")
    wanted = {name for name in names if name and (ROOT / name).is_file()}
    for name in wanted:
        source, target = ROOT / name, SCRATCH / name
        if target.exists() and target.read_bytes() == source.read_bytes():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        shutil.copymode(source, target)
    for path in list(SCRATCH.rglob("*")):
        if path.is_file() and path.relative_to(SCRATCH).parts[0] != "build":
            if str(path.relative_to(SCRATCH)) not in wanted:
                path.unlink()


def run(command, **more):
    return subprocess.run(["nice", "-n", "5", *command], cwd=SCRATCH, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **more)


def build(targets, jobs):
    environment = os.environ | {"CCACHE_BASEDIR": str(SCRATCH), "CCACHE_NOHASHDIR": "1"}
    return run(["ninja", "-C", "build/dev", f"-j{jobs}", *targets], env=environment)


def binary(target):
    found = [p for p in (SCRATCH / "build/dev").glob(f"*/{target}")] + list((SCRATCH / "build/dev/src/app").glob(target))
    return str(found[0])


def passes(rule):
    """True, False, or "none" if the filter names no test."""
    target, names = rule["test"]
    try:
        ended = run([binary(target), "--gtest_brief=1", f"--gtest_filter={names}"], timeout=TIME_LIMIT)
    except subprocess.TimeoutExpired:
        return False
    if re.search(r"^\[=+\] 0 tests", ended.stdout, re.M) or "did not match any test" in ended.stdout:
        return "none"
    return ended.returncode == 0


def first_error(text):
    lines = [line for line in text.splitlines() if "error:" in line]
    return lines[0] if lines else text[-300:]


def without_mutation(chosen, jobs):
    """Builds every binary once and keeps the rules whose tests pass, so that a failure means something."""
    targets = sorted({rule["test"][0] for _, _, rule in chosen})
    print(f"building {len(targets)} test programs in {SCRATCH.relative_to(ROOT)}", flush=True)
    built = build(targets, jobs)
    if built.returncode != 0:
        print("without any mutation: " + first_error(built.stdout))
        return None
    outcome = {}
    for _, _, rule in chosen:
        test = tuple(rule["test"])
        if test not in outcome:
            outcome[test] = passes(rule)
    return outcome


def try_rule(rule, jobs):
    path = SCRATCH / rule["file"]
    whole = path.read_text()
    try:
        path.write_text(whole.replace(rule["text"], rule["by"]))
        built = build([rule["test"][0]], jobs)
        if built.returncode != 0:
            return "did not build", first_error(built.stdout)
        return ("SURVIVED" if passes(rule) is True else "killed"), ""
    finally:
        path.write_text(whole)  # with a new time, so that it is built again


def mutate(chosen, jobs):
    SCRATCH.mkdir(parents=True, exist_ok=True)
    copy_tree()
    made = run(["cmake", "--preset", "dev"])
    if made.returncode != 0:
        print(made.stdout)
        return 1
    before = without_mutation(chosen, jobs)
    if before is None:
        return 1
    counts = {}
    for number, _, rule in chosen:
        start = time.monotonic()
        sound = before[tuple(rule["test"])]
        if sound is True:
            outcome, why = try_rule(rule, jobs)
        else:
            outcome, why = "fails anyway", "no such test" if sound == "none" else "without any mutation"
        counts[outcome] = counts.get(outcome, 0) + 1
        print(f"{outcome:13} {number:4}  {rule['rule']}  [{time.monotonic() - start:.0f} s]", flush=True)
        if outcome != "killed":
            print(f"{'':18}  {rule['file']}, {rule['test'][0]} --gtest_filter='{rule['test'][1]}' {why}", flush=True)
    print(", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())))
    return 0 if set(counts) == {"killed"} else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--page", action="store_true")
    parser.add_argument("--only", default="", metavar="N,N")
    parser.add_argument("--grep", default="", metavar="TEXT")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    if options.page:
        print(page(), end="")
        return 0
    if options.check:
        return check()
    only = {int(number) for number in options.only.split(",") if number}
    chosen = [row for row in rules() if (not only or row[0] in only)
              and options.grep.lower() in f"{row[1]} {row[2]['rule']} {row[2]['file']} {row[2]['test']}".lower()]
    return mutate(chosen, options.jobs)


if __name__ == "__main__":
    sys.exit(main())
