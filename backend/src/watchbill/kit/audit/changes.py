"""Watches a session: each row that it writes becomes part of the trail, and the trail part of the commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Result, event, inspect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import LoaderCallableStatus, ORMExecuteState, Session, SessionTransaction
from sqlalchemy.orm.attributes import History
from sqlalchemy.sql.dml import UpdateBase

from watchbill.kit.audit.masking import masked
from watchbill.kit.audit.trail import Change, Trail, trail_of
from watchbill.kit.audit.writing import no_note, note_values, write

_NESTED = "audit_marks"
_CALLED = "audit_name"
_OPERATIONS = {"insert": "create", "update": "update", "delete": "delete"}


class AuditedSession(Session):
    """A session whose changes are noted while somebody keeps a trail."""


@event.listens_for(AuditedSession, "after_flush")
def _after_flush(session: Session, _context: Any) -> None:
    trail = trail_of(session)
    if trail is None:
        return
    for row in session.new:
        _note(trail, row, "create", {}, _loaded(row))
    for row in session.dirty:
        before, after = _difference(row)
        if after:
            _note(trail, row, "update", before, after)
    for row in session.deleted:
        _note(trail, row, "delete", _loaded(row), {})


@event.listens_for(AuditedSession, "do_orm_execute")
def _on_statement(state: ORMExecuteState) -> Result[Any] | None:
    trail = trail_of(state.session)
    statement = state.statement
    if trail is None or not isinstance(statement, UpdateBase) or state.is_select:
        return None
    table: Any = statement.table
    if not table.info.get("audited", True):
        return None
    result = state.invoke_statement()
    if getattr(result, "rowcount", -1) == 0:
        # There was no such row, so nothing happened.
        return result
    kind = "insert" if state.is_insert else "update" if state.is_update else "delete"
    # Parameters of conditions have other names than columns.
    params = statement.compile().params
    values = {name: masked(name, value) for name, value in params.items() if name in table.columns}
    trail.changes.append(Change(table.name, _OPERATIONS[kind], None, None, {}, values))
    return result


@event.listens_for(AuditedSession, "before_commit")
def _before_commit(session: Session) -> None:
    if session.in_nested_transaction():
        return
    trail = trail_of(session)
    if trail is None:
        return
    session.flush()
    if trail.worth_noting:
        write(session, trail)
    # A second transaction of the same request, if there is one, begins with nothing to tell.
    trail.changes, trail.always = [], False


@event.listens_for(AuditedSession, "after_transaction_create")
def _after_begin(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested and (trail := trail_of(session)):
        session.info.setdefault(_NESTED, {})[transaction] = len(trail.changes)


@event.listens_for(AuditedSession, "after_soft_rollback")
def _after_rollback(session: Session, transaction: SessionTransaction) -> None:
    """What a savepoint took back did not happen."""
    mark = session.info.get(_NESTED, {}).pop(transaction, None)
    if mark is not None and (trail := trail_of(session)):
        del trail.changes[mark:]


def call(row: Any, name: str) -> None:
    """Say what a row is called that has neither name nor address of its own, for whoever reads the log."""
    inspect(row).info[_CALLED] = name


@dataclass(slots=True)
class RowNote:
    """What the log says of a row that hand-made SQL creates, which the session does not see. The statement
    that has `NOTED` writes it with the row: a statement of its own would be a round trip for each execution.
    `values` are its parameters. Call `written` once the row is there."""

    values: Mapping[str, Any]
    _trail: Trail | None
    _change: Change | None

    def written(self) -> None:
        """Go on with what the statement did not tell."""
        if self._trail is None or self._change is None:
            return
        if self.values["note"] is None:
            self._trail.changes.append(self._change)
        else:
            self._trail.changes, self._trail.always = [], False


def note_of_new(session: AsyncSession, row: Any) -> RowNote:
    """The note of a row that is about to be created in the transaction's tenant."""
    trail = trail_of(session)
    if trail is None:
        return RowNote(no_note(), None, None)
    _note(trail, row, "create", {}, _loaded(row))
    change = trail.changes.pop()
    if trail.tenant_id is None:
        return RowNote(no_note(), trail, change)
    return RowNote(note_values(replace(trail, changes=[*trail.changes, change])), trail, change)


def _note(
    trail: Trail, row: Any, operation: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    table = row.__table__
    if not table.info.get("audited", True):
        return
    state = inspect(row)
    key: tuple[Any, ...] | None = state.identity or state.mapper.primary_key_from_instance(row)
    name = state.info.get(_CALLED) or state.dict.get("name") or state.dict.get("email")
    trail.changes.append(
        Change(
            table.name,
            operation,
            ":".join(map(str, key)) if key else None,
            str(name)[:200] if name else None,
            {column: masked(column, value) for column, value in before.items()},
            {column: masked(column, value) for column, value in after.items()},
        )
    )
    _infer(trail, table.name, state.dict)


def _infer(trail: Trail, table: str, values: Mapping[str, Any]) -> None:
    """Where nobody was signed in yet, the rows tell who it was and where: a sign-in, a membership."""
    if trail.permission is None:
        trail.tenant_id = trail.tenant_id or values.get("tenant_id")
        trail.user_id = trail.user_id or values.get("user_id")
        if table == "users":
            trail.user_id = trail.user_id or values.get("id")


def _loaded(row: Any) -> dict[str, Any]:
    """What is known of a row without asking the database again."""
    state = inspect(row)
    columns = {attribute.key for attribute in state.mapper.column_attrs}
    return {name: value for name, value in state.dict.items() if name in columns}


def _difference(row: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    state = inspect(row)
    for attribute in state.mapper.column_attrs:
        history: History = state.attrs[attribute.key].history
        if not history.has_changes():
            continue
        old = history.deleted[0] if history.deleted else None
        before[attribute.key] = None if old is LoaderCallableStatus.NO_VALUE else old
        after[attribute.key] = history.added[0] if history.added else None
    return before, after
