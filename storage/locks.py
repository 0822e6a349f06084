"""Case locks and the fixed blocks sealed with them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any

from nacl.bindings import sodium_memcmp
from sqlalchemy import Row, bindparam, delete, insert, select, update

from intake.errors import Tampered
from storage.database import Tx, upsert
from storage.ready import Ready
from storage.schema import blocks, locks
from storage.sealing import Lock, has_slot, only_slots, without_slot

LOCK = "locks"
BLOCK = "blocks.box"
AT_ONCE = 500
"""Locks that are read together: 100 bytes for each recipient."""
_BY_CASE = Ready(select(locks).where(locks.c.case_id == bindparam("case")))
_ADD = Ready(insert(locks))
_BLOCKS = Ready(select(blocks).where(blocks.c.case_id == bindparam("case")).order_by(blocks.c.position))
_FOLLOWING = (
    select(locks)
    .where(locks.c.case_id > bindparam("last"))
    .order_by(locks.c.case_id)
    .limit(bindparam("most"))
)
_PUT = (
    update(locks)
    .where(locks.c.case_id == bindparam("case"))
    .values(slots=bindparam("made"), mac=bindparam("proof"))
)
_SLOTS = select(locks.c.case_id, locks.c.slots).where(
    locks.c.case_id.in_(bindparam("chosen", expanding=True))
)


def add(tx: Tx, lock: Lock) -> None:
    mac = _lock_mac(tx, lock)
    _ADD.run(tx.conn, {"case_id": lock.case, "public_key": lock.public, "slots": lock.slots, "mac": mac})


def get(tx: Tx, case: bytes) -> Lock:
    """The case's lock. Raises `Tampered` when it was changed behind the server's back, or is gone."""
    row = _BY_CASE.one(tx.conn, {"case": case})
    if row is None:
        raise Tampered("a case has no lock: restore it from the newest backup")
    return sound(tx, row)


def sound(tx: Tx, row: Row[Any]) -> Lock:
    """The lock in a row that has these columns, maybe among others. Raises `Tampered` as `get` does."""
    lock = Lock(row.case_id, row.public_key, row.slots)
    tx.vault.check_mac(LOCK, lock.case, lock.public + lock.slots, row.mac)
    return lock


def open_to(tx: Tx, chosen: Sequence[bytes], public: bytes) -> set[bytes]:
    """Which of these cases have a slot for this key, as far as can be seen; whoever takes one looks with `get`."""
    found = set()
    for row in tx.conn.execute(_SLOTS, {"chosen": list(chosen)}):
        with suppress(Tampered):
            if has_slot(row.slots, public):
                found.add(row.case_id)
    return found


def replace_slots(tx: Tx, *changed: Lock) -> None:
    if changed:
        rows = [{"case": lock.case, "made": lock.slots, "proof": _lock_mac(tx, lock)} for lock in changed]
        tx.conn.execute(_PUT, rows)


def revoke(tx: Tx, public: bytes) -> int:
    """Remove one recipient's slot from every stored case; returns how many cases had one.

    From a lock that was altered, too: its MAC stays wrong, so nothing will ever use it, but nobody shall be able to
    keep a slot by spoiling a row.
    """
    removed, last = 0, b""
    while rows := tx.conn.execute(_FOLLOWING, {"last": last, "most": AT_ONCE}).all():
        last = rows[-1].case_id
        for row in rows:
            left = _without(row.slots, public)
            if left == row.slots:
                continue
            lock = Lock(row.case_id, row.public_key, left)
            sound = sodium_memcmp(_lock_mac(tx, Lock(lock.case, lock.public, row.slots)), row.mac)
            mac = _lock_mac(tx, lock) if sound else row.mac
            tx.conn.execute(update(locks).where(locks.c.case_id == lock.case).values(slots=left, mac=mac))
            removed += 1
    return removed


def _without(slots: bytes, public: bytes) -> bytes:
    try:
        return without_slot(slots, public)
    except Tampered:
        return b""  # nothing in it opens as slots do; whatever it holds goes


def keep_only(tx: Tx, case: bytes, publics: Collection[bytes]) -> None:
    """Destroy the slots of everybody else."""
    lock = get(tx, case)
    replace_slots(tx, Lock(case, lock.public, only_slots(lock.slots, publics)))


def put_block(tx: Tx, case: bytes, position: int, box: bytes) -> None:
    mac = tx.vault.mac(BLOCK, _place(case, position), box)
    upsert(tx, blocks, {"case_id": case, "position": position}, {"box": box, "mac": mac})


def get_blocks(tx: Tx, case: bytes) -> list[bytes]:
    """The boxes in order of position, each as it was stored or `Tampered`."""
    rows = _BLOCKS.all(tx.conn, {"case": case})
    for row in rows:
        tx.vault.check_mac(BLOCK, _place(case, row.position), row.box, row.mac)
    return [row.box for row in rows]


def erase(tx: Tx, cases: Collection[bytes]) -> None:
    """The lock first: without its slots the boxes are noise, whatever becomes of them."""
    tx.conn.execute(update(locks).where(locks.c.case_id.in_(cases)).values(slots=b""))
    tx.conn.execute(delete(locks).where(locks.c.case_id.in_(cases)))
    tx.conn.execute(delete(blocks).where(blocks.c.case_id.in_(cases)))


def _lock_mac(tx: Tx, lock: Lock) -> bytes:
    return tx.vault.mac(LOCK, lock.case, lock.public + lock.slots)


def _place(case: bytes, position: int) -> bytes:
    return case + position.to_bytes(4, "big")
