"""API keys: making, showing and revoking them, and letting programs in by them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import FieldError, InvalidInput, NotAuthenticated, NotFound
from watchbill.features.identity import tokens
from watchbill.features.identity.identity import Identity
from watchbill.features.identity.keys import queries
from watchbill.features.identity.keys.schemas import KeyIn, KeyOut, NewKey
from watchbill.features.identity.permissions import GRANTS, PERSONAL, Permission, Role
from watchbill.features.identity.reach import FOR_FLOWS
from watchbill.features.identity.tables import ApiKey
from watchbill.features.identity.tenant_row import check_open
from watchbill.kit.clock import now
from watchbill.kit.database.paging import Page

PREFIX = "wb_"


async def create(session: AsyncSession, identity: Identity, form: KeyIn) -> NewKey:
    """Make a key that acts for whoever makes it. The key itself is shown this once.

    Raises:
        InvalidInput: it would be allowed more than its maker, names flows that there are not, or is over
            before it begins.
        Forbidden: a key is asking.
    """
    identity.sign_in  # noqa: B018 (keys must not make keys: revoking one would not be the end of it)
    await _check(session, identity, form)
    secret = tokens.random_token(PREFIX)
    row = ApiKey(
        id=uuid4(),
        tenant_id=identity.tenant_id,
        user_id=identity.user_id,
        name=form.name,
        key_hash=tokens.digest(secret),
        hint=f"{PREFIX}…{secret[-4:]}",
        scopes=sorted(set(form.scopes)),
        flow_ids=None if form.flow_ids is None else sorted(set(form.flow_ids)),
        expires_at=form.expires_at,
    )
    session.add(row)
    await session.flush()
    return NewKey(**KeyOut.model_validate(row).model_dump(), key=secret)


async def _check(session: AsyncSession, identity: Identity, form: KeyIn) -> None:
    allowed = identity.permissions - PERSONAL
    if form.flow_ids is not None:
        allowed &= FOR_FLOWS
    problems = [
        FieldError(
            ("body", "scopes", index), "not_grantable", f"This kind of key cannot have the scope {scope}."
        )
        for index, scope in enumerate(form.scopes)
        if scope not in allowed
    ]
    if form.expires_at is not None and form.expires_at <= now():
        problems.append(FieldError(("body", "expires_at"), "past", "Choose a time in the future."))
    known = await queries.known_flows(session, identity.scope, form.flow_ids or ())
    problems += [
        FieldError(("body", "flow_ids", index), "unknown_flow", "There is no such flow.")
        for index, flow_id in enumerate(form.flow_ids or ())
        if flow_id not in known
    ]
    if problems:
        raise InvalidInput(problems[0].message, errors=tuple(problems))


async def page(
    session: AsyncSession, identity: Identity, wanted: Page
) -> tuple[Sequence[ApiKey], str | None]:
    """One page of the tenant's keys and the next page's cursor."""
    return await queries.key_page(session, identity.tenant_id, wanted)


async def revoke(session: AsyncSession, identity: Identity, key_id: UUID) -> None:
    """End a key of the tenant at once.

    Raises:
        NotFound: there is none of that id.
    """
    key = await queries.lock_key(session, identity.tenant_id, key_id)
    if key is None:
        raise NotFound("There is no such key.")
    await session.delete(key)
    await session.flush()


async def authenticate(session: AsyncSession, token: str, *, kept: bool = False) -> Identity:
    """Whom a key stands for: its maker, with the scopes that their role still grants; `kept` as in
    queries.entry.

    Raises:
        NotAuthenticated: the key is unknown, revoked or over, or its maker was disabled.
        Forbidden: the tenant is suspended.
        Unavailable: the tenant's tables are not those of this version yet.
    """
    return _identity(await queries.key_entry(session, ApiKey.key_hash == tokens.digest(token), kept=kept))


async def authenticate_again(session: AsyncSession, key_id: UUID, *, kept: bool = False) -> Identity:
    """Whom a key stands for that was let in a while ago; `kept` as in queries.entry.

    Raises:
        NotAuthenticated, Forbidden, Unavailable: as authenticate does.
    """
    return _identity(await queries.key_entry(session, ApiKey.id == key_id, kept=kept))


def _identity(found: queries.KeyEntry | None) -> Identity:
    if found is None or found[1].status != "active":
        raise NotAuthenticated("This key is not valid: it is unknown or was revoked.", code="bad_key")
    key, _, tenant, membership = found
    if key.expires_at is not None and key.expires_at <= now():
        raise NotAuthenticated("This key has expired; make another.", code="key_expired")
    check_open(tenant.status, tenant.schema_revision)
    role = cast("Role", membership.role)
    scopes = cast("frozenset[Permission]", frozenset(key.scopes))
    return Identity(
        membership.user_id,
        tenant.id,
        role,
        GRANTS[role] & scopes,
        key_id=key.id,
        flow_ids=None if key.flow_ids is None else frozenset(key.flow_ids),
        last_used_at=key.last_used_at,
    )
