"""One run of Schemathesis against a target, and what came of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.fuzzing import statuses
from tests.fuzzing.place import VARIABLE, Place
from tests.people import PASSWORD

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many cases were tried, what failed, and what Schemathesis said."""

    cases: int
    failures: list[str]
    said: str
    statuses: dict[str, set[int]]


def fuzz(place: Place, email: str, folder: Path, options: Sequence[str]) -> Outcome:
    """Try every route as somebody; `options` are those of `schemathesis run`.

    Raises:
        RuntimeError: Schemathesis itself failed.
    """
    report = folder / f"{email}.json"
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(_HERE / "schemathesis.toml")),
        *("run", f"{place.url}/api/openapi.json", "--no-color"),
        *("--report", "json", "--report-json-path", str(report), *options),
    ]
    seen = folder / f"{email}.statuses.json"
    environment = {
        **os.environ,
        statuses.VARIABLE: str(seen),
        "PYTHONPATH": str(_HERE.parents[1]),
        VARIABLE: place.to_environment(),
        "FUZZ_EMAIL": email,
        "FUZZ_PASSWORD": PASSWORD,
        "FUZZ_TENANT": place.tenant_id,
    }
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True)
    if not report.exists():
        raise RuntimeError(done.stdout + done.stderr)
    found = json.loads(report.read_text())
    failures = [
        f"{failure['title']}: {', '.join(failure['operations'])}" for failure in found["failures"]
    ] + [str(error) for error in found["errors"]]
    return Outcome(found["test_cases"]["generated"], failures, done.stdout, statuses.read(seen))
