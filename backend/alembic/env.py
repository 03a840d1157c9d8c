"""Runs the migrations of one branch on one schema; watchbill.kit.migrations says which."""

from alembic import context
from sqlalchemy import Connection

from watchbill.kit.tables import PublicTable, TenantTable

attributes = context.config.attributes
connection: Connection = attributes["connection"]
public = attributes["branch"] == "public"

context.configure(
    connection=connection,
    target_metadata=(PublicTable if public else TenantTable).metadata,
    version_table_schema=attributes["schema"],
    compare_type=True,
    compare_server_default=False,
    include_name=lambda name, kind, _parents: not (kind == "table" and name == "alembic_version"),
)
with context.begin_transaction():
    context.run_migrations()
