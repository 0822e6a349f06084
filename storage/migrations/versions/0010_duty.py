"""Until when each of the staff is on duty."""

from alembic import op
from sqlalchemy import Column, LargeBinary

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("staff", Column("on_duty", LargeBinary, nullable=True))


def downgrade() -> None:
    raise NotImplementedError("go back by restoring a backup made before the update")
