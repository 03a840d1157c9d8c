"""Adds up JUnit reports: `count.py FOLDER NAME...`. Fails when one is missing, or has a failure or a skip."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree


def count(report: Path) -> tuple[int, int, int]:
    """Passed, failed and skipped test cases of one report."""
    passed = failed = skipped = 0
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 (written by our own test runs)
        if case.find("skipped") is not None:
            skipped += 1
        elif case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        else:
            passed += 1
    return passed, failed, skipped


def main(folder: Path, names: list[str]) -> int:
    """Print a line for each report and one for all; returns the exit code."""
    total = [0, 0, 0]
    complete = True
    for name in names:
        report = folder / f"{name}.xml"
        numbers = count(report) if report.exists() else (0, 0, 0)
        complete = complete and sum(numbers) > 0
        sys.stdout.write("{}: {} passed, {} failed, {} skipped\n".format(name, *numbers))
        total = [sum(pair) for pair in zip(total, numbers, strict=True)]
    passed, failed, skipped = total
    if not complete:
        sys.stdout.write("A suite ran no test at all.\n")
    if skipped:
        sys.stdout.write("A skipped test counts as a failure here.\n")
    sys.stdout.write(f"{passed} passed, {failed} failed, {skipped} skipped\n")
    return 0 if complete and passed and not failed and not skipped else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
