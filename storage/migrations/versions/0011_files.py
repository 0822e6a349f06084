"""Files that a requester was asked for."""

from alembic import op
from sqlalchemy import Column, Integer, LargeBinary

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "files",
        Column("case_id", LargeBinary(16), primary_key=True),
        Column("sequence", Integer, primary_key=True, autoincrement=False),
        Column("day", Integer, nullable=False, index=True),
        Column("head", LargeBinary, nullable=False),
        Column("mac", LargeBinary(16), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "file_blocks",
        Column("case_id", LargeBinary(16), primary_key=True),
        Column("sequence", Integer, primary_key=True, autoincrement=False),
        Column("position", Integer, primary_key=True, autoincrement=False),
        Column("box", LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    raise NotImplementedError("go back by restoring a backup made before the update")
