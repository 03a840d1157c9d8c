"""The DocumentStore port on MongoDB: a collection for each tenant and kind, a document's body as JSON."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import orjson
import pymongo
import structlog
from pymongo import AsyncMongoClient, IndexModel
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    DuplicateKeyError,
    PyMongoError,
    ServerSelectionTimeoutError,
)
from pymongo.monitoring import (
    ServerClosedEvent,
    ServerDescriptionChangedEvent,
    ServerListener,
    ServerOpeningEvent,
)

from watchbill.core.json.clean import clean
from watchbill.core.json.parts import read_texts
from watchbill.core.ports.documents import (
    MAX_BODY_BYTES,
    Collection,
    Document,
    DocumentsUnavailable,
    DocumentTooLarge,
)
from watchbill.core.tenancy import TenantScope
from watchbill.kit.database.waits import about_to_await
from watchbill.kit.outbound.own_services import OwnServices
from watchbill.kit.process.supervision import end

logger = structlog.get_logger(__name__)
_Row = dict[str, Any]

DATABASE = "watchbill"
_SCHEMES = ("mongodb", "mongodb+srv")
# What holds unless the URL says otherwise. The time-out is for a whole operation: finding the server, asking
# and asking again. What a majority of the servers has is not lost with one of them: large outputs are state.
_OPTIONS: dict[str, Any] = {
    "timeoutMS": 8_000,
    "w": "majority",
    "appName": "watchbill",
}
_INDEXES = (
    IndexModel([("key", 1), ("seq", 1)], unique=True, name="key_seq"),
    IndexModel([("created_at", 1)], name="created_at"),
)
_DUPLICATE = 11000
_AGAIN_SECONDS = 1.0
# Within which a server answers that is there, however long it takes over what somebody asked.
_PING_SECONDS = 2.0
# To delete years of documents, for which nobody waits.
_DELETE_SECONDS = 600.0
_PAGE = 500
_PAGE_CHARACTERS = 4 * 1024 * 1024
# MongoDB's own times have no microseconds, so they are kept as numbers of them.
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LONGEST_REASON = 300


class _Servers(ServerListener):
    """Hears which servers there are before they are connected to: the members of a replica set, and those
    that DNS names for mongodb+srv://."""

    def __init__(self, own: OwnServices):
        self._own = own

    def opened(self, event: ServerOpeningEvent) -> None:
        host, port = event.server_address
        if port is not None:
            self._own.add([(host.lower(), port)])

    def description_changed(self, event: ServerDescriptionChangedEvent) -> None:
        """What is known of a server is the driver's affair."""

    def closed(self, event: ServerClosedEvent) -> None:
        """A server that is gone may come back."""


class MongoDocuments:
    """Implements core.ports.DocumentStore. It belongs to the event loop that uses it first.

    While the server is away one task asks for it every second, and every operation is refused at once: only
    the first ones wait for the time-out. An operation that takes too long is no sign of that by itself: the
    server is asked for first.

    Args:
        url: mongodb:// or mongodb+srv://, with the database as its path ("watchbill" when there is none). Its
            options count before ours.
        own: is told of the further servers that the first one names.

    Raises:
        ValueError: the URL cannot be understood.
    """

    outside = True

    def __init__(self, url: str, own: OwnServices | None = None):
        try:
            parts = urlsplit(url)
            if parts.scheme not in _SCHEMES:
                raise ValueError(parts.scheme)
            given = {name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
            options = {name: value for name, value in _OPTIONS.items() if name.lower() not in given}
            self._client: AsyncMongoClient[_Row] = AsyncMongoClient(
                url, **options, event_listeners=[_Servers(own)] if own else []
            )
            self._database = self._client[unquote(parts.path.strip("/")) or DATABASE]
        except (PyMongoError, ValueError, TypeError):
            # What is wrong may be the password: nothing of it may be told.
            text = (
                "WATCHBILL_MONGO_URL cannot be read. Write it as mongodb://user:password@host:27017/watchbill,"
                " with special characters in user and password percent-encoded."
            )
            raise ValueError(text) from None
        self._prepared: set[str] = set()
        self._away = ""
        self._looking: asyncio.Task[None] | None = None
        self._closing = False

    async def append(
        self, scope: TenantScope, collection: Collection, entries: Sequence[tuple[str, Document]]
    ) -> None:
        rows = [_row(key, document) for key, document in entries]
        if not rows:
            return
        name = scope.collection(collection)
        with self._answered():
            if name not in self._prepared:
                await self._database[name].create_indexes(list(_INDEXES))
                self._prepared.add(name)
            try:
                await self._database[name].insert_many(rows, ordered=False)
            except BulkWriteError as error:
                if not _only_duplicates(error.details):
                    raise

    async def read(
        self,
        scope: TenantScope,
        collection: Collection,
        key: str,
        *,
        after: int = 0,
        limit: int = 1000,
        types: Sequence[str] = (),
        room: int | None = None,
    ) -> list[Document]:
        query: _Row = {"key": key, "seq": {"$gt": after}}
        if types:
            query["type"] = {"$in": list(types)}
        rows: list[_Row] = []
        with self._answered():
            # Its parts have sixteen megabytes at most, and it reads no further than it is asked to.
            async with self._of(scope, collection).find(query, sort=[("seq", 1)], limit=limit) as found:
                async for row in found:
                    rows.append(row)
                    if room is not None and (room := room - len(row["body"])) <= 0:
                        break
        return await _documents(rows)

    async def pick(
        self, scope: TenantScope, collection: Collection, key: str, seqs: Sequence[int]
    ) -> list[Document]:
        with self._answered():
            query = {"key": key, "seq": {"$in": list(seqs)}}
            rows = await self._of(scope, collection).find(query, sort=[("seq", 1)]).to_list()
        return await _documents(rows)

    async def copy(
        self,
        scope: TenantScope,
        collection: Collection,
        key: str,
        to: str,
        seqs: Mapping[int, int],
        *,
        at: datetime,
    ) -> set[int]:
        copied: set[int] = set()
        with self._answered():
            of = self._of(scope, collection)
            query = {"key": key, "seq": {"$in": list(seqs)}}
            # One by one: all of them may have a hundred megabytes.
            async with of.find(query, {"_id": 0}, batch_size=1) as found:
                async for row in found:
                    copy = row | {"key": to, "seq": seqs[row["seq"]], "created_at": _number(at)}
                    with contextlib.suppress(DuplicateKeyError):
                        await of.insert_one(copy)
                    copied.add(row["seq"])
        return copied

    async def seqs(
        self, scope: TenantScope, collection: Collection, key: str, *, after: int = 0
    ) -> list[int]:
        with self._answered():
            query = {"key": key, "seq": {"$gt": after}}
            found = self._of(scope, collection).find(query, {"_id": 0, "seq": 1}, sort=[("seq", 1)])
            return [row["seq"] for row in await found.to_list()]

    async def delete(self, scope: TenantScope, collection: Collection, *keys: str) -> None:
        with self._answered(), pymongo.timeout(_DELETE_SECONDS):
            await self._of(scope, collection).delete_many({"key": {"$in": list(keys)}})

    async def expire(self, scope: TenantScope, *, before: datetime) -> int:
        removed = 0
        with self._answered():
            for name in await self._names(scope):
                with pymongo.timeout(_DELETE_SECONDS):
                    gone = await self._database[name].delete_many({"created_at": {"$lt": _number(before)}})
                removed += gone.deleted_count
        return removed

    async def everything(self, scope: TenantScope) -> AsyncGenerator[tuple[str, str, Document]]:
        with self._answered():
            names = await self._names(scope)
        for name in names:
            # In pages: no time-out is long enough for all of it.
            last: Any = None
            while True:
                query = {} if last is None else {"_id": {"$gt": last}}
                rows: list[_Row] = []
                size = 0
                with self._answered():
                    async with self._database[name].find(query, sort=[("_id", 1)], limit=_PAGE) as found:
                        async for row in found:
                            rows.append(row)
                            size += len(row["body"])
                            if size > _PAGE_CHARACTERS:
                                break
                for row in rows:
                    yield scope.kind(name), row["key"], _document(row, orjson.loads(row["body"]))
                if len(rows) < _PAGE and size <= _PAGE_CHARACTERS:
                    break
                last = rows[-1]["_id"]

    async def drop(self, scope: TenantScope) -> None:
        with self._answered():
            for name in await self._names(scope):
                self._prepared.discard(name)
                await self._database.drop_collection(name)

    async def remains(self, scope: TenantScope) -> list[str]:
        with self._answered():
            return [f"MongoDB collection {name}" for name in await self._names(scope)]

    async def ping(self) -> None:
        with self._answered():
            await self._client.admin.command("ping")

    async def close(self) -> None:
        self._closing = True
        if self._looking is not None:
            await end([self._looking])
        await self._client.close()

    def _of(self, scope: TenantScope, collection: Collection) -> AsyncCollection[_Row]:
        return self._database[scope.collection(collection)]

    async def _names(self, scope: TenantScope) -> list[str]:
        """The tenant's collections that exist, also those that an older version made."""
        pattern = f"^[a-z_]+{scope.collection('')}$"
        return sorted(await self._database.list_collection_names(filter={"name": {"$regex": pattern}}))

    @contextmanager
    def _answered(self) -> Generator[None]:
        """Refuse at once while the server is known to be away, and say of all that goes wrong with it in the
        port's one way."""
        if self._away:
            raise DocumentsUnavailable(self._away)
        about_to_await("A document")
        try:
            yield
        except PyMongoError as error:
            # What follows is the driver's view of all servers.
            said = str(error).partition(" (configured timeouts")[0][:_LONGEST_REASON]
            reason = f"MongoDB: {type(error).__name__}: {said}"
            if isinstance(error, ConnectionFailure) or error.timeout:
                # One tenant's question that takes too long must not refuse those of the others.
                gone = isinstance(error, ServerSelectionTimeoutError) or not error.timeout
                self._look_for_it(reason, gone=gone)
            raise DocumentsUnavailable(reason) from error

    def _look_for_it(self, reason: str, *, gone: bool) -> None:
        if gone:
            self._note_away(reason)
        if self._looking is None or self._looking.done():
            # Not within the time that the operation had.
            looking = asyncio.create_task(
                self._until_back(reason), name="mongodb", context=contextvars.Context()
            )
            self._looking = looking

    def _note_away(self, reason: str) -> None:
        if not self._away:
            self._away = reason
            logger.warning("documents_away", reason=reason)

    async def _until_back(self, reason: str) -> None:
        # The driver may turn a cancel into an error of its own, so the task is told to end in two ways.
        while not self._closing:
            try:
                with pymongo.timeout(_PING_SECONDS):
                    await self._client.admin.command("ping")
            except Exception as error:  # whatever it is, the server has to be asked for again
                if not isinstance(error, PyMongoError):
                    logger.exception("documents_not_asked")
                self._note_away(reason)
            else:
                if self._away:
                    self._away = ""
                    logger.info("documents_back")
                return
            if not self._closing:
                await asyncio.sleep(_AGAIN_SECONDS)


def _row(key: str, document: Document) -> _Row:
    try:
        body = orjson.dumps(document.body)
    except orjson.JSONEncodeError:
        body = orjson.dumps(clean(document.body))
    if len(body) > MAX_BODY_BYTES:
        raise DocumentTooLarge(f"document {document.seq} of {key} has {len(body):,} bytes")
    type_ = document.body.get("type")
    return {
        "key": key,
        "seq": document.seq,
        "created_at": _number(document.created_at),
        "type": type_ if isinstance(type_, str) else None,
        "body": body.decode(),
    }


async def _documents(rows: Sequence[Mapping[str, Any]]) -> list[Document]:
    bodies = await read_texts(row["body"] for row in rows)
    return [_document(row, body) for row, body in zip(rows, bodies, strict=True)]


def _document(row: Mapping[str, Any], body: dict[str, Any]) -> Document:
    created_at = _EPOCH + row["created_at"] * _MICROSECOND
    return Document(row["seq"], created_at, body, len(row["body"]))


def _number(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _only_duplicates(details: Mapping[str, Any]) -> bool:
    failed = [error["code"] for error in details["writeErrors"]]
    return bool(failed) and set(failed) == {_DUPLICATE} and not details["writeConcernErrors"]
