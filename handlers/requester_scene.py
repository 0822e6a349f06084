"""What a requester's turn looks at, read in one go; and the event that an update is to the conversation."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from handlers.desk import Desk
from handlers.incoming import Incoming, Kind
from handlers.screens import View
from intake.conversation import Fresh
from intake.events import CodeTyped, Command, Event, Odd, Pressed, Typed, Unexpected
from intake.lifecycle import Status
from intake.questionnaire import Level
from storage import known, meta, staff
from storage.cases import Case
from storage.code import read as read_code
from storage.database import Tx
from storage.drafts import Conversation
from storage.keywords import key_words
from storage.known import Known

DAY = 86_400
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class Scene:
    conversation: Conversation | None
    case: Case | None = field(repr=False)
    """The open case that is answered in this chat."""
    closed: bool
    """No new request can be taken: paused, or nobody could open it."""
    pause_notice: str
    blocked: bool
    """An operator has blocked this account."""
    recovery: bytes | None
    """The recovery key: a recipient of every case, if there is one."""
    view: View = field(repr=False)


def load(tx: Tx, desk: Desk, account: bytes, now: int) -> Scene:
    return scene_of(tx, desk, known.look_up(tx, account, now // DAY))


def scene_of(tx: Tx, desk: Desk, found: Known) -> Scene:
    recovery, paused = tx.standing.get(meta.RECOVERY_KEY), tx.standing.get(meta.PAUSED)
    return Scene(
        conversation=found.conversation,
        case=found.case,
        closed=paused is not None or (recovery is None and not staff.recipients(tx, None)),
        pause_notice=(paused or b"").decode(),
        blocked=found.blocked,
        recovery=recovery,
        view=make_view(desk, found.case, recovery),
    )


def fresh() -> Fresh:
    return Fresh(secrets.token_hex(16), new_reference())


def make_view(desk: Desk, case: Case | None, recovery: bytes | None) -> View:
    terms = desk.terms
    return View(
        questionnaire=desk.questionnaire,
        texts=desk.texts,
        values={
            "organisation": terms.organisation,
            "draft_minutes": terms.draft_seconds // 60,
            "hours": terms.reply_seconds // 3_600,
            "reply_hours": terms.reply_seconds // 3_600,
            "open_days": terms.open_days,
            "closed_days": terms.closed_days,
            "replies_days": terms.replies_days,
            "k": terms.anonymity_k,
        },
        relay="privacy-relay-chat" if terms.relay_in_chat else "privacy-relay-sealed",
        words=" ".join(key_words(recovery)) if recovery else "",
        claimed=case is not None and case.status is Status.CLAIMED,
        level=case.facts.level if case else Level.STANDARD,
    )


def new_reference() -> str:
    """A case's public pseudonym, like `K7QM-4ZDP`: random, so that it tells nothing about how many came before."""
    drawn = "".join([CROCKFORD[byte % 32] for byte in secrets.token_bytes(8)])  # 32 divides 256
    return f"{drawn[:4]}-{drawn[4:]}"


_ODD = {
    Kind.CONTACT: Odd.CONTACT,
    Kind.LOCATION: Odd.LOCATION,
    Kind.FILE: Odd.FILE,
    Kind.OTHER_MESSAGE: Odd.OTHER,
    Kind.EDITED: Odd.EDITED,
}


def event_of(incoming: Incoming, *, takes_edits: bool) -> Event:
    """`takes_edits`: whether a message that is corrected counts as typed."""
    match incoming.kind:
        case Kind.PRESS:
            serial, _, action = incoming.data.partition(".")
            return Pressed(int(serial) if serial.isascii() and serial.isdigit() else -1, action)
        case Kind.COMMAND:
            return Command(incoming.command)
        case Kind.TEXT if incoming.forwarded:  # somebody else's words: they are not what this person tells us
            return Unexpected(Odd.OTHER)
        case Kind.TEXT | Kind.EDITED if incoming.kind is Kind.TEXT or (takes_edits and incoming.text):
            return _typed(incoming)
        case kind:
            return Unexpected(_ODD.get(kind, Odd.OTHER))


def _typed(incoming: Incoming) -> Typed | CodeTyped:
    edited = incoming.kind is Kind.EDITED
    typed = Typed(incoming.text, incoming.sent, incoming.message_id or 0, edited)
    code = read_code(incoming.text)
    return typed if code is None else CodeTyped(*code, typed)
