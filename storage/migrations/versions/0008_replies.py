"""How each reply stands, and a list of what was given up."""

from alembic import op
from sqlalchemy import Column, Integer, LargeBinary

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "replies",
        Column("id", LargeBinary(16), primary_key=True),
        Column("case_id", LargeBinary(16), nullable=False, index=True),
        Column("day", Integer, nullable=False, index=True),
        Column("state", LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "undelivered",
        Column("id", LargeBinary(16), primary_key=True),
        Column("day", Integer, nullable=False, index=True),
        Column("about", LargeBinary(16), nullable=False, index=True),
        Column("entry", LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    raise NotImplementedError("go back by restoring a backup made before the update")
