"""Word to the sender of what other processes have written."""

from alembic import op
from sqlalchemy import Column, LargeBinary, String

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "rings",
        Column("id", LargeBinary(16), primary_key=True),
        Column("kind", String(8), nullable=False),
        Column("row", LargeBinary(16), nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    raise NotImplementedError("go back by restoring a backup made before the update")
