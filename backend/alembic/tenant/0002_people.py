"""Nothing of a tenant's schema changed when invitations and API keys came: they are public."""

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
