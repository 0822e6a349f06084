"""What is counted waits in rows of its own until there is enough of it; and people are counted."""

from alembic import op
from sqlalchemy import Column, LargeBinary, String

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "pending_counts",
        Column("id", LargeBinary(16), primary_key=True),
        Column("box", LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "people",
        Column("tag", LargeBinary(16), primary_key=True),
        Column("month", String(7), nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    raise NotImplementedError("go back by restoring a backup made before the update")
