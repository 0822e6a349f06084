"""Faults of the kinds that this suite exists to find, planted on purpose, to see that it finds them.

Each is put in place in a forked life, before the service starts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from bot.persistence import Persistence
from handlers import staff_notices
from handlers.desk import Desk
from storage import meta, tallies
from storage.cases import Case
from storage.database import Tx

LATE_SECONDS = 1.0
"""How much later something is done that should be done in the transaction."""
_running: set[asyncio.Task[Any]] = set()


def _later(work: Callable[[], Any]) -> None:
    async def wait() -> None:
        await asyncio.sleep(LATE_SECONDS)
        await work()

    task = asyncio.get_running_loop().create_task(wait())
    _running.add(task)
    task.add_done_callback(_running.discard)


def confirm_first() -> None:
    """Telegram is told that an update is done before its turn has begun, as aiogram's own polling does."""
    real = Persistence.persist

    async def persist(*given: Any) -> bool:
        _later(lambda: real(*given))
        return True

    Persistence.persist = persist  # type: ignore[method-assign, assignment]


def card_outside() -> None:
    """A card is queued after the case's transaction instead of in it."""
    real = staff_notices.card_due

    def card_due(tx: Tx, desk: Desk, case: Case, now: int) -> None:
        _later(lambda: desk.db.write(lambda late: real(late, desk, case, now)))

    vars(staff_notices).update(card_due=card_due)


def count_twice() -> None:
    """A request is counted twice now and then, as when a turn that failed half-way is made again."""
    real = tallies.add
    made: list[int] = []

    def add(tx: Tx, month: str, names: Any) -> None:
        made.append(0)
        for _ in range(1 + (len(made) % 3 == 0)):
            real(tx, month, names)

    vars(tallies).update(add=add)


def forget_updates() -> None:
    """Every update counts as new, however often it comes."""
    vars(meta).update(first_time=lambda *_: True)


FAULTS: dict[str, Callable[[], None]] = {
    "confirm-first": confirm_first,
    "card-outside": card_outside,
    "count-twice": count_twice,
    "forget-updates": forget_updates,
}
