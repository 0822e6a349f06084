"""Files that an operator sends to a requester: whose file each is, and what opens those that wait for a code."""

from alembic import op
from sqlalchemy import Column, Integer, LargeBinary, String

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("files", Column("author", String(12), nullable=True))
    op.create_table(
        "handouts",
        Column("case_id", LargeBinary(16), primary_key=True),
        Column("sequence", Integer, primary_key=True, autoincrement=False),
        Column("reply", LargeBinary(16), nullable=False),
        Column("code_tag", LargeBinary(16), nullable=True, unique=True),
        Column("head", LargeBinary, nullable=False),
        Column("mac", LargeBinary(16), nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    raise NotImplementedError("go back by restoring a backup made before the update")
