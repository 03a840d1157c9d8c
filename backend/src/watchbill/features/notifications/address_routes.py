"""/mail-addresses: addresses outside the tenant that notifications may go to, and how they agree."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Request

from watchbill.core.errors import NotFound
from watchbill.features.identity.access import Access, WorkDep, identity_options, require
from watchbill.features.identity.mails import deliver
from watchbill.features.identity.tables import Tenant
from watchbill.features.identity.tenant_row import check_open
from watchbill.features.notifications import addresses
from watchbill.features.notifications.routes import Ports, Reader, Writer
from watchbill.features.notifications.schemas import AddressLink, ConfirmedAddress, MailAddressOut
from watchbill.kit.audit import trail_of
from watchbill.kit.clock import now
from watchbill.kit.database.paging import Listed, PageQuery
from watchbill.kit.requests.bodies import BodyRoute

router = APIRouter(prefix="/mail-addresses", tags=["notifications"], route_class=BodyRoute)
Admin = Annotated[Access, require("tenant:write")]


@router.get("")
async def list_mail_addresses(access: Reader, page: PageQuery) -> Listed[MailAddressOut]:
    """Addresses outside the tenant that were asked whether they want notifications, newest first; `q`
    searches them."""
    rows, cursor = await addresses.page(access.session, page)
    return Listed(items=[MailAddressOut.model_validate(row) for row in rows], next_cursor=cursor)


@router.post("/{address_id}/ask-again")
async def ask_mail_address_again(
    address_id: UUID, access: Writer, ports: Ports, later: BackgroundTasks
) -> MailAddressOut:
    """Send the mail that asks for agreement again, at most once a day."""
    row, message = await addresses.ask_again(access.session, access.scope, ports.addresses, address_id)
    later.add_task(deliver, ports.mail, message)
    return MailAddressOut.model_validate(row)


@router.delete("/{address_id}", status_code=204)
async def remove_mail_address(address_id: UUID, access: Admin) -> None:
    """Stop writing to an address. If a notification still names it, it is asked again."""
    await access.session.delete(await addresses.get(access.session, address_id, lock=True))
    await access.session.flush()


@router.post("/confirm")
async def confirm_mail_address(form: AddressLink, request: Request, work: WorkDep) -> ConfirmedAddress:
    """Agree to get notifications, by the link in a mail."""
    secret = (await identity_options(request)).jwt_secret
    scope, id_ = addresses.read(secret, form.token, now())
    tenant = await work.session.get(Tenant, scope.tenant_id)
    if tenant is None:
        raise NotFound("This tenant no longer exists.", code="link_invalid")
    check_open(tenant.status, tenant.schema_revision)
    name = tenant.name
    await work.enter(scope)
    if trail := trail_of(work.session):
        # Nobody is signed in: whoever has the link agrees for the address.
        trail.tenant_id = scope.tenant_id
    row = await addresses.confirm(work.session, id_, now())
    return ConfirmedAddress(address=row.address, tenant_name=name)
