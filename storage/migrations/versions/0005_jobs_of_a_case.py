"""The jobs of one case are found without opening every job."""

from alembic import op
from sqlalchemy import Column, Integer, LargeBinary

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.add_column("outbox", Column("about", LargeBinary(16), nullable=True))
        op.create_index("ix_outbox_about", "outbox", ["about"])
        return
    # Made anew: SQLite puts an added column behind everything, and the table would not be what the schema says.
    op.drop_index("ix_outbox_due_day", "outbox")
    op.rename_table("outbox", "outbox_before")
    op.create_table(
        "outbox",
        Column("id", LargeBinary(16), primary_key=True),
        Column("due_day", Integer, nullable=False, index=True),
        Column("about", LargeBinary(16), nullable=True, index=True),
        Column("job", LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO outbox (id, due_day, job) SELECT id, due_day, job FROM outbox_before")
    op.drop_table("outbox_before")


def downgrade() -> None:
    raise NotImplementedError("go back by restoring a backup made before the update")
