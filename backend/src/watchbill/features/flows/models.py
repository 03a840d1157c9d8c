"""The models and tools that a flow's nodes ask for, looked up among what the tenant has.

Providers are switched on and off without the flow being touched: whoever checks or publishes it is told, and
an execution that starts meanwhile fails at the node, as one does whose provider is switched off later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.candidates import candidates
from watchbill.core.errors import NodeError
from watchbill.core.flow.problems import Problem
from watchbill.core.flow.walk import config_of, nodes_in
from watchbill.core.ports.llm import Provider
from watchbill.features.flows.reaching import uuid_of
from watchbill.features.providers import queries
from watchbill.features.tools import service as tools

Raw = Mapping[str, Any]
# Node, field, code and message of what cannot be had.
Missing = tuple[str, str, str, str]
_MOST_TOLD = 500
# What is said here of an answer that the gateway would give; it names no other provider's models.
_SAID = {
    "no_provider": "There is no active LLM provider, so this node cannot run. Add one under Models.",
    "no_model": "No active LLM provider lists a model. Name one here, or add one to a provider's models.",
    "unknown_provider": "The LLM provider chosen here does not exist or is not active. Choose another one.",
    "unknown_model": "No active LLM provider offers the model `{model}`. Choose another one,"
    " or add it to a provider's models.",
}
_TOOL = {
    "unknown": "The tool chosen here no longer exists. Choose another one.",
    "inactive": "The tool chosen here is switched off. Switch it on under Tools, or choose another one.",
}


async def missing(session: AsyncSession, written: object, named: object) -> list[Problem]:
    """A problem for each model that nobody can be asked for, and for each tool that cannot be called; the
    first _MOST_TOLD of them.

    Args:
        written: the definition with stored flows, agents and crews in it.
        named: the same with agents and crews as the flow names them, which tells the field to mend.
    """
    stored = {path: field for path, node in nodes_in(named) if (field := _stored(node))}
    found = [*await _missing_tools(session, written), *await _missing_models(session, written)]
    # What a stored agent lacks is one problem of the field that names it.
    told = dict.fromkeys((path, stored.get(path) or field, *said) for path, field, *said in found)
    return [
        Problem(node_id=path, field=field, code=code, message=message)
        for path, field, code, message in islice(told, _MOST_TOLD)
    ]


async def _missing_models(session: AsyncSession, written: object) -> list[Missing]:
    asking = [(path, one) for path, node in nodes_in(written) for one in _asking(node)]
    if not asking:
        return []
    offers = [
        Provider(row.id, row.name, row.provider_type, None, None, tuple(row.models), row.priority)
        for row in await queries.by_priority(session)
        if row.is_active
    ]
    return [
        (path, ".".join(part for part in ("config", place, name) if part), code, message)
        for path, (place, wanted) in asking
        for name, code, message in _wrong(offers, wanted)
    ]


async def _missing_tools(session: AsyncSession, written: object) -> list[Missing]:
    named = [(path, *one) for path, node in nodes_in(written) for one in _tools(node)]
    ids = {id_ for _, _, id_ in named if id_ is not None}
    absent = await tools.absent(session, ids) if ids else {}
    found: list[Missing] = []
    for path, field, id_ in named:
        why = absent.get(id_) if id_ is not None else "unknown"
        if why is not None:
            found.append((path, f"config.{field}", f"tool_{why}", _TOOL[why]))
    return found


def _tools(node: Raw) -> Iterator[tuple[str, UUID | None]]:
    """The tools that a node names: the field, and the id, None for what is no id."""
    config = config_of(node)
    if node.get("type") == "tool" and config.get("tool_id") is not None:
        yield "tool_id", uuid_of(config["tool_id"])
    places: list[tuple[str, Any]] = list(_asking(node)) if node.get("type") in ("agent", "crew") else []
    if node.get("type") == "agent":
        places.append(("task", config.get("task")))
    if node.get("type") == "crew":
        crew = config.get("crew")
        tasks = cast("Raw", crew).get("tasks") if isinstance(crew, Mapping) else None
        listed = cast("list[Any]", tasks) if isinstance(tasks, list) else []
        places += [(f"crew.tasks.{index}", task) for index, task in enumerate(listed)]
    for place, one in places:
        ids = cast("Raw", one).get("tool_ids") if isinstance(one, Mapping) else None
        for index, id_ in enumerate(cast("list[Any]", ids) if isinstance(ids, list) else []):
            yield f"{place}.tool_ids.{index}", uuid_of(id_)


def _asking(node: Raw) -> Iterator[tuple[str, Raw]]:
    """What of a node asks a model: where it stands in the configuration, and what it says."""
    config = config_of(node)
    match node.get("type"):
        case "llm":
            yield "", config
        case "agent":
            yield from _agents(("agent", config.get("agent")))
        case "crew":
            crew = config.get("crew")
            found: Raw = cast("Raw", crew) if isinstance(crew, Mapping) else dict[str, Any]()
            agents = found.get("agents")
            listed = cast("list[Any]", agents) if isinstance(agents, list) else []
            yield from _agents(*((f"crew.agents.{index}", agent) for index, agent in enumerate(listed)))
            yield from _agents(("crew.manager", found.get("manager")))
        case _:
            pass


def _agents(*found: tuple[str, Any]) -> Iterator[tuple[str, Raw]]:
    for place, agent in found:
        if isinstance(agent, Mapping):
            yield place, cast("Raw", agent)


def _stored(node: Raw) -> str | None:
    """The field of a node that names a stored agent or crew."""
    for field in ("agent_id", "crew_id"):
        if field == f"{node.get('type')}_id" and config_of(node).get(field) is not None:
            return f"config.{field}"
    return None


def _wrong(offers: Sequence[Provider], wanted: Raw) -> Iterator[tuple[str, str, str]]:
    """Field, code and message of what cannot be had."""
    model, chosen = wanted.get("model"), wanted.get("provider_id")
    provider_id = uuid_of(chosen)
    malformed = chosen is not None and provider_id is None
    if malformed or not isinstance(model, str | None) or (model is not None and "{{" in model):
        return
    try:
        candidates(offers, model, provider_id)
    except NodeError as error:
        code = error.error_code
        field = "provider_id" if code == "unknown_provider" else "model"
        yield field, code, _SAID[code].format(model=(model or "")[:100])
