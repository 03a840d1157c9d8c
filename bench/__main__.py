"""`python -m bench`: starts a stack, measures it, prints a table and writes JSON to bench/results."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop

from bench import (
    crowd,
    editor,
    isolation,
    letting_in,
    live,
    memory,
    neighbour,
    overhead,
    recovery,
    sandbox,
    tenants,
    throughput,
    waiting,
)
from bench.figures import Figure, machine, table, write
from bench.peers import running as peers
from bench.stack import Stack, running

Measurement = Callable[[Stack], Awaitable[list[Figure]]]

# In this order: the memory of an idle API is what it has before it was put under load.
MEASUREMENTS: dict[str, tuple[Measurement, ...]] = {
    "memory": (memory.at_start, memory.in_use),
    "overhead": (overhead.measure,),
    "throughput": (throughput.measure, waiting.measure, waiting.memory),
    "peers": (peers.measure,),
    "live": (live.measure,),
    "crowd": (crowd.measure, memory.at_end),
    "letting_in": (letting_in.measure,),
    "editor": (editor.measure,),
    "isolation": (isolation.measure,),
    "neighbour": (neighbour.measure,),
    "tenants": (tenants.measure,),
    "sandbox": (sandbox.measure,),
    # Last: it kills the stack's worker.
    "recovery": (recovery.measure,),
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", choices=MEASUREMENTS, action="append", help="one of them; may be repeated")
    parser.add_argument(
        "--all-peers", action="store_true", help="n8n too, which `make bench PEERS=all` installs"
    )
    parser.add_argument(
        "--results", type=Path, default=Path(__file__).parent / "results", help="where JSON goes"
    )
    parser.add_argument("--keep-going", action="store_true", help="exit with 0 when a target is missed")
    return parser


async def _measure(stack: Stack, measurements: list[Measurement]) -> list[Figure]:
    figures: list[Figure] = []
    for measurement in measurements:
        found = await measurement(stack)
        print(table(found), end="\n\n", file=sys.stderr, flush=True)
        figures += found
    return figures


def main() -> None:
    """Exits with 1 when a target is missed."""
    options = _parser().parse_args()
    known = MEASUREMENTS | ({"peers": (peers.measure_all,)} if options.all_peers else {})
    # In their order, whatever order was given: the last one kills the worker.
    wanted = options.only or known
    chosen = [measurement for name in known if name in wanted for measurement in known[name]]
    # Like Ctrl-C: whoever ends us leaves no server behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    before = machine()
    with running() as stack:
        figures = uvloop.run(_measure(stack, chosen))
    print(table(figures))
    print(f"\nmachine: {before}\nwritten: {write(figures, before, options.results)}")
    if not options.keep_going and any(figure.verdict == "MISSED" for figure in figures):
        sys.exit(1)


main()
