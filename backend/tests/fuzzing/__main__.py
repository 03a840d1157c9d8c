"""`python -m tests.fuzzing [--cases 20000] [--seed N]`: the long run, as an admin and as a viewer."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzzing.run import Outcome, fuzz
from tests.fuzzing.statuses import succeeded
from tests.fuzzing.target import serving, settle
from tests.services import services


def main() -> int:
    """Print what was found; returns the exit code."""
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("--cases", type=int, default=20_000, help="how many at least, over all runs")
    parser.add_argument("--examples", type=int, default=60, help="how many for each route in each run")
    parser.add_argument("--seed", type=int, default=1, help="that of the first run")
    wanted = parser.parse_args()
    started, cases, failures = time.monotonic(), 0, 0
    with (
        tempfile.TemporaryDirectory(prefix="watchbill-fuzz-") as name,
        services("fuzz", str(os.getpid())) as own,
    ):
        folder = Path(name)
        with serving(own, folder, worker=True) as target:
            place, admin, viewer = asyncio.run(settle(target, own))
            seen: dict[str, set[int]] = {}
            seed = wanted.seed
            while cases < wanted.cases:
                who, email = ("viewer", viewer) if seed == wanted.seed else ("admin", admin)
                options = ("--seed", str(seed), "--max-examples", str(wanted.examples))
                outcome = fuzz(place, email, folder, options)
                cases, failures, seed = cases + outcome.cases, failures + len(outcome.failures), seed + 1
                for operation, answers in outcome.statuses.items():
                    seen.setdefault(operation, set()).update(answers)
                _tell(who, seed - 1, outcome)
        # A bug shows in the log even where the answer was not looked at.
        bugs = target.log.read_text(encoding="utf-8").count('"unhandled error"')
    _tell_operations(seen)
    minutes = (time.monotonic() - started) / 60
    sys.stdout.write(f"{cases} cases, {failures} kinds of failures, {bugs} bugs, {minutes:.0f} minutes\n")
    return 1 if failures or bugs else 0


def _tell(who: str, seed: int, outcome: Outcome) -> None:
    if outcome.failures:
        sys.stdout.write(outcome.said)
    sys.stdout.write(
        f"{who}, seed {seed}: {outcome.cases} cases, {len(outcome.failures)} kinds of failures\n"
    )
    sys.stdout.flush()


def _tell_operations(seen: dict[str, set[int]]) -> None:
    """Say which operations were only ever refused: whatever they do was not tried."""
    done = succeeded(seen)
    for operation in sorted(seen.keys() - done):
        sys.stdout.write(f"only refused: {operation} {sorted(seen[operation])}\n")
    sys.stdout.write(f"{len(done)} of {len(seen)} operations answered 2xx or 3xx\n")


if __name__ == "__main__":
    sys.exit(main())
