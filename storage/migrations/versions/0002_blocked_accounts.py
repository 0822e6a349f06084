"""Accounts that are blocked for some time."""

from alembic import op
from sqlalchemy import Column, Integer, LargeBinary

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "blocked",
        Column("account", LargeBinary(16), primary_key=True),
        Column("until_day", Integer, nullable=False, index=True),
        Column("source", LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    raise NotImplementedError("go back by restoring a backup made before the update")
