"""Checks of the graph alone: ids, edges, cycles and reachability, each in linear time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from watchbill.core.flow.definition import Edge, Node
from watchbill.core.flow.problems import Problem


def duplicate_ids(nodes: Sequence[Node], edges: Sequence[Edge]) -> list[Problem]:
    """Ids that stand twice."""
    problems = [
        Problem(node_id=id_, code="duplicate_node_id", message=f"Two nodes have the id `{id_}`.")
        for id_ in _repeated(node.id for node in nodes)
    ]
    problems += [
        Problem(edge_id=id_, code="duplicate_edge_id", message=f"Two edges have the id `{id_}`.")
        for id_ in _repeated(edge.id for edge in edges)
    ]
    return problems


def _repeated(ids: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    repeated: dict[str, None] = {}
    for id_ in ids:
        if id_ in seen:
            repeated[id_] = None
        seen.add(id_)
    return list(repeated)


def dangling_edges(
    nodes: Mapping[str, Node], edges: Sequence[Edge], lost: frozenset[str] = frozenset()
) -> list[Problem]:
    """Edges that begin or end nowhere, at themselves, or stand twice. Nodes that could not be read are
    `lost`, not nowhere."""
    problems: list[Problem] = []
    seen: set[tuple[str, str, str | None]] = set()
    for edge in edges:
        for end, name in ((edge.source, "source"), (edge.target, "target")):
            if end not in nodes and end not in lost:
                text = f"The edge's {name} `{end}` does not exist."
                problems.append(
                    Problem(edge_id=edge.id, field=name, code=f"edge_unknown_{name}", message=text)
                )
        key = (edge.source, edge.target, edge.source_handle)
        if edge.source == edge.target:
            text = "The edge leads back to its own node."
            problems.append(Problem(edge_id=edge.id, node_id=edge.source, code="cycle", message=text))
        elif key in seen:
            text = f"`{edge.source}` is connected to `{edge.target}` twice; remove one edge."
            problems.append(Problem(edge_id=edge.id, code="duplicate_edge", message=text))
        seen.add(key)
    return problems


def topological_order(nodes: Mapping[str, Node], edges: Sequence[Edge]) -> tuple[list[str], list[str]]:
    """(nodes in order, nodes that lie on or behind a cycle), by Kahn's algorithm."""
    incoming = dict.fromkeys(nodes, 0)
    targets: dict[str, list[str]] = {id_: [] for id_ in nodes}
    for edge in edges:
        incoming[edge.target] += 1
        targets[edge.source].append(edge.target)
    ready = deque(id_ for id_, count in incoming.items() if count == 0)
    order: list[str] = []
    while ready:
        id_ = ready.popleft()
        order.append(id_)
        for target in targets[id_]:
            incoming[target] -= 1
            if incoming[target] == 0:
                ready.append(target)
    placed = set(order)
    return order, [id_ for id_ in nodes if id_ not in placed]


def without_cycles(order: Sequence[str], stuck: Sequence[str], edges: Sequence[Edge]) -> list[Edge]:
    """The edges that lead forwards when the nodes on or behind a cycle come last."""
    position = {id_: index for index, id_ in enumerate((*order, *stuck))}
    return [edge for edge in edges if position[edge.source] < position[edge.target]]


def cycle_problem(stuck: Sequence[str], edges: Sequence[Edge]) -> Problem:
    """Names one real cycle among the nodes that could not be ordered."""
    left = set(stuck)
    previous: dict[str, str] = {e.target: e.source for e in edges if e.source in left and e.target in left}
    path: list[str] = []
    node = stuck[0]
    while node not in path:
        path.append(node)
        node = previous[node]
    loop = [*path[path.index(node) :], node][::-1]
    text = "These nodes wait for each other: " + " -> ".join(f"`{id_}`" for id_ in loop[:12])
    return Problem(node_id=loop[0], code="cycle", message=text + ". Remove one of the edges between them.")


def reachable(start: str, edges: Sequence[Edge]) -> set[str]:
    """Every node that can be reached from `start`, itself included."""
    targets: dict[str, list[str]] = {}
    for edge in edges:
        targets.setdefault(edge.source, []).append(edge.target)
    found, queue = {start}, deque([start])
    while queue:
        for target in targets.get(queue.popleft(), ()):
            if target not in found:
                found.add(target)
                queue.append(target)
    return found


def ancestors(order: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """For each node the set of nodes before it, as a bit set over positions in `order`.

    Bit sets keep 2,000 nodes at 2,000 x 250 bytes and each union at one machine operation per 64 nodes.
    """
    position = {id_: index for index, id_ in enumerate(order)}
    sources: dict[str, list[str]] = {id_: [] for id_ in order}
    for edge in edges:
        sources[edge.target].append(edge.source)
    sets: dict[str, int] = {}
    for id_ in order:
        bits = 0
        for source in sources[id_]:
            bits |= sets[source] | (1 << position[source])
        sets[id_] = bits
    return sets
