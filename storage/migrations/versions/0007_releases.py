"""The register of tables that were shown."""

from alembic import op
from sqlalchemy import Column, LargeBinary

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "releases",
        Column("id", LargeBinary(16), primary_key=True),
        Column("shown", LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    raise NotImplementedError("go back by restoring a backup made before the update")
