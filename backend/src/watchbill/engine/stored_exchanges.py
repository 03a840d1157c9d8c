"""Exchanges as they are kept: in order, with their place in the execution, without secrets, not too large."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, cast

import orjson

from watchbill.core.exchange import Exchange
from watchbill.core.json.clean import clean
from watchbill.core.ports.documents import Document
from watchbill.core.ports.llm import Provider, ProviderDirectory
from watchbill.core.tenancy import TenantScope
from watchbill.kit.secrets.masking import HARMLESS_HEADERS, MASK, Masking

MAX_BYTES = 256 * 1024
# Texts longer than that are cut, the next smaller number being tried until the whole is small enough.
_TEXT_LENGTHS = (64 * 1024, 16 * 1024, 4 * 1024, 1024, 256, 64)
_MOST_ITEMS = 200
# Numbers of one claim; as for large outputs, those of a worker that is fenced off are others.
_EPOCH = 2**32
_TENANTS_KNOWN = 1000


@dataclass(frozen=True, slots=True)
class PlacedExchange:
    """An exchange with its place: the node's path, the attempt, and the how manyth of the attempt it is, from
    1. `seq` orders those of an execution; `asked` is the number of the event that has the same messages."""

    exchange: Exchange
    seq: int
    node_id: str
    attempt: int
    number: int
    at: datetime
    asked: int | None = None


@dataclass(frozen=True, slots=True)
class Messages:
    """Where the messages of a model call are kept: in the `llm_started` event with this number and call_id.
    They have so many bytes as JSON."""

    seq: int
    call_id: str
    size: int


def exchange_seq(epoch: int, count: int) -> int:
    """The seq of the exchange that is the `count`-th of a claim."""
    return epoch * _EPOCH + count


def document(kept: PlacedExchange, secrets: Sequence[str]) -> Document:
    """What is stored of an exchange. `digest` is of the masked request before it is cut: an execution that is
    played back finds the answer by node, number and digest. `type` is what documents are filtered by.

    Messages that an event has already are not kept twice: they are null, and `asked` tells where they are.
    With a secret in them they are not the same, and kept here."""
    exchange, masking = kept.exchange, Masking(secrets, MAX_BYTES)
    request = _request(exchange, masking)
    requested = digest(exchange.kind, request)
    asked = _asked(kept, request)
    if asked is not None:
        request["messages"] = None
    body: dict[str, Any] = {
        "type": kept.node_id,
        "kind": exchange.kind,
        "attempt": kept.attempt,
        "number": kept.number,
        "digest": requested,
        "request": request,
        "asked": None if asked is None else asdict(asked),
        "answer": None if exchange.answer is None else clean(masking.json(exchange.answer)),
        "error": None
        if exchange.error is None
        else clean(masking.json(exchange.error.model_dump(mode="json"))),
        "duration_ms": exchange.duration_ms,
        "cut": False,
    }
    return Document(kept.seq, kept.at, _fitting(body))


def messages_of(body: Mapping[str, Any]) -> Messages | None:
    """Where the messages of a stored exchange are, if not in itself."""
    asked = body.get("asked")
    return None if asked is None else Messages(**asked)


def _asked(kept: PlacedExchange, request: Mapping[str, Any]) -> Messages | None:
    call_id, messages = kept.exchange.call_id, request.get("messages")
    if kept.asked is None or call_id is None or messages != list(kept.exchange.request["messages"]):
        return None
    return Messages(kept.asked, call_id, len(orjson.dumps(messages)))


def digest(kind: str, request: Mapping[str, Any]) -> str:
    """SHA-256 of a request, in hex; the same for requests that are equal."""
    text = orjson.dumps([kind, request], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()


def _request(exchange: Exchange, masking: Masking) -> dict[str, Any]:
    """The request without secrets. Schemas name fields that hold none."""
    given = dict(exchange.request)
    shown: dict[str, Any] = {}
    for name, value in given.items():
        if name == "url":
            shown[name] = masking.url(str(value))
        elif name == "headers":
            shown[name] = {
                header: masking.text(text) if header.lower() in HARMLESS_HEADERS else MASK
                for header, text in cast("Mapping[str, str]", value).items()
            }
        else:
            shown[name] = masking.json(value, names=name not in ("tools", "output_schema"))
    return clean(shown)


def _fitting(body: dict[str, Any]) -> dict[str, Any]:
    """The body in at most MAX_BYTES, marked when something of it was cut."""
    if len(orjson.dumps(body)) <= MAX_BYTES:
        return body
    for length in _TEXT_LENGTHS:
        cut = {**body, "cut": True} | {name: _cut(body[name], length) for name in ("request", "answer")}
        if len(orjson.dumps(cut)) <= MAX_BYTES:
            return cut
    return {**body, "cut": True, "request": {}, "answer": None if body["answer"] is None else {}}


def _cut(value: Any, length: int) -> Any:
    if isinstance(value, str):
        return value if len(value) <= length else f"{value[:length]}… ({len(value):,} characters)"
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return {name: _cut(inner, length) for name, inner in list(fields.items())[:_MOST_ITEMS]}
    if isinstance(value, list):
        return [_cut(inner, length) for inner in cast("list[Any]", value)[:_MOST_ITEMS]]
    return value


class ProviderKeys:
    """A ProviderDirectory that remembers the keys which it gave out, so that they can be found in texts. Keys
    of tenants that did not ask a model here are not known."""

    def __init__(self, directory: ProviderDirectory):
        self._directory = directory
        self._keys: dict[TenantScope, tuple[str, ...]] = {}

    async def providers(self, scope: TenantScope) -> Sequence[Provider]:
        """See core.ports.llm.ProviderDirectory."""
        found = await self._directory.providers(scope)
        self._keys.pop(scope, None)
        self._keys[scope] = tuple(provider.api_key for provider in found if provider.api_key)
        if len(self._keys) > _TENANTS_KNOWN:
            del self._keys[next(iter(self._keys))]
        return found

    def of(self, scope: TenantScope) -> Sequence[str]:
        """The keys that are known of a tenant."""
        return self._keys.get(scope, ())
