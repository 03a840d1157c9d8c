"""Runs or compares one branch of migrations on one schema; watchbill.kit.database.migrations says which."""

from sqlalchemy import BLANK_SCHEMA, Connection, MetaData, text

from alembic import context
from watchbill.kit.database.tables import PublicTable, TenantTable

attributes = context.config.attributes
connection: Connection = attributes["connection"]
schema: str = attributes["schema"]


def unqualified(metadata: MetaData) -> MetaData:
    """The same tables without the schema's name, which the search_path supplies here."""
    copy = MetaData(naming_convention=metadata.naming_convention)
    for table in metadata.sorted_tables:
        table.to_metadata(copy, schema=None, referred_schema_fn=lambda *_: BLANK_SCHEMA)
    return copy


connection.execute(text("SELECT set_config('search_path', :schema, true)"), {"schema": schema})
tables = (PublicTable if attributes["branch"] == "public" else TenantTable).metadata
context.configure(
    connection=connection,
    target_metadata=unqualified(tables),
    version_table_schema=schema,
    include_name=lambda name, kind, _parents: not (kind == "table" and name == "alembic_version"),
    compare_type=True,
    compare_server_default=False,
)
with context.begin_transaction():
    context.run_migrations()
