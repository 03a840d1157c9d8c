"""Writing the flows that Sub-flow nodes name into a definition, so that an execution keeps what it started
with."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.flow.definition import MAX_DEPTH
from watchbill.core.flow.problems import Problem
from watchbill.core.flow.walk import Raw, config_of, mapped, nodes_in
from watchbill.features.flows import queries
from watchbill.features.flows.reaching import uuid_of

# Of a flow with all the flows in it, each as often as it stands there.
MAX_NODES = 2_000
MAX_BYTES = 4 * 1024 * 1024
TOO_MUCH = "subflows_too_large"


async def write_flows(session: AsyncSession, definition: object) -> tuple[Any, list[Problem]]:
    """The definition with the flow of each Sub-flow node in its field `flow`, and a problem for each that
    names none of this tenant, or a flow that contains itself. What would become too large in all is left as
    it is, with one problem of the code TOO_MUCH."""
    try:
        return await _write(_Reading(session, definition), definition, ())
    except _TooMuch as error:
        text = (
            f"With all the flows in it, this flow has more than {MAX_NODES:,} nodes or {MAX_BYTES:,} bytes."
            " Use fewer Sub-flows in each other."
        )
        return definition, [Problem(node_id=error.path, field="config.flow_id", code=TOO_MUCH, message=text)]


class _TooMuch(Exception):
    """There is no room for the flow that the node at `path` names."""

    def __init__(self, path: str):
        super().__init__(path)
        self.path = path


class _Reading:
    """Reads flows, each version once, and counts what they add."""

    def __init__(self, session: AsyncSession, definition: object):
        self._session = session
        self._nodes = MAX_NODES - sum(1 for _ in nodes_in(definition))
        self._bytes = MAX_BYTES
        self._known: dict[tuple[UUID, object], tuple[dict[str, Any] | None, tuple[str, str], int, int]] = {}

    async def flow(
        self, flow_id: UUID, version: object, above: tuple[UUID, ...], path: str
    ) -> tuple[dict[str, Any] | None, tuple[str, str]]:
        """The definition of a flow's version, or why there is none.

        Raises:
            _TooMuch: it is more than there is room for.
        """
        if flow_id in above:
            return None, ("subflow_cycle", "This flow contains itself; choose another one.")
        if len(above) >= MAX_DEPTH:
            return None, ("too_deep", f"Sub-flows may be nested {MAX_DEPTH} levels deep; this one is deeper.")
        key = flow_id, version if isinstance(version, int) else None
        if key not in self._known:
            found, why = await _flow(self._session, *key)
            nodes = 1 + sum(1 for _ in nodes_in(found))
            self._known[key] = found, why, nodes, len(orjson.dumps(found))
        found, why, nodes, size = self._known[key]
        self._nodes -= nodes
        self._bytes -= size
        if self._nodes < 0 or self._bytes < 0:
            raise _TooMuch(path)
        return found, why


async def _write(
    reading: _Reading, definition: object, above: tuple[UUID, ...], around: str = ""
) -> tuple[Any, list[Problem]]:
    problems: list[Problem] = []
    flows: dict[str, Any] = {}
    for path, node in nodes_in(definition):
        config = config_of(node)
        flow_id = uuid_of(config.get("flow_id")) if node.get("type") == "subflow" else None
        if flow_id is None:
            continue
        found, why = await reading.flow(flow_id, config.get("version"), above, around + path)
        if found is None:
            problems.append(_problem(path, *why))
            continue
        flows[path], inner = await _write(reading, found, (*above, flow_id), f"{around}{path}.")
        problems += [problem.model_copy(update={"node_id": f"{path}.{problem.node_id}"}) for problem in inner]

    def change(path: str, node: Raw) -> Raw:
        if path not in flows:
            return node
        return {**node, "config": {**config_of(node), "flow": flows[path]}}

    return mapped(definition, change), problems


async def _flow(
    session: AsyncSession, flow_id: UUID, version: int | None
) -> tuple[dict[str, Any] | None, tuple[str, str]]:
    flow = await queries.by_id(session, flow_id)
    if flow is None:
        return None, ("reference_unresolved", "The flow chosen here no longer exists; choose another one.")
    number = version if version is not None else flow.published_version
    if number is None:
        return flow.definition, ("", "")
    frozen = await queries.version(session, flow_id, number)
    if frozen is None:
        return None, ("reference_unresolved", f"The flow chosen here has no version {number}.")
    return frozen.definition, ("", "")


def _problem(path: str, code: str, message: str) -> Problem:
    return Problem(node_id=path, field="config.flow_id", code=code, message=message)
