"""The first tables. What each column is for stands in `storage.schema`; here only what they were made of."""

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, String

revision = "0001"
down_revision = None


def upgrade() -> None:
    _table(
        "meta",
        Column("name", String(32), primary_key=True),
        Column("value", LargeBinary, nullable=False),
    )
    _table(
        "drafts",
        Column("account", LargeBinary(16), primary_key=True),
        Column("state", LargeBinary, nullable=False),
    )
    _table(
        "locks",
        Column("case_id", LargeBinary(16), primary_key=True),
        Column("public_key", LargeBinary(32), nullable=False),
        Column("slots", LargeBinary, nullable=False),
        Column("mac", LargeBinary(16), nullable=False),
    )
    _table(
        "blocks",
        Column("case_id", LargeBinary(16), primary_key=True),
        Column("position", Integer, primary_key=True, autoincrement=False),
        Column("box", LargeBinary, nullable=False),
        Column("mac", LargeBinary(16), nullable=False),
    )
    _table(
        "cases",
        Column("case_id", LargeBinary(16), primary_key=True),
        Column("reference", String(9), nullable=False, unique=True),
        Column("status", String(8), nullable=False, index=True),
        Column("holder", String(16), nullable=True, index=True),
        Column("account", LargeBinary(16), nullable=True, unique=True),
        Column("code_tag", LargeBinary(16), nullable=True, unique=True),
        Column("code_key", LargeBinary(32), nullable=True),
        Column("facts", LargeBinary, nullable=False),
        Column("contact", LargeBinary, nullable=True),
        Column("received_day", Integer, nullable=False),
        Column("closed_day", Integer, nullable=True, index=True),
        Column("outcome", String(16), nullable=True),
    )
    _table(
        "thread",
        Column("case_id", LargeBinary(16), primary_key=True),
        Column("sequence", Integer, primary_key=True, autoincrement=False),
        Column("author", String(12), nullable=False),
        Column("day", Integer, nullable=False),
        Column("box", LargeBinary, nullable=False),
        Column("mac", LargeBinary(16), nullable=False),
        Column("code_box", LargeBinary, nullable=True),
    )
    _table(
        "outbox",
        Column("id", LargeBinary(16), primary_key=True),
        Column("due_day", Integer, nullable=False, index=True),
        Column("job", LargeBinary, nullable=False),
    )
    _table(
        "traces",
        Column("id", LargeBinary(16), primary_key=True),
        Column("chat", LargeBinary(16), nullable=False, index=True),
        Column("due_day", Integer, nullable=False, index=True),
        Column("message", LargeBinary, nullable=False),
    )
    _table(
        "staff",
        Column("id", String(16), primary_key=True),
        Column("name", String(32), nullable=False, unique=True),
        Column("role", String(8), nullable=False),
        Column("account", LargeBinary(16), nullable=True, unique=True),
        Column("chat", LargeBinary, nullable=True),
        Column("public_key", LargeBinary(32), nullable=True, unique=True),
        Column("confirmed", Boolean, nullable=False),
    )
    _table(
        "invites",
        Column("token", LargeBinary(16), primary_key=True),
        Column("role", String(8), nullable=False),
        # PostgreSQL's smaller integers end in 2038.
        Column("expires_at", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
    )
    _table(
        "tallies",
        Column("month", String(7), primary_key=True),
        Column("name", String(32), primary_key=True),
        Column("count", LargeBinary, nullable=False),
    )
    _table(
        "combinations",
        Column("combination", LargeBinary(16), primary_key=True),
        Column("day", Integer, primary_key=True, autoincrement=False),
        Column("count", Integer, nullable=False),
    )
    _table(
        "handled",
        Column("update_tag", LargeBinary(16), primary_key=True),
        Column("day", Integer, nullable=False, index=True),
    )


def downgrade() -> None:
    raise NotImplementedError("go back by restoring a backup made before the update")


def _table(name: str, *columns: Column[object]) -> None:
    op.create_table(name, *columns, sqlite_with_rowid=False)
