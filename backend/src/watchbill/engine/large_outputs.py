"""Large outputs: the journal keeps where they are, the documents keep them, and readers get them in place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from watchbill.core.events import Event
from watchbill.core.ports.documents import Document, DocumentStore
from watchbill.core.tenancy import TenantScope

# A larger output would be read with every event of its execution, again and again.
LARGE_BYTES = 64 * 1024
# An execution's outputs stand under one key, so that one deletion gets them all. Their numbers there have the
# epoch: a worker that is fenced off may have written another output under the same number of its event.
_EPOCH = 2**32
_LARGE_OF_ROUNDS = ("items", "inputs")
# Each may have four megabytes.
_AT_ONCE = 8
# Takes the bytes that were read, and tells whether no more should be.
Enough = Callable[[int], bool]


def everything(_bytes: int) -> bool:
    """However much it is, it is not enough."""
    return False


def set_aside(event: Event, epoch: int) -> tuple[Event, tuple[str, Document]]:
    """The event without its output, or without what its iterations work on, and the document that holds it
    with its key. `epoch` is that of the claim under which the event is written, 0 when no worker writes
    it."""
    reference = reference_of(event.seq, epoch)
    if event.type == "node_started":
        rounds = event.data["rounds"]
        large: Any = {name: rounds[name] for name in _LARGE_OF_ROUNDS if name in rounds}
        left = {name: value for name, value in rounds.items() if name not in _LARGE_OF_ROUNDS}
        data = {**event.data, "rounds": left, "rounds_ref": reference}
    else:
        large = event.data["output"]
        data = {**event.data, "output": None, "output_ref": reference}
    document = Document(_seq_of(reference), event.timestamp, {"output": large})
    return event.model_copy(update={"data": data}), (str(event.execution_id), document)


def lean(events: Sequence[Event]) -> tuple[list[Event], list[tuple[str, Document]]]:
    """Events that no worker writes, without their large outputs, and the documents that hold these."""
    kept: list[Event] = []
    aside: list[tuple[str, Document]] = []
    for event in events:
        found = event
        if event.type == "node_completed" and len(orjson.dumps(event.data["output"])) > LARGE_BYTES:
            found, document = set_aside(event, 0)
            aside.append(document)
        kept.append(found)
    return kept, aside


async def whole(
    documents: DocumentStore,
    scope: TenantScope,
    events: Sequence[Event],
    *,
    rounds: bool = False,
    enough: Enough = everything,
) -> list[Event]:
    """The events with their outputs in place, and for who goes on from them also what their iterations work
    on (`rounds`). One whose document is gone (it expired) keeps null, and so do those that were not read any
    more when it was `enough`."""
    names = ("output_ref", "rounds_ref") if rounds else ("output_ref",)
    wanted = [(event, name) for event in events for name in names if event.data.get(name)]
    if not wanted:
        return list(events)
    found: dict[tuple[UUID, str], Any] = {}
    for execution_id in {event.execution_id for event, _ in wanted}:
        references = [event.data[name] for event, name in wanted if event.execution_id == execution_id]
        outputs = await read_outputs(documents, scope, execution_id, references, enough=enough)
        found |= {(execution_id, reference): output for reference, output in outputs.items()}
    filled = list(events)
    for index, event in enumerate(filled):
        for name in names:
            value = found.get((event.execution_id, event.data.get(name) or ""))
            if value is not None:
                filled[index] = event = _filled(event, name, value)
    return filled


def lost_output(events: Iterable[Event]) -> str | None:
    """The node whose large output, or whose iterations' items, are not there, if there is one, in events that
    were made whole."""
    lost = (
        e for e in events if (e.data.get("output_ref") and e.data.get("output") is None) or _lacks(e.data)
    )
    return next((event.node_id for event in lost), None)


def lost_in_snapshot(stored: Mapping[str, Any]) -> str | None:
    """The same in a dumped state that was made whole."""
    nodes: Mapping[str, dict[str, Any]] = stored.get("nodes", {})
    lost = [path for path, node in nodes.items() if node.get("output_ref") and node.get("output") is None]
    lost += [path for path, iterations in stored.get("iterating", {}).items() if _lacks(iterations)]
    return next(iter(lost), None)


def _lacks(data: Mapping[str, Any]) -> bool:
    return bool(data.get("rounds_ref")) and not any(name in data["rounds"] for name in _LARGE_OF_ROUNDS)


async def whole_snapshot(
    documents: DocumentStore,
    scope: TenantScope,
    execution_id: UUID,
    stored: dict[str, Any],
    *,
    rounds: bool = False,
) -> dict[str, Any]:
    """A dumped state with its outputs in place, as `whole` has them, and for who goes on from it also what
    iterations work on."""
    nodes: Mapping[str, dict[str, Any]] = stored.get("nodes", {})
    by_reference = {node["output_ref"]: node for node in nodes.values() if node.get("output_ref")}
    iterating: Mapping[str, dict[str, Any]] = stored.get("iterating", {}) if rounds else {}
    worked_on = {found["rounds_ref"]: found for found in iterating.values() if found.get("rounds_ref")}
    wanted = [*by_reference, *worked_on]
    outputs = await read_outputs(documents, scope, execution_id, wanted)
    for reference, output in outputs.items():
        if reference in by_reference:
            by_reference[reference]["output"] = output
        else:
            worked_on[reference]["rounds"] |= output
    return stored


def _filled(event: Event, name: str, value: Any) -> Event:
    if name == "rounds_ref":
        return event.model_copy(update={"data": {**event.data, "rounds": {**event.data["rounds"], **value}}})
    return event.model_copy(update={"data": {**event.data, "output": value}})


async def read_outputs(
    documents: DocumentStore,
    scope: TenantScope,
    execution_id: UUID,
    references: Iterable[str],
    *,
    enough: Enough = everything,
) -> dict[str, Any]:
    """The outputs that stand at these references, some in each question, until it is enough."""
    references_by_seq = {_seq_of(reference): reference for reference in references}
    wanted = sorted(references_by_seq)
    found: dict[str, Any] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        seqs = wanted[start : start + _AT_ONCE]
        size = 0
        for document in await documents.pick(scope, "execution_outputs", str(execution_id), seqs):
            found[references_by_seq[document.seq]] = document.body["output"]
            size += document.size
        if enough(size):
            break
    return found


async def copy_outputs(
    documents: DocumentStore,
    scope: TenantScope,
    source: UUID,
    target: UUID,
    seqs: Mapping[str, int],
    *,
    at: datetime,
) -> str | None:
    """Copy large outputs of one execution to a new one, which no worker writes yet, without holding them:
    each that stands at a reference for the event of that number. Returns a reference where none is, if there
    is one; nothing is kept then."""
    references_by_seq = {_seq_of(reference): reference for reference in seqs}
    wanted = {seq: seqs[reference] for seq, reference in references_by_seq.items()}
    key = str(target)
    found = await documents.copy(scope, "execution_outputs", str(source), key, wanted, at=at)
    if len(found) == len(references_by_seq):
        return None
    await documents.delete(scope, "execution_outputs", key)
    return next(reference for seq, reference in references_by_seq.items() if seq not in found)


def reference_of(seq: int, epoch: int = 0) -> str:
    """Where the large output of an event is stored. `epoch` is that of the claim under which the event is
    written, 0 when no worker writes it."""
    return f"{epoch}:{seq}"


def _seq_of(reference: str) -> int:
    epoch, _, seq = reference.partition(":")
    return int(epoch) * _EPOCH + int(seq)
