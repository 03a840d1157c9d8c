"""Control of executions: pausing, waiting, limits and snapshots in the public schema."""

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
