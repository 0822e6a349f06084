"""A database that has grown: many cases, some of them open, years of counts, and people to ask for them."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Mapping
from functools import partial

from nacl.public import PrivateKey

from bot.installation import opened
from bot.settings import load_settings
from intake.lifecycle import Outcome, Status
from intake.questionnaire import Level
from intake.roles import Role
from storage import cases, locks, staff, tallies
from storage.cases import Case
from storage.database import Tx
from storage.facts import Contact, Facts
from storage.sealing import make_lock

OPERATOR, ADMIN = 6_000_000_001, 6_000_000_002
"""Accounts of somebody who may ask for /queue, and of somebody who may ask for /stats."""
FIRST_REQUESTER = 4_000_000_000
DAY = 86_400
REASONS = ("Within a week", "In the north", "Money")


def fill(environment: Mapping[str, str], operators: int, stored: tuple[int, int] | None) -> None:
    """Into an installation whose service isn't running yet. `stored`: open and closed cases."""
    asyncio.run(_fill(environment, operators, *(stored or (0, 0))))


async def _fill(environment: Mapping[str, str], operators: int, open_cases: int, closed_cases: int) -> None:
    async with opened(load_settings(environment), upgrade=True) as installation:
        write = installation.db.write
        key = await write(partial(_add_staff, operators))
        await write(partial(_add_open, range(open_cases), key))
        if closed_cases:
            await write(partial(_add_closed, range(open_cases, open_cases + closed_cases)))


def _add_staff(operators: int, tx: Tx) -> bytes:
    """Some that are there for their keys, one that asks for the queue, one that asks for the counts of years.

    Gives the public key of whoever asks for the queue.
    """
    asks = _new_key()
    for number in range(operators):
        staff.add(tx, f"operator-{number}", Role.OPERATOR, _new_key(), confirmed=True)
    for account, role in ((OPERATOR, Role.OPERATOR), (ADMIN, Role.ADMIN)):
        key = asks if role is Role.OPERATOR else None
        member = staff.add(tx, f"somebody-{role.value}", role, key, confirmed=key is not None)
        staff.enrol(tx, member, tx.vault.account(account), account, "en")
    for year in (2023, 2024, 2025):
        for month in range(1, 13):
            for name in ("requests", *(f"level-{level.value}" for level in Level)):
                tallies.add(tx, f"{year}-{month:02}", [name])
    return asks


def _add_open(numbers: range, key: bytes, tx: Tx) -> None:
    """Sealed to whoever asks for the queue, who is offered only what they can open."""
    now = int(time.time())
    for number in numbers:
        case = secrets.token_bytes(16)
        locks.add(tx, make_lock(case, [key]))
        chat = FIRST_REQUESTER + number
        cases.add(
            tx,
            Case(
                case=case,
                reference=_reference(number),
                status=Status.OPEN,
                holder=None,
                facts=Facts(Level.STANDARD, now - now % 3600, "en", REASONS),
                received_day=now // DAY,
                contact=Contact(chat, "en"),
                account=tx.vault.account(chat),
            ),
        )


def _add_closed(numbers: range, tx: Tx) -> None:
    """Rows whose 8 kB of facts are left out: nothing may read them, and it would say so of whatever does.

    Made within the database, or it would take minutes.
    """
    today = int(time.time()) // DAY
    tx.conn.exec_driver_sql("PRAGMA cache_size = -400000")
    tx.conn.exec_driver_sql(
        "WITH RECURSIVE numbers(n) AS (SELECT ? UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?) "
        "INSERT INTO cases (case_id, reference, status, facts, received_day, closed_day, outcome) "
        "SELECT randomblob(16) AS id, printf('%09d', n * 7919 % 1000000000), ?, x'', ?, ?, ? FROM numbers ORDER BY id",
        (numbers.start, numbers.stop, Status.CLOSED.value, today - 28, today - 14, next(iter(Outcome)).value),
    )


def _new_key() -> bytes:
    return bytes(PrivateKey.generate().public_key)


def _reference(number: int) -> str:
    """Another one for each number, in no order."""
    return f"{number * 7_919 % 10**9:09}"
