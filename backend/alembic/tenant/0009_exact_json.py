"""JSON of people and their runs is kept as it was written: JSONB sorts keys."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

COLUMNS = {
    "agents": ["config"],
    "approvals": ["fields", "mails", "answer"],
    "crews": ["tasks", "config"],
    "documents": ["body"],
    "execution_events": ["data"],
    "execution_snapshots": ["state"],
    "executions": ["inputs", "outputs", "error", "usage"],
    "flow_versions": ["definition"],
    "flows": ["definition"],
    "llm_providers": ["config"],
    "notification_deliveries": ["attempts"],
    "plans": ["definition"],
    "triggers": ["inputs", "config"],
}


def upgrade() -> None:
    _change("json")


def downgrade() -> None:
    _change("jsonb")


def _change(to: str) -> None:
    for table, columns in COLUMNS.items():
        changes = [f"ALTER COLUMN {column} TYPE {to} USING {column}::{to}" for column in columns]
        op.execute(f"ALTER TABLE {table} {', '.join(changes)}")
