"""Large outputs: the journal keeps where they are, the documents keep them, and readers get them in place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
# Each may have four megabytes.
_AT_ONCE = 64


def set_aside(event: Event, epoch: int) -> tuple[Event, tuple[str, Document]]:
    """The event without its output, and the document that holds it with its key. `epoch` is that of the claim
    under which the event is written, 0 when no worker writes it."""
    reference = f"{epoch}:{event.seq}"
    document = Document(_place(reference), event.timestamp, {"output": event.data["output"]})
    lean = event.model_copy(update={"data": {**event.data, "output": None, "output_ref": reference}})
    return lean, (str(event.execution_id), document)


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


async def whole(documents: DocumentStore, scope: TenantScope, events: Sequence[Event]) -> list[Event]:
    """The events with their outputs in place. One whose document is gone (it expired) keeps null."""
    wanted = [event for event in events if event.data.get("output_ref")]
    if not wanted:
        return list(events)
    found: dict[tuple[UUID, str], Any] = {}
    for execution_id in {event.execution_id for event in wanted}:
        references = [event.data["output_ref"] for event in wanted if event.execution_id == execution_id]
        outputs = await read_outputs(documents, scope, execution_id, references)
        found |= {(execution_id, reference): output for reference, output in outputs.items()}
    return [
        _filled(event, found.get((event.execution_id, event.data.get("output_ref", "")))) for event in events
    ]


def lost_output(events: Iterable[Event]) -> str | None:
    """The node whose large output is not there, if there is one, in events that were made whole."""
    lost = (e for e in events if e.data.get("output_ref") and e.data.get("output") is None)
    return next((event.node_id for event in lost), None)


def lost_in_snapshot(stored: Mapping[str, Any]) -> str | None:
    """The same in a dumped state that was made whole."""
    nodes: Mapping[str, dict[str, Any]] = stored.get("nodes", {})
    lost = (path for path, node in nodes.items() if node.get("output_ref") and node.get("output") is None)
    return next(lost, None)


async def whole_snapshot(
    documents: DocumentStore, scope: TenantScope, execution_id: UUID, stored: dict[str, Any]
) -> dict[str, Any]:
    """A dumped state with its outputs in place."""
    nodes: Mapping[str, dict[str, Any]] = stored.get("nodes", {})
    places = {node["output_ref"]: node for node in nodes.values() if node.get("output_ref")}
    for reference, output in (await read_outputs(documents, scope, execution_id, places)).items():
        places[reference]["output"] = output
    return stored


def _filled(event: Event, output: Any) -> Event:
    if output is None:
        return event
    return event.model_copy(update={"data": {**event.data, "output": output}})


async def read_outputs(
    documents: DocumentStore, scope: TenantScope, execution_id: UUID, references: Iterable[str]
) -> dict[str, Any]:
    """The outputs that stand at these references, some dozens in each question."""
    places = {_place(reference): reference for reference in references}
    wanted = sorted(places)
    found: dict[str, Any] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        seqs = wanted[start : start + _AT_ONCE]
        for document in await documents.pick(scope, "execution_outputs", str(execution_id), seqs):
            found[places[document.seq]] = document.body["output"]
    return found


def _place(reference: str) -> int:
    epoch, _, seq = reference.partition(":")
    return int(epoch) * _EPOCH + int(seq)
