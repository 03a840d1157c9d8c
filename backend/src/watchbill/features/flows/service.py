"""Flows: drafts that are edited, and versions that are published."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import Conflict, NotFound
from watchbill.core.json.spelling import spelled_as
from watchbill.core.ports.compute import Compute
from watchbill.core.tenancy import TenantScope
from watchbill.features.flows import checking, queries, reaching
from watchbill.features.flows.schemas import FlowIn, FlowOut, FlowPatch, FlowReplacement
from watchbill.features.flows.tables import Flow, FlowVersion
from watchbill.features.identity import reach
from watchbill.features.identity.access import Access
from watchbill.features.identity.aside import Aside
from watchbill.features.identity.identity import Identity
from watchbill.kit.audit import trail_of
from watchbill.kit.clock import now
from watchbill.kit.database.paging import BadCursor, Page

_LONGEST_NAME = 200
_CHANGED = "changed_since_published"


async def get(session: AsyncSession, id_: UUID) -> Flow:
    """The flow of that id.

    Raises:
        NotFound: there is none, or it was deleted.
    """
    return _found(await queries.by_id(session, id_))


async def shown(session: AsyncSession, flow: Flow) -> FlowOut:
    """The flow with its draft, as the API gives it."""
    same = await queries.as_published(session, flow.id) if flow.published_version is not None else None
    values = {name: getattr(flow, name) for name in FlowOut.model_fields if name != _CHANGED}
    return FlowOut.model_validate({**values, _CHANGED: None if same is None else not same})


async def page(
    session: AsyncSession, wanted: Page, only: Collection[UUID] | None = None
) -> tuple[list[Flow], str | None]:
    """One page of flows, without definitions, and the next page's cursor; `only` of these, or of all."""
    rows, cursor = await queries.page(session, wanted, only)
    return list(rows), cursor


async def create(session: AsyncSession, identity: Identity, form: FlowIn) -> Flow:
    """Store a flow. Its definition may have problems: it is a draft.

    Raises:
        InvalidInput: the definition is too large.
        Forbidden: it names what the key that asks may not use.
    """
    reach.demand_no_limit(identity, "make flows")
    checking.check_size(form.definition)
    reaching.demand(identity, form.definition)
    flow = Flow(id=uuid4(), created_by=identity.user_id, version=1, **form.model_dump())
    session.add(flow)
    await session.flush()
    return flow


async def spelled(access: Access, aside: Aside, id_: UUID, form: FlowPatch) -> FlowPatch:
    """The form, whose definition keeps how the stored one is written if it asks for that. To look through all
    of both is done aside; whoever saved in between makes the form stale."""
    if not form.keep_spelling or form.definition is None:
        return form
    stored = await queries.definition(access.session, id_)
    async with access.work.outside():
        kept = await aside.run(access.scope.tenant_id.hex, spelled_as, stored, form.definition)
    return form.model_copy(update={"definition": kept})


async def change(
    session: AsyncSession, identity: Identity, id_: UUID, form: FlowReplacement | FlowPatch
) -> Flow:
    """Change what the form names; the draft's version rises by one.

    Raises:
        NotFound: there is no such flow.
        Conflict: somebody changed it since the form's version.
        InvalidInput: the definition is too large.
        Forbidden: it names what the key that asks may not use.
    """
    flow = _found(await queries.by_id(session, id_, lock=True))
    _refuse_stale(flow, form.version)
    values = form.model_dump(
        exclude={"version", "keep_spelling", "check"}, exclude_unset=isinstance(form, FlowPatch)
    )
    if "definition" in values:
        checking.check_size(values["definition"])
        reaching.demand(identity, values["definition"], flow.definition)
    for name, value in values.items():
        setattr(flow, name, value)
    flow.version += 1
    if (trail := trail_of(session)) and identity.key_id is None and values.keys() == {"definition"}:
        # The editor saves while somebody draws.
        trail.gathers = True
    await session.flush()
    await session.refresh(flow)
    return flow


async def delete(session: AsyncSession, id_: UUID) -> None:
    """Delete a flow; its executions and versions stay.

    Raises:
        NotFound: there is no such flow.
    """
    flow = _found(await queries.by_id(session, id_, lock=True))
    flow.deleted_at = now()
    await session.flush()


async def duplicate(session: AsyncSession, identity: Identity, id_: UUID) -> Flow:
    """Store a copy of the draft under a name of its own.

    Raises:
        NotFound: there is no such flow.
        Forbidden: it names what the key that asks may not use, or the key may not read it.
    """
    # A copy shows what it is a copy of.
    identity.demand("flows:read")
    flow = await get(session, id_)
    name = f"{flow.name[: _LONGEST_NAME - 7]} (copy)"
    form = FlowIn(name=name, description=flow.description, definition=flow.definition)
    return await create(session, identity, form)


async def publish(
    session: AsyncSession,
    scope: TenantScope,
    compute: Compute,
    identity: Identity,
    id_: UUID,
    version: int | None,
) -> tuple[FlowVersion, bool]:
    """Freeze the draft as the next version, unless it is the newest one as it stands: that one, and whether
    it was made just now.

    Raises:
        NotFound: there is no such flow.
        Conflict: somebody changed it since that version.
        InvalidInput: it cannot run; the errors say why.
        Forbidden: it runs flows that the key that asks is not limited to.
    """
    flow = await get(session, id_)
    _refuse_stale(flow, version)
    reaching.demand(identity, flow.definition, flow.definition)
    if same := await _as_published(session, flow):
        return same, False
    seen = flow.version
    checking.refuse_invalid(await checking.check(session, scope, flow.definition, compute))
    # The check may have taken a while without a transaction.
    flow = _found(await queries.by_id(session, id_, lock=True))
    await session.refresh(flow)
    _refuse_stale(flow, seen)
    if same := await _as_published(session, flow):
        # Somebody else published it meanwhile.
        return same, False
    number = (flow.published_version or 0) + 1
    frozen = FlowVersion(flow_id=id_, number=number, definition=flow.definition, created_by=identity.user_id)
    session.add(frozen)
    flow.published_version = number
    await session.flush()
    await session.refresh(frozen)
    return frozen, True


async def _as_published(session: AsyncSession, flow: Flow) -> FlowVersion | None:
    """The newest published version, if the draft is no other."""
    number = flow.published_version
    if number is None or not await queries.as_published(session, flow.id):
        return None
    return await queries.version(session, flow.id, number)


async def versions(
    session: AsyncSession, id_: UUID, limit: int, cursor: str | None
) -> tuple[list[FlowVersion], str | None]:
    """One page of published versions, newest first.

    Raises:
        NotFound: there is no such flow.
        BadCursor: the cursor cannot be read.
    """
    await get(session, id_)
    before = _decode(cursor) if cursor is not None else None
    rows = list(await queries.versions(session, id_, before=before, limit=limit + 1))
    return rows[:limit], _encode(rows[limit - 1].number) if len(rows) > limit else None


async def version(session: AsyncSession, id_: UUID, number: int) -> FlowVersion:
    """A published version.

    Raises:
        NotFound: there is no such flow or version.
    """
    await get(session, id_)
    found = await queries.version(session, id_, number)
    if found is None:
        raise NotFound(f"The flow has no version {number}.")
    return found


def _found(flow: Flow | None) -> Flow:
    if flow is None:
        raise NotFound("There is no such flow.")
    return flow


def _refuse_stale(flow: Flow, version: int | None) -> None:
    if version is not None and version != flow.version:
        raise Conflict(
            f"Somebody saved version {flow.version} of this flow; you edited version {version}."
            " Load it again before you save.",
            code="stale_version",
        )


def _encode(number: int) -> str:
    return base64.urlsafe_b64encode(str(number).encode()).decode().rstrip("=")


def _decode(cursor: str) -> int:
    try:
        number = int(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as error:
        raise BadCursor("The cursor is not valid.") from error
    if not 0 < number < 2**31:
        raise BadCursor("The cursor is not valid.")
    return number
