"""What an act with a return code does to the request that it opens. Nothing of it is kept with the account.

A code may also be that of a file that waits for this chat, which is tied to its request anyway.

Where this ends: what is changed here is written in the same second as the draft of whoever typed the code. So nothing
that is queued about the request says that second (`_blurred`), and the database's log, in which the two stand side by
side, is emptied at once (`storage.database.Database.tidy`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from handlers import attachments, parting, sealed_entry, staff_notices
from handlers.desk import Desk
from intake.events import AddByCode, CodeAct, EraseByCode, LookUp, TakeBackByCode, WithdrawByCode
from intake.lifecycle import Status
from intake.questionnaire import Level
from storage import cases, thread
from storage.cases import Case
from storage.code import CodeOpener
from storage.database import Tx
from storage.envelope import Who
from storage.thread import Entry

DAY = 86_400
HOUR = 3_600
NOBODY = bytes(16)
"""The id of no case: a wrong code reads as much as a right one."""


@dataclass(frozen=True, slots=True)
class Told:
    """What came of it, for the screen to tell."""

    name: str
    """Of the text that says it."""
    case: Case | None = field(default=None, repr=False)
    """As it was when the code opened it."""
    replies: tuple[str, ...] = field(default=(), repr=False)
    files: tuple[tuple[int, str], ...] = field(default=(), repr=False)
    """Of each file that waits with the replies: its sequence, and what opens it."""
    noticed: tuple[str, ...] = ()
    """Kinds of `intake.sensitive` in what was added."""


def carry_out(tx: Tx, desk: Desk, opener: CodeOpener, tag: bytes, act: CodeAct, chat: int, now: int) -> Told:
    """`tag`: what the code is looked up by. `chat`: where it was typed."""
    case = cases.by_code(tx, tag)
    everything = thread.entries(tx, case.case if case else NOBODY)
    written = [each for each in everything if each.who is not Who.NOTE]  # that is between colleagues
    if case is None:
        held = attachments.redeem(tx, desk, opener, tag, chat, now) if isinstance(act, LookUp) else None
        return Told("code-unknown") if held is None else Told("code-file", held)
    match act:
        case LookUp():
            waiting = attachments.by_return_code(tx, opener, case)
            return Told("code-found", case, _replies(opener, case, written), waiting)
        case AddByCode(text=text, noticed=noticed):
            return _add(tx, desk, case, text, noticed, now)
        case TakeBackByCode():
            return _take_back(tx, desk, case, written, now)
        case WithdrawByCode():
            done = parting.withdraw(tx, desk, case, _hour(now))
            return Told("code-withdrawn" if done else "code-closed-before", case)
        case EraseByCode():
            parting.erase(tx, desk, case, _hour(now))
            return Told("code-erased", case)


def _replies(opener: CodeOpener, case: Case, written: list[Entry]) -> tuple[str, ...]:
    return tuple(
        opener.open(
            each.code_box, case=case.case, question=each.who.question, sequence=each.sequence
        ).decode()
        for each in written
        if each.code_box is not None
    )


def _add(tx: Tx, desk: Desk, case: Case, text: str, noticed: tuple[str, ...], now: int) -> Told:
    if case.status is Status.CLOSED:
        return Told("code-closed", case)
    sealed_entry.put(tx, case, Who.REQUESTER, text, now)
    staff_notices.added_by_code(tx, desk, case, _blurred(tx, desk, case, now))
    return Told("code-added", case, noticed=noticed)


def _take_back(tx: Tx, desk: Desk, case: Case, written: list[Entry], now: int) -> Told:
    """Only what nobody has answered yet, and only of an open request: a closed one is to stay as it was worked on."""
    last = written[-1] if written else None
    if case.status is Status.CLOSED or last is None or last.who is not Who.REQUESTER:
        return Told("code-nothing-to-take-back", case)
    thread.drop_last(tx, case.case, Who.REQUESTER)
    if [each.who for each in written[-2:]].count(
        Who.REQUESTER
    ) == 1:  # nothing else is new: nobody need hear of it
        staff_notices.untell(tx, case, now)
    staff_notices.addition_decided(tx, desk, case, _hour(now), keep=False)
    return Told("code-taken-back", case)


def _blurred(tx: Tx, desk: Desk, case: Case, now: int) -> int:
    """When the staff hear of an addition: with the next batch of cards; of an emergency at once."""
    urgent = case.facts.level is Level.EMERGENCY or not desk.terms.card_delay_seconds
    return _hour(now) if urgent else staff_notices.next_batch(tx, desk, now)


def _hour(now: int) -> int:
    """Due already, and saying no more than the hour."""
    return now - now % HOUR
