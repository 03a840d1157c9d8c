"""Documents: in MongoDB where the installation has one, otherwise in PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchbill.adapters.documents.postgres import PostgresDocuments
from watchbill.core.ports.documents import DocumentStore

if TYPE_CHECKING:
    from watchbill.kit.own_services import OwnServices
    from watchbill.kit.pool import Connections

__all__ = ["PostgresDocuments", "open_documents"]


def open_documents(mongo_url: str | None, pool: Connections, own: OwnServices | None = None) -> DocumentStore:
    """The store that the settings name; it connects when it is first used. Whoever opens it closes it, and
    the pool afterwards. `own` is told of servers that the settings do not name.

    Raises:
        ValueError: the URL cannot be understood.
    """
    if mongo_url is None:
        return PostgresDocuments(pool)
    # Processes that do without MongoDB do not pay for its driver.
    from watchbill.adapters.documents.mongo import MongoDocuments

    return MongoDocuments(mongo_url, own)
