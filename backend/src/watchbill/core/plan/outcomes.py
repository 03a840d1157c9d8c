"""Output nodes that give a value of one name: allowed only where no execution reaches two of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any, cast

from watchbill.core.flow.definition import Edge, Node
from watchbill.core.flow.problems import Problem

# One way in which a node is reached: a branch for each node that branches before it.
Way = frozenset[tuple[str, str | None]]
Ports = Mapping[str, Sequence[str | None]]
_MOST_WAYS = 64
_LONGEST_WAY = 40
# Branches looked at: some tens of milliseconds.
_MOST_STEPS = 20_000


def doubled_outputs(
    nodes: Mapping[str, Node],
    order: Sequence[str],
    edges: Iterable[Edge],
    ports: Ports,
) -> list[Problem]:
    """A problem for each name that an execution could give twice.

    Args:
        order: ids in topological order.
        ports: the handles of each node, with the one for errors.
    """
    naming: dict[str, list[str]] = {}
    for id_ in nodes:
        values = nodes[id_].config.get("values") if nodes[id_].type == "output" else None
        for name in cast("dict[Any, Any]", values) if isinstance(values, dict) else ():
            naming.setdefault(str(name), []).append(id_)
    shared = {name: ids for name, ids in naming.items() if len(ids) > 1}
    if not shared:
        return []
    ways = _Ways(ports).of(order, edges)
    problems: list[Problem] = []
    for name, ids in shared.items():
        pair = next((pair for pair in combinations(ids, 2) if not _apart(ways[pair[0]], ways[pair[1]])), None)
        if pair is not None:
            text = (
                f"The output `{name}` is given by `{pair[0]}`, too, and no condition decides between the two."
                " Rename one of them."
            )
            field = f"config.values.{name}"
            problems.append(Problem(node_id=pair[1], field=field, code="duplicate_output", message=text))
    return problems


class _Ways:
    """Finds the ways in which nodes are reached."""

    def __init__(self, ports: Ports):
        self._ports = ports
        self._steps = 0

    def of(self, order: Sequence[str], edges: Iterable[Edge]) -> dict[str, frozenset[Way] | None]:
        """The ways to each node; None where they are too many to be told."""
        leading: dict[str, list[Edge]] = {id_: [] for id_ in order}
        for edge in edges:
            leading[edge.target].append(edge)
        found: dict[str, frozenset[Way] | None] = {}
        for id_ in order:
            found[id_] = self._joined(leading[id_], found) if leading[id_] else frozenset((frozenset(),))
        return found

    def _joined(
        self, edges: Sequence[Edge], found: Mapping[str, frozenset[Way] | None]
    ) -> frozenset[Way] | None:
        ways: set[Way] = set()
        for edge in edges:
            before = found[edge.source]
            if before is None:
                return None
            branches = len(self._ports.get(edge.source, ())) > 1
            ways |= {way | {(edge.source, edge.source_handle)} if branches else way for way in before}
            if len(ways) > _MOST_WAYS or any(len(way) > _LONGEST_WAY for way in ways):
                return None
        while (shorter := self._shorter(ways)) is not None:
            ways = shorter
        return None if self._steps > _MOST_STEPS else frozenset(ways)

    def _shorter(self, ways: set[Way]) -> set[Way] | None:
        """The same without branches of one node that all lead here; None when there are none."""
        rest: dict[tuple[str, Way], set[str | None]] = {}
        for way in ways:
            self._steps += len(way)
            if self._steps > _MOST_STEPS:
                return None
            for source, handle in way:
                rest.setdefault((source, way - {(source, handle)}), set()).add(handle)
        for (source, other), handles in rest.items():
            if handles == set(self._ports[source]):
                return {way for way in ways if not other <= way} | {other}
        return None


def _apart(one: frozenset[Way] | None, other: frozenset[Way] | None) -> bool:
    """Whether no execution goes both ways; not, as far as it cannot be told."""
    if one is None or other is None:
        return False
    return all(_contradict(first, second) for first in one for second in other)


def _contradict(one: Way, other: Way) -> bool:
    taken = dict(one)
    return any(source in taken and taken[source] != handle for source, handle in other)
