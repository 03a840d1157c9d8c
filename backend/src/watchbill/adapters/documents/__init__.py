"""Documents: in MongoDB where the installation has one, otherwise in PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchbill.adapters.documents.postgres import PostgresDocuments
from watchbill.core.ports.documents import DocumentStore
from watchbill.kit.process.lazy_imports import late

# Processes that do without MongoDB do not pay for its driver.
if TYPE_CHECKING:
    from watchbill.adapters.documents import mongo
    from watchbill.adapters.documents.mongo import MongoDocuments
    from watchbill.kit.database.pool import Connections
    from watchbill.kit.outbound.own_services import OwnServices
else:
    mongo = late("watchbill.adapters.documents.mongo")

__all__ = ["PostgresDocuments", "open_documents", "open_mongo"]


def open_documents(mongo_url: str | None, pool: Connections, own: OwnServices | None = None) -> DocumentStore:
    """The store that the settings name; it connects when it is first used. Whoever opens it closes it, and
    the pool afterwards. `own` is told of servers that the settings do not name.

    Raises:
        ValueError: the URL cannot be understood.
    """
    if mongo_url is None:
        return PostgresDocuments(pool)
    return open_mongo(mongo_url, own)


def open_mongo(url: str, own: OwnServices | None = None) -> MongoDocuments:
    """The documents of this MongoDB, as `open_documents`."""
    return mongo.MongoDocuments(url, own)
