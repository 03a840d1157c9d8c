"""Every table of the system: importing this fills the metadata that migrations and tenants are made of."""

from watchbill.features.agents import tables as agents
from watchbill.features.approvals import tables as approvals
from watchbill.features.audit import tables as audit
from watchbill.features.executions import tables as executions
from watchbill.features.flows import tables as flows
from watchbill.features.identity import tables as identity
from watchbill.features.notifications import tables as notifications
from watchbill.features.providers import tables as providers
from watchbill.features.sso import tables as sso
from watchbill.features.tenants import tables as tenants
from watchbill.features.tools import tables as tools
from watchbill.features.triggers import tables as triggers
from watchbill.kit.database.tables import PublicTable, TenantTable
from watchbill.kit.due_work import table as due_work

MODULES = (
    identity,
    providers,
    tools,
    agents,
    flows,
    executions,
    triggers,
    notifications,
    approvals,
    audit,
    tenants,
    sso,
    due_work,
)
PUBLIC_TABLES = PublicTable.metadata
TENANT_TABLES = TenantTable.metadata
