"""The audit trail."""

from alembic import op
from sqlalchemy import Column, Integer, LargeBinary

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "audit",
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("day", Integer, nullable=False, index=True),
        Column("box", LargeBinary, nullable=False),
        Column("link", LargeBinary(16), nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    raise NotImplementedError("go back by restoring a backup made before the update")
