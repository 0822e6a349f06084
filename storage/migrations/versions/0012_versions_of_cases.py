"""What the queue finds changed cases by."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    kind = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.add_column("cases", sa.Column("version", kind, nullable=False, server_default="0"))
    op.drop_index("ix_cases_status", table_name="cases")
    op.create_index("ix_cases_versions", "cases", ["status", "case_id", "version"])


def downgrade() -> None:
    raise NotImplementedError("go back by restoring a backup made before the update")
