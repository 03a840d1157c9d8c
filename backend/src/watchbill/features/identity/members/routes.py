"""/members, /invitations, and accepting an invitation."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Request, Response

from watchbill.core.errors import Forbidden, NotAuthenticated
from watchbill.features.identity import passwords, service
from watchbill.features.identity.access import Access, WorkDep, access_token, require
from watchbill.features.identity.cookies import begin_session
from watchbill.features.identity.members import invitations
from watchbill.features.identity.members import service as members
from watchbill.features.identity.members.schemas import (
    Acceptance,
    InvitationDetails,
    InvitationIn,
    InvitationOut,
    InvitationToken,
    MemberOut,
    RoleChange,
    SentInvitation,
)
from watchbill.features.identity.routes import Db, From, Mailing, Options, OurSite, Self, Throttling
from watchbill.features.identity.schemas import Session
from watchbill.kit.database.paging import Listed, PageQuery
from watchbill.kit.requests.bodies import BodyRoute

router = APIRouter(route_class=BodyRoute)
people = APIRouter(prefix="/members", tags=["members"], route_class=BodyRoute)
invited = APIRouter(prefix="/invitations", tags=["members"], route_class=BodyRoute)
accepting = APIRouter(prefix="/auth/invitation", tags=["auth"], route_class=BodyRoute)
Reader = Annotated[Access, require("members:read")]
Writer = Annotated[Access, require("members:write")]


@people.get("")
async def list_members(access: Reader, page: PageQuery) -> Listed[MemberOut]:
    """Who belongs to the tenant, newest first; `q` looks into names and addresses."""
    items, cursor = await members.page(access.session, access.identity, page)
    return Listed(items=items, next_cursor=cursor)


@people.delete("/me", status_code=204)
async def leave(access: Self) -> None:
    """Leave the tenant. Your sessions move to another one of your tenants, if there is one. What you made
    stays and goes on; your API keys end."""
    access.identity.sign_in  # noqa: B018 (a key does not leave)
    await members.remove(access.session, access.identity, access.identity.user_id)


@people.patch("/{user_id}")
async def change_role(user_id: UUID, form: RoleChange, access: Writer) -> MemberOut:
    """Give a member another role."""
    return await members.change_role(access.session, access.identity, user_id, form.role)


@invited.get("")
async def list_invitations(access: Reader, page: PageQuery) -> Listed[InvitationOut]:
    """Who is invited, newest first; `q` looks into addresses."""
    rows, cursor = await invitations.page(access.session, access.identity, page)
    return Listed(items=[InvitationOut.model_validate(row) for row in rows], next_cursor=cursor)


@invited.post("", status_code=201)
async def invite(form: InvitationIn, access: Writer, options: Options, mail: Mailing) -> SentInvitation:
    """Invite somebody by mail."""
    return await invitations.invite(access.session, options, mail, access.identity, form)


@invited.post("/{invitation_id}/resend")
async def resend(invitation_id: UUID, access: Writer, options: Options, mail: Mailing) -> SentInvitation:
    """Send an invitation again, with a new link."""
    return await invitations.resend(access.session, options, mail, access.identity, invitation_id)


@invited.delete("/{invitation_id}", status_code=204)
async def revoke(invitation_id: UUID, access: Writer) -> None:
    """Take an invitation back."""
    await invitations.revoke(access.session, access.identity, invitation_id)


@accepting.post("", dependencies=[OurSite])
async def describe(form: InvitationToken, work: WorkDep) -> InvitationDetails:
    """Show the invitation that a link is for."""
    return await invitations.describe(work.session, form.token)


@accepting.post("/accept", dependencies=[OurSite])
async def accept(
    form: Acceptance,
    request: Request,
    response: Response,
    work: WorkDep,
    options: Options,
    device: From,
    throttle: Throttling,
    mail: Mailing,
    db: Db,
    later: BackgroundTasks,
) -> Session:
    """Accept an invitation and switch to that tenant."""
    try:
        identity = await service.authenticate(work.session, options, access_token(request))
        asking = await service.demand_own_sign_in(work.session, identity)
    except (NotAuthenticated, Forbidden):
        # Then the password says who it is.
        asking = None
    begun = await invitations.accept(work.session, options, throttle, form, device, asking)
    if options.verify_email and begun.session.user.email_verified_at is None:
        later.add_task(passwords.mail_verification, db, options, mail, begun.session.user.id)
    return begin_session(response, options, begun)


for each in (people, invited, accepting):
    router.include_router(each)
