"""Every table, to be read in five minutes. Alembic's migrations lead here; a test proves it.

A BLOB marked *wrapped* can be read with the server key only (`storage.vault`); one marked *sealed* by the case's
recipients only (`storage.sealing`). Times in the clear are days (days since 1970, UTC): nobody who steals the file
learns the hour. Primary keys are random or keyed hashes and the tables have no row numbers, so that neither the
order of rows nor their ids tell who came first.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table

metadata = MetaData()
SECONDS = BigInteger().with_variant(Integer, "sqlite")
"""Unix seconds. PostgreSQL's smaller integers end in 2038; SQLite's have room."""


def _table(name: str, *parts: Column[object] | Index) -> Table:
    return Table(name, metadata, *parts, sqlite_with_rowid=False)


# One row a value: the wrapped hash keys, the pause notice, the instant of the next batch of cards, the public words
# of each questionnaire that was answered.
meta = _table(
    "meta",
    Column("name", String(32), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

# A conversation in progress, one for each account that has one.
drafts = _table(
    "drafts",
    Column("account", LargeBinary(16), primary_key=True),  # keyed hash of the account's id
    Column("state", LargeBinary, nullable=False),  # wrapped, one size: the draft, the chat, its screen
)

# A case's lock. Made at consent; erasing the row makes everything sealed to the case unreadable.
locks = _table(
    "locks",
    Column("case_id", LargeBinary(16), primary_key=True),
    Column("public_key", LargeBinary(32), nullable=False),
    Column("slots", LargeBinary, nullable=False),  # the private half, sealed to each recipient
    Column("mac", LargeBinary(16), nullable=False),  # keyed; notices swapped keys and slots
)

# What the requester answered: the same number of boxes of the same size for every case of a questionnaire.
blocks = _table(
    "blocks",
    Column("case_id", LargeBinary(16), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("box", LargeBinary, nullable=False),  # sealed, one size
    Column("mac", LargeBinary(16), nullable=False),
)

# What was sent. A draft becomes a case; its lock and blocks go on.
cases = _table(
    "cases",
    Column("case_id", LargeBinary(16), primary_key=True),
    Column("reference", String(9), nullable=False, unique=True),
    Column("status", String(8), nullable=False),
    Column("holder", String(16), nullable=True, index=True),  # staff.id
    Column(
        "account", LargeBinary(16), nullable=True, unique=True
    ),  # only while open and answered in the chat
    Column("code_tag", LargeBinary(16), nullable=True, unique=True),  # only with a return code
    Column("code_key", LargeBinary(32), nullable=True),
    Column("facts", LargeBinary, nullable=False),  # wrapped, one size: level, hour, summary
    Column("contact", LargeBinary, nullable=True),  # wrapped: chat, language; gone when the case closes
    Column("received_day", Integer, nullable=False, index=True),
    Column("closed_day", Integer, nullable=True, index=True),
    Column("outcome", String(16), nullable=True),
    Column(
        "version", SECONDS, nullable=False, server_default="0"
    ),  # random, another with each change; no time
    Index("ix_cases_versions", "status", "case_id", "version"),  # the queue finds by it what has changed
)

# What was written after the request was sent, by either side.
thread = _table(
    "thread",
    Column("case_id", LargeBinary(16), primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("author", String(12), nullable=False),  # requester or organisation; nobody: see `thread.forget`
    Column("day", Integer, nullable=False, index=True),
    Column("box", LargeBinary, nullable=False),  # sealed to the case, one size
    Column("mac", LargeBinary(16), nullable=False),
    Column("code_box", LargeBinary, nullable=True),  # a reply, sealed to the return code
)

# Files of a case, sealed to it in blocks of one size; how many says about how large it is.
files = _table(
    "files",
    Column("case_id", LargeBinary(16), primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),  # random
    Column("day", Integer, nullable=False, index=True),
    Column("head", LargeBinary, nullable=False),  # sealed to the case: the file's own key, its size and kind
    Column("mac", LargeBinary(16), nullable=False),  # over head and blocks
    Column("author", String(12), nullable=True),  # requester or organisation; in old rows nothing: requester
)
file_blocks = _table(
    "file_blocks",
    Column("case_id", LargeBinary(16), primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("box", LargeBinary, nullable=False),  # encrypted with the file's own key, one size
)

# Of a file that waits for its requester: what opens it, sealed to their return code, or to a code of its own.
handouts = _table(
    "handouts",
    Column("case_id", LargeBinary(16), primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),  # of the file
    Column("reply", LargeBinary(16), nullable=False),  # replies.id
    Column("code_tag", LargeBinary(16), nullable=True, unique=True),  # keyed hash of a code of its own
    Column("head", LargeBinary, nullable=False),  # sealed to the code, one size
    Column("mac", LargeBinary(16), nullable=False),
)

# How each reply stands. What it says lies in `thread`. The id stands in the button under the requester's message.
replies = _table(
    "replies",
    Column("id", LargeBinary(16), primary_key=True),  # random
    Column("case_id", LargeBinary(16), nullable=False, index=True),
    Column("day", Integer, nullable=False, index=True),
    Column("state", LargeBinary, nullable=False),  # wrapped, one size: state, hour, the holder's message
)

# What was given up for good. A list for admins, without any requester.
undelivered = _table(
    "undelivered",
    Column("id", LargeBinary(16), primary_key=True),  # of a reply its id, otherwise random
    Column("day", Integer, nullable=False, index=True),
    Column("about", LargeBinary(16), nullable=False, index=True),  # keyed hash of the case, or of none
    Column("entry", LargeBinary, nullable=False),  # wrapped, one size: kind, why, hour, reference
)

# What Telegram is still owed. Written in the transaction of the fact that owes it.
outbox = _table(
    "outbox",
    Column("id", LargeBinary(16), primary_key=True),
    Column("due_day", Integer, nullable=False, index=True),
    Column(
        "about", LargeBinary(16), nullable=True, index=True
    ),  # keyed hash of the case; in old rows nothing
    Column("job", LargeBinary, nullable=False),  # wrapped: what, where, when exactly, how often tried
)

# Messages in requesters' chats that must be deleted. Not tied to a case.
traces = _table(
    "traces",
    Column("id", LargeBinary(16), primary_key=True),
    Column("chat", LargeBinary(16), nullable=False, index=True),  # keyed hash
    Column("due_day", Integer, nullable=False, index=True),
    Column("message", LargeBinary, nullable=False),  # wrapped, one size: chat, message, due second
)

# Rows of outbox, traces and drafts that a process without the sender has written; gone as soon as it has noticed them.
rings = _table(
    "rings",
    Column("id", LargeBinary(16), primary_key=True),  # random
    Column("kind", String(8), nullable=False),
    Column("row", LargeBinary(16), nullable=False),  # primary key of the row
)

# Operators, leads and admins. A row without an account was added from the shell, for its key alone.
staff = _table(
    "staff",
    Column("id", String(16), primary_key=True),
    Column("name", String(32), nullable=False, unique=True),  # pseudonym
    Column("role", String(8), nullable=False),
    Column("account", LargeBinary(16), nullable=True, unique=True),
    Column("chat", LargeBinary, nullable=True),  # wrapped: chat, language
    Column("public_key", LargeBinary(32), nullable=True, unique=True),
    Column("confirmed", Boolean, nullable=False),  # an admin compared the key's words
    Column("on_duty", LargeBinary, nullable=True),  # wrapped, one size: until when; nothing: off duty
)

# Invitations: one use, expiring, stored as a keyed hash.
invites = _table(
    "invites",
    Column("token", LargeBinary(16), primary_key=True),
    Column("role", String(8), nullable=False),
    Column("expires_at", SECONDS, nullable=False),  # Unix seconds; tells about staff, not requesters
)

# Accounts from which nothing is taken until a day comes, or an admin lifts it.
blocked = _table(
    "blocked",
    Column("account", LargeBinary(16), primary_key=True),  # keyed hash of the account's id
    Column("until_day", Integer, nullable=False, index=True),
    Column("source", LargeBinary, nullable=False),  # wrapped, one size: reference of the case that led to it
)

# Monthly counts. They outlive the cases.
tallies = _table(
    "tallies",
    Column("month", String(7), primary_key=True),
    Column("name", String(32), primary_key=True),  # empty; in old rows the name of a single count
    Column("count", LargeBinary, nullable=False),  # wrapped, one size: all counts of the month
)

# What has happened and is not in its month's counts yet: see `storage.tallies`.
pending_counts = _table(
    "pending_counts",
    Column("id", LargeBinary(16), primary_key=True),  # random
    Column("box", LargeBinary, nullable=False),  # wrapped, one size: the month, and what it counts as
)

# Who has sent a request this month, so that people can be counted. Gone with the month, and so is the key.
people = _table(
    "people",
    Column("tag", LargeBinary(16), primary_key=True),  # hash of the account under the month's own key
    Column("month", String(7), nullable=False),
)

# Every table that was shown, for as long as there are counts: what is shown later must not give away what it hid.
releases = _table(
    "releases",
    Column(
        "id", LargeBinary(16), primary_key=True
    ),  # keyed hash of what was shown: the same table is kept once
    Column("shown", LargeBinary, nullable=False),  # wrapped, in steps of 4 KiB: question, periods, numbers
)

# How many recent requests share a combination of summary values: keyed hashes, no rows of people.
combinations = _table(
    "combinations",
    Column("combination", LargeBinary(16), primary_key=True),  # first, so that one is found without a scan
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("count", Integer, nullable=False),
)

# Updates already dealt with, so that one that comes twice changes nothing. Forgotten after two days.
handled = _table(
    "handled",
    Column("update_tag", LargeBinary(16), primary_key=True),
    Column("day", Integer, nullable=False, index=True),
)

# Who did what, to which case, in which hour: `storage.audit`. Rows are added, never changed. Their order and their
# number a day can be told from the file: how busy the staff was, as `cases.received_day` tells how many wrote.
audit = _table(
    "audit",
    Column("number", Integer, primary_key=True, autoincrement=False),  # 1, 2, 3 …
    Column("day", Integer, nullable=False, index=True),
    Column("box", LargeBinary, nullable=False),  # wrapped, one size: hour, event, member, the case's id
    Column("link", LargeBinary(16), nullable=False),  # keyed hash over this row and the link before it
)
