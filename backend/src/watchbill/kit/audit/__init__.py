"""The audit trail: what a transaction changed, for whom and from where, written with it or not at all."""

from watchbill.kit.audit.changes import AuditedSession, call, note_created
from watchbill.kit.audit.trail import Trail, drop_trail, keep_trail, trail_of
from watchbill.kit.audit.writing import write

__all__ = ["AuditedSession", "Trail", "call", "drop_trail", "keep_trail", "note_created", "trail_of", "write"]
