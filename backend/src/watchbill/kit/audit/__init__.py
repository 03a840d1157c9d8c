"""The audit trail: what a transaction changed, for whom and from where, written with it or not at all."""

from watchbill.kit.audit.changes import AuditedSession, RowNote, call, note_of_new
from watchbill.kit.audit.trail import Trail, drop_trail, keep_trail, trail_of
from watchbill.kit.audit.writing import NOTED, write

__all__ = [
    "NOTED",
    "AuditedSession",
    "RowNote",
    "Trail",
    "call",
    "drop_trail",
    "keep_trail",
    "note_of_new",
    "trail_of",
    "write",
]
