"""The one way in: an update, who it is from, and the room that it belongs to."""

from __future__ import annotations

from time import monotonic
from typing import Any

from handlers import admin, enrolment, operator, requester
from handlers.desk import Desk
from handlers.incoming import Incoming, Kind, parse
from handlers.outgoing import Answer
from intake.roles import Right, may
from storage import outbox, staff
from storage.staff import Member

_FROM_PEOPLE = frozenset(
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
    if incoming is None or incoming.kind not in _FROM_PEOPLE:
        return
    account = desk.vault.account(incoming.user_id)
    member = await desk.db.read(lambda tx: staff.by_account(tx, account))
    if incoming.chat_type == "private":
        await _private(desk, incoming, member, account)
    elif incoming.kind is Kind.PRESS:
        await _in_group(desk, incoming, member)


async def _private(desk: Desk, incoming: Incoming, member: Member | None, account: bytes) -> None:
    if enrolment.looks_like_invitation(incoming) and await enrolment.enrol(desk, incoming):
        return
    if member is None:
        await _requester(desk, incoming, account)
    elif not member.active:
        await enrolment.take_turn(desk, incoming, member)
    elif may(member.role, Right.HOLD_CASES):
        await operator.take_turn(desk, incoming, member)
    else:
        await admin.take_turn(desk, incoming, member)


async def _requester(desk: Desk, incoming: Incoming, account: bytes) -> None:
    if desk.throttle.admits(account, monotonic()):
        await requester.take_turn(desk, incoming)
    elif incoming.kind is not Kind.PRESS:
        await desk.db.write(
            lambda tx: outbox.leave_trace_of(tx, incoming.chat_id, incoming.message_id, desk.clock())
        )
    else:
        languages = desk.questionnaire.languages
        language = incoming.language_code if incoming.language_code in languages else languages[0]
        desk.post(incoming.chat_id, [Answer(incoming.query_id, desk.texts.say(language, "hint-too-fast"))])


async def _in_group(desk: Desk, incoming: Incoming, member: Member | None) -> None:
    if (
        incoming.chat_id == desk.terms.operators_chat
        and member is not None
        and member.active
        and may(member.role, Right.HOLD_CASES)
    ):
        await operator.take_turn(desk, incoming, member)
    else:
        # The press is answered, with nothing: whoever has no role learns nothing, not even that there are roles.
        desk.post(incoming.chat_id, [Answer(incoming.query_id)])
