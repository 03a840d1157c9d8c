"""/mailed-approvals: a question as the link in a mail shows it, and the answer given there. The link is the
only credential: it is good for one person, one question, and one answer."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request

from watchbill.core.errors import Forbidden
from watchbill.core.tenancy import TenantScope
from watchbill.features.approvals import links, service
from watchbill.features.approvals.links import AnswerLink
from watchbill.features.approvals.schemas import MailedAnswer, MailedApproval, MailedLink
from watchbill.features.approvals.service import Asked
from watchbill.features.executions.ports import ExecutionPorts, ports_of
from watchbill.features.identity import queries as people
from watchbill.features.identity.access import WorkDep, identity_options
from watchbill.features.identity.permissions import Permission, Role
from watchbill.features.identity.tenant_row import check_open
from watchbill.kit.audit import trail_of
from watchbill.kit.clock import now
from watchbill.kit.database.transactions import Work
from watchbill.kit.requests.bodies import BodyRoute

router = APIRouter(prefix="/mailed-approvals", tags=["approvals"], route_class=BodyRoute)


@router.post("")
async def show_mailed_approval(form: MailedLink, request: Request, work: WorkDep) -> MailedApproval:
    """Show the question of a mailed link. It does not answer the question. It is a POST so that the link's
    token is in no address and in no log."""
    _, asked, email = await _enter(request, work, form.token, "executions:read")
    return MailedApproval(**asked.shown().model_dump(exclude={"answer"}), email=email)


@router.post("/answer", status_code=204)
async def answer_mailed_approval(
    form: MailedAnswer,
    request: Request,
    work: WorkDep,
    ports: Annotated[ExecutionPorts, Depends(ports_of)],
) -> None:
    """Answer as the person who got the mail; the execution goes on at once. The first answer counts, and
    after it no link to the question works."""
    link, asked, _ = await _enter(request, work, form.token, "executions:write")
    await service.answer(work, TenantScope(link.tenant_id), ports, asked, link.user_id, form)


async def _enter(
    request: Request, work: Work, token: str, permission: Permission
) -> tuple[AnswerLink, Asked, str]:
    """The question, for nobody else to answer meanwhile, and whom the link was mailed to.

    Raises:
        NotFound: the link is not ours, or the question is gone or is asked anew.
        Forbidden: its time is over, the person may not answer (any more), or the tenant is suspended.
        Conflict: the question is closed.
    """
    link = links.read((await identity_options(request)).jwt_secret, token, now())
    found = await people.belonging(work.session, link.user_id, link.tenant_id)
    if found is None or found[0].status != "active":
        text = "The person who got this mail no longer belongs to the tenant."
        raise Forbidden(text, code="access_ended")
    user, tenant, membership = found
    if trail := trail_of(work.session):
        trail.by(tenant.id, user.id, None, permission)
    check_open(tenant.status, tenant.schema_revision)
    await work.enter(TenantScope(tenant.id))
    asked = await service.find(work.session, link.approval_id, lock=True)
    if asked.approval.created_at != link.asked_at:
        text = "The question was asked again after this mail. Answer it from the newer mail or in your inbox."
        raise Forbidden(text, code="link_expired")
    asked.demand(cast("Role", membership.role))
    return link, asked, user.email
