"""Triggers and notifications in a tenant's schema."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = postgresql.JSONB(astext_type=sa.Text())


def _identified(*, edited: bool = False) -> list[sa.Column]:
    names = ("created_at", "updated_at") if edited else ("created_at",)
    clock = sa.text("clock_timestamp()")
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        *(sa.Column(name, MOMENT, server_default=clock, nullable=False) for name in names),
    ]


def _reference(table: str, column: str, target: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=ondelete)


def _newest_first(name: str, table: str, *before: str) -> None:
    order = [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")]
    op.create_index(name, table, [*before, *order])


def upgrade() -> None:
    _triggers()
    _firings()
    _notifications()
    _deliveries()


def _triggers() -> None:
    op.create_table(
        "triggers",
        *_identified(edited=True),
        sa.Column("flow_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("version", sa.String(), nullable=True),
        sa.Column("inputs", JSON, nullable=True),
        sa.Column("config", JSON, nullable=False),
        sa.Column("resume_at", MOMENT, nullable=True),
        sa.Column("sealed_token", sa.String(), nullable=True),
        sa.Column("sealed_secret", sa.String(), nullable=True),
        sa.Column("previous_sealed_secret", sa.String(), nullable=True),
        sa.Column("previous_until", MOMENT, nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("kind IN ('schedule', 'webhook')", name=op.f("ck_triggers_kind")),
        _reference("triggers", "flow_id", "flows", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_triggers")),
    )
    op.create_index(op.f("ix_triggers_created_at_id"), "triggers", ["created_at", "id"])
    op.create_index(op.f("ix_triggers_flow_id"), "triggers", ["flow_id"])


def _firings() -> None:
    op.create_table(
        "trigger_firings",
        *_identified(),
        sa.Column("trigger_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=True),
        sa.Column("execution_id", sa.Uuid(), nullable=True),
        sa.Column("signature", sa.String(), nullable=True),
        sa.Column("request_key", sa.String(), nullable=True),
        sa.CheckConstraint(
            "cause IN ('schedule', 'webhook', 'manual')", name=op.f("ck_trigger_firings_cause")
        ),
        sa.CheckConstraint(
            "outcome IN ('started', 'queued', 'skipped', 'failed')", name=op.f("ck_trigger_firings_outcome")
        ),
        _reference("trigger_firings", "trigger_id", "triggers", "CASCADE"),
        _reference("trigger_firings", "execution_id", "executions", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trigger_firings")),
    )
    table = "trigger_firings"
    _newest_first("ix_trigger_firings_list", table, "trigger_id")
    waiting = sa.text("outcome = 'queued'")
    op.create_index("ix_trigger_firings_queue", table, ["trigger_id", "at"], postgresql_where=waiting)
    op.create_index(op.f("ix_trigger_firings_execution_id"), table, ["execution_id"])
    for column in ("signature", "request_key"):
        op.create_index(f"uq_trigger_firings_{column}", table, ["trigger_id", column], unique=True)


def _notifications() -> None:
    op.create_table(
        "notifications",
        *_identified(edited=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("flow_id", sa.Uuid(), nullable=True),
        sa.Column("statuses", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("recipients", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("sealed_secret", sa.String(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("channel IN ('webhook', 'email')", name=op.f("ck_notifications_channel")),
        _reference("notifications", "flow_id", "flows", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
    )
    op.create_index(op.f("ix_notifications_created_at_id"), "notifications", ["created_at", "id"])
    op.create_index(op.f("ix_notifications_flow_id"), "notifications", ["flow_id"])


def _deliveries() -> None:
    table = "notification_deliveries"
    op.create_table(
        table,
        *_identified(),
        sa.Column("notification_id", sa.Uuid(), nullable=False),
        sa.Column("execution_id", sa.Uuid(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("status", sa.String(), server_default="pending", nullable=False),
        sa.Column("attempts", JSON, server_default="[]", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", MOMENT, nullable=True),
        sa.CheckConstraint("status IN ('pending', 'delivered', 'failed')", name=op.f(f"ck_{table}_status")),
        _reference(table, "notification_id", "notifications", "CASCADE"),
        _reference(table, "execution_id", "executions", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint(
            "notification_id",
            "execution_id",
            "recipient",
            name=op.f(f"uq_{table}_notification_id_execution_id_recipient"),
        ),
    )
    _newest_first("ix_notification_deliveries_list", table)
    op.create_index(op.f(f"ix_{table}_execution_id"), table, ["execution_id"])


def downgrade() -> None:
    for table in ("notification_deliveries", "notifications", "trigger_firings", "triggers"):
        op.drop_table(table)
