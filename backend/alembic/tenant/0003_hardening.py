"""Limits, audit and the life of tenants in a tenant's schema."""

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
