"""What a benchmark found: named figures, the table that people read and the JSON that programs read."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles

import psutil

import watchbill


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; `target` is the most it may be and `least` the least, where there is one."""

    name: str
    value: float
    unit: str
    target: float | None = None
    least: float | None = None

    @property
    def verdict(self) -> str:
        """ "ok" or "MISSED" where there is a target."""
        if self.target is None and self.least is None:
            return ""
        high = self.target is not None and self.value > self.target
        low = self.least is not None and self.value < self.least
        return "MISSED" if high or low else "ok"

    @property
    def bound(self) -> str:
        """The target as the table has it."""
        if self.least is not None:
            return f"≥ {self.least:.4g}"
        return "" if self.target is None else f"≤ {self.target:.4g}"


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that `percent` of all values do not exceed."""
    return quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else values[0]


def table(figures: Sequence[Figure]) -> str:
    """A table for a terminal."""
    rows = [("figure", "value", "unit", "target", "")]
    rows += [(f.name, f"{f.value:.4g}", f.unit, f.bound, f.verdict) for f in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [
        f"{name:<{widths[0]}}  {value:>{widths[1]}} {unit:<{widths[2]}}  {target:>{widths[3]}}  {verdict}"
        for name, value, unit, target, verdict in rows
    ]
    return "\n".join(line.rstrip() for line in (lines[0], "-" * len(lines[0]), *lines[1:]))


def machine() -> dict[str, object]:
    """What the figures depend on."""
    return {
        "cores": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "load_average": os.getloadavg()[0],
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def write(figures: Sequence[Figure], before: dict[str, object], folder: Path) -> Path:
    """Store the figures and the machine they come from; returns the file."""
    now = datetime.now(UTC)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{now:%Y%m%dT%H%M%SZ}.json"
    content = {
        "version": watchbill.__version__,
        "measured_at": now.isoformat(),
        "machine": before,
        "figures": [asdict(figure) | {"verdict": figure.verdict} for figure in figures],
    }
    path.write_text(json.dumps(content, indent=2) + "\n")
    return path
