"""What a tenant's admins set for it: how much runs at a time, and how long things are kept."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import NotFound
from watchbill.core.tenancy import TenantDefaults
from watchbill.features.tenants import queries
from watchbill.features.tenants.schemas import SettingsForm, SettingsOut
from watchbill.features.tenants.tables import TenantSetting


async def read(session: AsyncSession, tenant_id: UUID, defaults: TenantDefaults) -> SettingsOut:
    """What is set, and what holds without."""
    setting = await queries.setting(session, tenant_id)
    limit = await queries.limit(session, tenant_id)
    allowed = defaults.running if limit is None or limit.running is None else limit.running
    return SettingsOut(
        max_running=setting and setting.max_running,
        keep_executions_days=setting and setting.keep_executions_days,
        keep_logs_days=setting and setting.keep_logs_days,
        defaults=defaults.model_copy(update={"running": allowed}),
    )


async def change(
    session: AsyncSession, tenant_id: UUID, form: SettingsForm, defaults: TenantDefaults
) -> SettingsOut:
    """Set all of it, and let the clean-up look soon.

    Raises:
        NotFound: the tenant was deleted a moment ago.
    """
    # The row may not be there yet; two that make it at once wait for each other here.
    if not await queries.hold(session, tenant_id):
        raise NotFound("There is no such tenant.")
    setting = await queries.setting(session, tenant_id) or TenantSetting(tenant_id=tenant_id)
    setting.max_running = form.max_running
    setting.keep_executions_days = form.keep_executions_days
    setting.keep_logs_days = form.keep_logs_days
    session.add(setting)
    await session.flush()
    await queries.clean_soon(session, tenant_id)
    return await read(session, tenant_id, defaults)
