"""Reading a definition that may be malformed: what can be read of it is judged all the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from pydantic import BaseModel, ValidationError

from watchbill.core.flow.definition import MAX_NODES, FlowDefinition
from watchbill.core.flow.problems import Problem
from watchbill.core.plan.fields import dotted, sentence

Model = TypeVar("Model", bound=BaseModel)
Location = tuple[str | int, ...]
# One of Pydantic's errors.
Fault = Mapping[str, Any]
_MOST_PROBLEMS = 200
# What is found wrong once the first faults are left out.
_MOST_TRIES = 3


@dataclass(frozen=True, slots=True)
class Read(Generic[Model]):
    """What was read of a definition, or of a body.

    Args:
        flow: what is left without its faults; None when that is nothing.
        problems: what had to be left out.
        lost: ids of nodes that had to be.
        whole: whether every node and edge is there.
    """

    flow: Model | None
    problems: tuple[Problem, ...] = ()
    lost: frozenset[str] = frozenset()
    whole: bool = True


def read_definition(definition: object) -> Read[FlowDefinition]:
    """The flow of a definition, given as parsed JSON, without whatever is malformed in it."""
    return Read(definition) if isinstance(definition, FlowDefinition) else read_as(FlowDefinition, definition)


def read_as(model: type[Model], definition: object) -> Read[Model]:
    """A definition, or the body of a node, without whatever is malformed in it: the field of a node that does
    not fit, or the whole node where it cannot be one without."""
    flow, faults, rest = _without_faults(model, definition)
    problems = tuple(_problem(definition, fault) for fault in faults[:_MOST_PROBLEMS])
    if flow is None or not faults:
        return Read(flow, problems)
    left = {str(node.get("id")) for node in _entries(rest, "nodes")}
    lost = {str(node.get("id")) for node in _entries(definition, "nodes")} - left
    whole = all(len(_entries(rest, key)) == len(_entries(definition, key)) for key in ("nodes", "edges"))
    return Read(flow, problems, frozenset(lost), whole)


def _without_faults(model: type[Model], value: object) -> tuple[Model | None, list[Fault], object]:
    """The value as the model has it, or None where nothing is left; all its faults; and what is left."""
    faults: list[Fault] = []
    rest = value
    for _ in range(_MOST_TRIES):
        try:
            return model.model_validate(rest), faults, rest
        except ValidationError as error:
            found: list[Fault] = [{**item} for item in error.errors(include_url=False, include_context=False)]
            # Later ones have other places than in what was given.
            faults = faults or found
            rest = _without(rest, [item["loc"] for item in found])
    return None, faults, rest


def _without(value: object, places: Sequence[Location]) -> object:
    """A copy of the value without what stands at these places."""
    if not isinstance(value, Mapping):
        return None
    kept = dict(cast("Mapping[str, Any]", value))
    for key in {place[0] for place in places if place}:
        inside = [place[1:] for place in places if place[:1] == (key,)]
        held = kept.get(str(key))
        if key in ("nodes", "edges") and isinstance(held, list) and all(inside):
            kept[str(key)] = _readable(cast("list[Any]", held), inside, str(key))
        else:
            kept.pop(str(key), None)
    return kept


def _readable(entries: list[Any], places: Sequence[Location], key: str) -> list[Any]:
    """The nodes or edges without their faults, or without those that are none."""
    needed = ("id", "type") if key == "nodes" else ("id", "source", "target")
    wrong: dict[int, set[str]] = {}
    for index, *rest in places:
        wrong.setdefault(int(index), set()).add(str(rest[0]) if rest else "id")
    left: list[Any] = []
    for index, entry in enumerate(entries):
        fields = wrong.get(index)
        if not fields:
            left.append(entry)
        elif isinstance(entry, Mapping) and fields.isdisjoint(needed):
            found = cast("Mapping[str, Any]", entry)
            left.append({name: held for name, held in found.items() if name not in fields})
    return left


def _entries(definition: object, key: str) -> list[Mapping[str, Any]]:
    held = cast("Mapping[str, Any]", definition).get(key) if isinstance(definition, Mapping) else None
    listed = cast("list[Any]", held) if isinstance(held, list) else []
    return [entry for entry in listed if isinstance(entry, Mapping)]


def _problem(definition: object, item: Fault) -> Problem:
    """A fault, tied to its node or edge where there is one."""
    loc: Location = item["loc"]
    message = sentence(item["type"], item["msg"])
    if item["type"] == "too_long" and loc == ("nodes",):
        return Problem(code="too_many_nodes", message=f"A flow has at most {MAX_NODES:,} nodes; split it up.")
    if len(loc) >= 2 and loc[0] in ("nodes", "edges") and isinstance(loc[1], int):
        entry = cast("Mapping[str, Any]", definition)[loc[0]][loc[1]]
        id_ = cast("Mapping[str, Any]", entry).get("id") if isinstance(entry, Mapping) else None
        if isinstance(id_, str):
            key = "node_id" if loc[0] == "nodes" else "edge_id"
            problem = Problem(field=dotted(loc[2:]), code="schema_invalid", message=message)
            return problem.model_copy(update={key: id_})
    return Problem(field=dotted(loc) or None, code="schema_invalid", message=message)
