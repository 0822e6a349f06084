"""What the purge looks for is found without reading every row."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_index("ix_cases_received_day", "cases", ["received_day"])
    op.create_index("ix_thread_day", "thread", ["day"])


def downgrade() -> None:
    raise NotImplementedError("go back by restoring a backup made before the update")
