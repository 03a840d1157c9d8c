"""The execution journal in PostgreSQL."""

from watchbill.adapters.journal.postgres import PostgresJournal

__all__ = ["PostgresJournal"]
