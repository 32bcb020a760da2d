"""Runs the row scripts beside this file and puts their lines, and those of the tests named after a row, into RELIABILITY.md.

    python3 scripts/reliability/collect.py [--tests LOG] [ROW]…
    python3 scripts/reliability/collect.py --lines FILE

Without a row (`F02`) every script runs. F02 and F12 run in their long form; those that hardly do anything but wait run beside the others,
and the two that keep a core busy for an hour run together at the end. With --lines none runs: FILE holds the last lines of scripts that
were run by hand, such as with a larger number. LOG is what `swift test` has printed: a test whose name begins with `F22` is a line of
row F22. Rows that were not run keep the line of their last run; a script that says that this machine lacks something it needs gets a line
of its own, which counts neither as a run nor as a violation. Ends with 1 when a row has a violation, or did not give its line.
"""
import argparse
import datetime
import os
import re
import subprocess
import sys

from rig import NOT_RUN, Broker, streamgauge

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BEGIN, END = "<!-- results: written by scripts/test --long -->", "<!-- end of results -->"
HEAD = ["| Row | How provoked | Runs | Violations | Measured |", "|---|---|---|---|---|"]


# What a row's long form takes in addition to its defaults.
LONG = {"F02": ["--bounces", "1000", "--rate", "40"], "F12": ["--kills", "1000"]}
# Rows that wait most of their time, each with a port of its own: they run beside the others.
BESIDE = {"F02": ["--port", "19710"], "F12": ["--port", "19720"], "F20": ["--port", "19730"]}
# Rows of an hour and one core each: they run together when the others are through, whose figures they would spoil; F02 has none.
TOGETHER = {"F28", "F29"}
WITHOUT_FIGURES = {"F02"}


def number(row):
    return int(row[1:])


def row_of(name):
    return name.split("-")[0]


def start_script(name, arguments):
    print(f"== {' '.join([name] + arguments)}", file=sys.stderr, flush=True)
    return subprocess.Popen([os.path.join(HERE, name)] + arguments, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def finish_script(name, process):
    """Waits for a row's script; its line as (row, how, runs, violations), with None for the violations of one that could not run."""
    row = row_of(name)
    lines = process.communicate()[0].strip().splitlines()
    result = result_of(lines[-1]) if lines else None
    codes = {None: NOT_RUN, 0: 0}
    if result and result[0] == row and process.returncode == codes.get(result[3], 1):
        print(lines[-1], file=sys.stderr, flush=True)
        return result
    return row, f"{name} gave no result (exit code {process.returncode})", 0, 1


def run_scripts(names):
    """Runs the scripts one after the other, beside them those that wait, and at the end together those that take an hour."""
    started = {}

    def start(name):
        row = row_of(name)
        started[name] = start_script(name, LONG.get(row, []) + BESIDE.get(row, []))

    def finish(name):
        return finish_script(name, started[name])

    beside = [name for name in names if row_of(name) in BESIDE]
    together = [name for name in names if row_of(name) in TOGETHER]
    try:
        # Made and found once, before several of them would.
        streamgauge()
        Broker.find()
    except subprocess.CalledProcessError as error:
        print(f"collect.py: {error}", file=sys.stderr)
    try:
        for name in beside:
            start(name)
        results = []
        for name in names:
            if name not in beside + together:
                start(name)
                results.append(finish(name))
        waited = [name for name in beside if not together or row_of(name) not in WITHOUT_FIGURES]
        results += [finish(name) for name in waited]
        for name in together:
            start(name)
        return results + [finish(name) for name in beside + together if name not in waited]
    finally:
        for process in started.values():
            if process.poll() is None:
                process.terminate()
                process.wait()


def result_of(line):
    """A row's line as (row, how, runs, violations); None for any other line."""
    cells = [cell.strip() for cell in line.split(" | ")]
    if len(cells) == 2 and re.fullmatch(r"F\d+", cells[0]) and cells[1].startswith("not run: "):
        return cells[0], cells[1], 0, None
    if len(cells) == 4 and re.fullmatch(r"F\d+", cells[0]) and cells[2].isdigit() and cells[3].isdigit():
        return cells[0], cells[1], int(cells[2]), int(cells[3])
    return None


def test_lines(path):
    """The lines of tests named after a row, from a log of `swift test`."""
    pattern = re.compile(r'(✔|✘) Test "(F\d+):? (.+?)"(?: with (\d+) test cases?)? (?:passed|failed) after')
    for line in open(path, errors="replace"):
        found = pattern.search(line)
        if found:
            mark, row, name, cases = found.groups()
            yield f"F{int(row[1:]):02}", f"test: {name}", int(cases or 1), 0 if mark == "✔" else 1


def old_lines(text):
    """The table's lines by row, as they stand."""
    rows = {}
    for line in text.splitlines():
        found = re.match(r"\| (F\d+) \|", line)
        if found:
            rows.setdefault(found.group(1), []).append(line)
    return rows


def could_not_run(line):
    """Whether a line of the table is of a script that lacked something."""
    return "| not run |" in line


def escaped(text):
    return text.replace("|", "\\|")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tests", help="a log of swift test")
    parser.add_argument("--lines", help="a file with lines of scripts that were run by hand")
    parser.add_argument("rows", nargs="*")
    options = parser.parse_args()

    scripts = sorted(name for name in os.listdir(HERE) if re.match(r"F\d+-", name)
                     and os.access(os.path.join(HERE, name), os.X_OK))
    wanted = {f"F{number(row):02}" for row in options.rows}
    missing = wanted - {row_of(name) for name in scripts}
    if missing:
        parser.error(f"no script for {', '.join(sorted(missing))}; there are: {', '.join(scripts)}")

    results = list(test_lines(options.tests)) if options.tests else []
    if options.lines:
        results += [result for result in map(result_of, open(options.lines)) if result]
    else:
        results += run_scripts([name for name in scripts if not wanted or row_of(name) in wanted])

    path = os.path.join(ROOT, "RELIABILITY.md")
    document = open(path).read()
    before, rest = document.split(BEGIN)
    table, after = rest.split(END)
    lines = old_lines(table)
    today = datetime.date.today().isoformat()
    new = {}
    for row, how, runs, violations in results:
        found = "not run" if violations is None else violations
        new.setdefault(row, []).append(f"| {row} | {escaped(how)} | {runs:,} | {found} | {today} |")
    for row, fresh in new.items():
        # A run without the tests' log knows nothing of the tests' lines, and one without scripts nothing of theirs.
        has_tests = any("| test: " in line for line in fresh)
        # One that could not run replaces only what said so before: what was measured once stays, with its day.
        has_script = any("| test: " not in line and not could_not_run(line) for line in fresh)
        has_news = any("| test: " not in line for line in fresh)
        kept = [line for line in lines.get(row, [])
                if not (has_tests if "| test: " in line else has_news if could_not_run(line) else has_script)]
        lines[row] = fresh + kept
    ordered = [line for row in sorted(lines, key=number) for line in lines[row]]
    with open(path, "w") as file:
        file.write(before + BEGIN + "\n\n" + "\n".join(HEAD + ordered) + "\n\n" + END + after)
    failed = [result for result in results if result[3]]
    for row, how, _, violations in failed:
        print(f"{row}: {violations} violations: {how}", file=sys.stderr)
    absent = sum(violations is None for *_, violations in results)
    print(f"{len(results)} lines of {len(new)} rows, {len(failed)} with violations, {absent} not run; the table is in RELIABILITY.md")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
