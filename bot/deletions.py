"""What must be deleted in the chats: traces that have become due, handed to the postman a hundred at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import structlog

from bot.due import MOST_AT_ONCE, Due
from bot.jobs import LATER
from bot.postman import Postman
from handlers import deliveries
from handlers.desk import Desk
from handlers.outgoing import MAX_DELETED_AT_ONCE, Answer, Delete, Outgoing
from storage import damage, traces
from storage.database import Tx
from storage.marks import Kind, Mark
from storage.trouble import is_trouble

RETRY_SECONDS = 10
"""Telegram has been tried for a minute by then."""
MOST_UNDER_WAY = 2_000
"""Messages at the postman's; each chat that has some waiting takes memory."""


class Deletions:
    def __init__(self, desk: Desk, postman: Postman, due: Due, may_post: Callable[[], bool]) -> None:
        self._desk = desk
        self._postman = postman
        self._due = due
        self._may_post = may_post
        self._ripe: set[bytes] = set()
        """Due and not posted yet."""
        self._under_way: dict[tuple[int, int], list[bytes]] = {}
        """(chat, message) -> its traces; none is posted a second time."""
        self._log = structlog.get_logger()

    async def step(self, now: int) -> bool:
        """Post what has become due. True: there is more."""
        if len(self._under_way) < MOST_UNDER_WAY:
            self._ripe.update(self._due.traces.take(now, MOST_AT_ONCE - len(self._ripe)))
        if not self._ripe:
            return False
        more = len(self._ripe) == MOST_AT_ONCE
        ripe = list(self._ripe)
        found = await self._desk.db.read(lambda tx: traces.these(tx, ripe))
        if found.damaged:
            count = await self._desk.db.write(lambda tx: damage.drop(tx, Kind.TRACE, found.damaged, now))
            self._log.error("damaged rows were dropped: see postern check", kind=Kind.TRACE, count=count)
        self._ripe.clear()
        if not self._may_post():
            return False
        by_chat: dict[int, list[int]] = defaultdict(list)
        for trace_id, trace in found.rows.items():
            place = trace.chat, trace.message
            if trace.due > now:
                self._due.traces.put(trace_id, trace.due)
            elif place in self._under_way:
                self._under_way[place].append(trace_id)
            else:
                self._under_way[place] = [trace_id]
                by_chat[trace.chat].append(trace.message)
        for chat, messages in by_chat.items():
            for start in range(0, len(messages), MAX_DELETED_AT_ONCE):
                self._postman.post(chat, [Delete(chat, tuple(messages[start : start + MAX_DELETED_AT_ONCE]))])
        return more

    # While the database can't be written, these raise, and the calls stay under way.

    async def sent(self, call: Delete, now: int) -> None:
        def work(tx: Tx) -> None:
            deliveries.settle(tx, self._desk, call, None, now)

        await self._record(call, work, now, deliveries.lane_of(self._desk, call))

    async def failed(self, call: Delete, reason: str, now: int) -> None:
        """What could not be asked for now is asked for again; what Telegram refuses is made neutral, if it can be."""
        if reason in LATER:
            self._put_off(self._over(call), now)
            return
        instead = await self._record(
            call, lambda tx: deliveries.refused(tx, self._desk, call, reason, now), now
        )
        if instead is not None and not isinstance(instead, Answer):
            self._postman.post(instead.chat, [instead])

    def dropped(self, chat: int, now: int) -> None:
        """The postman dropped this chat's queue: what is still there is tried from time to time."""
        for place in [place for place in self._under_way if place[0] == chat]:
            self._put_off(self._under_way.pop(place), now)

    def resign(self) -> None:
        """Another process may delete from now on: what waits here is that one's."""
        self._ripe.clear()
        for call in self._postman.withdraw(lambda call: isinstance(call, Delete)):
            if isinstance(call, Delete):
                self._over(call)

    async def _record(
        self, call: Delete, work: Callable[[Tx], Outgoing | None], now: int, lane: bytes | None = None
    ) -> Outgoing | None:
        try:
            instead = await self._desk.db.write(work, lane)
        except Exception as error:
            if not is_trouble(error):
                self._put_off(self._over(call), now)
            raise
        self._over(call)
        return instead

    def _over(self, call: Delete) -> list[bytes]:
        return [
            trace_id
            for message in call.messages
            for trace_id in self._under_way.pop((call.chat, message), ())
        ]

    def _put_off(self, traces: list[bytes], now: int) -> None:
        self._due.note(Mark(Kind.TRACE, trace_id, now + RETRY_SECONDS) for trace_id in traces)
