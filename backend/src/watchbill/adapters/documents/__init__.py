"""Documents in PostgreSQL (the embedded default)."""

from watchbill.adapters.documents.postgres import PostgresDocuments

__all__ = ["PostgresDocuments"]
