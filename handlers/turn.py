"""The one way in: an update, who it is from, and the room that it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from typing import Any

from handlers import admin, enrolment, group, operator, requester, waiting
from handlers.desk import Desk
from handlers.incoming import NEVER_KEPT, Incoming, Kind, parse
from handlers.outgoing import Answer
from handlers.requester import Who, never_waits
from intake.roles import Right, may
from storage import staff, traces
from storage.traces import LONGEST_TRACE

FROM_PEOPLE = frozenset(
    {
        Kind.TEXT,
        Kind.COMMAND,
        Kind.PRESS,
        Kind.CONTACT,
        Kind.LOCATION,
        Kind.FILE,
        Kind.OTHER_MESSAGE,
        Kind.EDITED,
    }
)


async def take_turn(desk: Desk, bot_username: str, update: dict[str, Any]) -> None:
    """Returns when everything is committed; what is to be shown has been handed to delivery by then."""
    incoming = parse(update, bot_username)
    if incoming is not None and incoming.kind is Kind.GROUP_EVENT:
        await group.take_turn(desk, incoming)
    if incoming is None or incoming.kind not in FROM_PEOPLE:
        return
    account = desk.vault.account(incoming.user_id)
    if incoming.chat_type == "private":
        await _private(desk, incoming, account)
    elif incoming.kind is Kind.PRESS:
        await _in_group(desk, incoming, account)


async def _private(desk: Desk, incoming: Incoming, account: bytes) -> None:
    if enrolment.looks_like_invitation(incoming) and await enrolment.enrol(desk, incoming):
        return
    if never_waits(incoming):  # they want to be gone: no conversation may open by itself afterwards
        desk.admission.leave(account)
    # Nearly everybody is a requester, so that is what is tried first: their own turn tells if they are not.
    now = monotonic()
    in_time = desk.throttle.admits(account, now)
    if in_time:
        who = await requester.take_turn(
            desk,
            incoming,
            account,
            newcomers=lambda: desk.admission.lets_in(now, busy=desk.busy(), held_up=desk.held_up()),
        )
        if who is Who.NEWCOMER:
            waiting.line_up(desk, incoming, account, now)
            await waiting.clear(desk, incoming)
        elif who is Who.SERVED:
            desk.admission.served()
        if who is not Who.STAFF:
            return
    member = await desk.db.read(lambda tx: staff.by_account(tx, account))
    if member is None:
        desk.throttle.note_stranger(account)
        await _too_fast(desk, incoming)
    elif not member.active:
        await enrolment.take_turn(desk, incoming, member)
    elif may(member.role, Right.HOLD_CASES):
        await operator.take_turn(desk, incoming, member)
    else:
        await admin.take_turn(desk, incoming, member)


async def let_in(desk: Desk, knock: Incoming, account: bytes, messages: Sequence[int] = ()) -> None:
    """The turn of a newcomer who has waited for it, and meanwhile sent these messages."""
    await waiting.note(desk, knock, messages)
    await requester.take_turn(desk, knock, account, newcomers=lambda: True)


async def _too_fast(desk: Desk, incoming: Incoming) -> None:
    if incoming.kind is not Kind.PRESS:
        due_in = 0 if incoming.kind in NEVER_KEPT else LONGEST_TRACE
        await desk.db.write(
            lambda tx: traces.leave_of(
                tx, incoming.chat_id, incoming.message_id, desk.clock(), sent=incoming.sent, due_in=due_in
            ),
            lane=desk.vault.account(incoming.chat_id),
        )
        desk.wake()
    else:
        languages = desk.questionnaire.languages
        language = incoming.language_code if incoming.language_code in languages else languages[0]
        desk.post(incoming.chat_id, [Answer(incoming.query_id, desk.texts.say(language, "hint-too-fast"))])


async def _in_group(desk: Desk, incoming: Incoming, account: bytes) -> None:
    member, ours = await desk.db.read(
        lambda tx: (staff.by_account(tx, account), group.is_ours(tx, desk, incoming.chat_id))
    )
    if member is not None and member.active and may(member.role, Right.HOLD_CASES) and ours:
        await operator.take_turn(desk, incoming, member)
    else:
        # The press is answered, with nothing: whoever has no role learns nothing, not even that there are roles.
        desk.post(incoming.chat_id, [Answer(incoming.query_id)])
