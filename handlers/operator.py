"""What an operator does in the chat: see the queue, take a case, answer, release, close."""

from __future__ import annotations

from collections.abc import Callable

from handlers import (
    closing,
    operator_attach,
    operator_block,
    operator_canned,
    operator_doubt,
    operator_duty,
    operator_file,
    operator_files,
    operator_hand_over,
    operator_lead,
    operator_locks,
    operator_merge,
    operator_more,
    operator_note,
    operator_queue,
    operator_refer,
    operator_reply,
    operator_second,
    operator_slot,
    operator_slots,
    operator_undo,
    reply_states,
    second,
)
from handlers.cards import DAY, waiting
from handlers.desk import Desk
from handlers.incoming import Incoming, Kind
from handlers.operator_cases import own_case
from handlers.operator_claim import claim, release
from handlers.operator_limits import may_open
from handlers.outgoing import Answer, Button, Delete, Keyboard, Send
from handlers.queue import order_of
from handlers.staff_notices import document_due
from handlers.telling import Told, tell
from intake.lifecycle import BY_OPERATORS, SECOND_PERSON, Outcome
from intake.roles import Right, may
from intake.trail import Event
from storage import audit, cases, custody, handouts, meta, traces
from storage.database import Tx
from storage.keywords import key_words
from storage.staff import Member

SETTLED_BY_A_PRESS = frozenset(
    {
        "keep",
        "raise",
        "up",
        "lower",
        "hand",
        "offer",
        "assign",
        "accept",
        "decline",
        "outcome",
        "undo",
        "unact",
        "dup",
        "merge",
        "others",
        "preview",
        "ready",
        "anyway",
        "unsent",
        "refer",
    }
)
"""Buttons of questions that are over once they are answered: a chat with forty cases must not fill up with them."""


async def take_turn(desk: Desk, incoming: Incoming, member: Member) -> None:
    if incoming.kind is Kind.PRESS:
        await _pressed(desk, incoming, member)
    elif incoming.kind is Kind.COMMAND:
        await _command(desk, incoming, member)
    elif incoming.kind is Kind.TEXT and operator_slot.looks_like_slot(incoming):
        await operator_slot.take_turn(desk, incoming, member)
    elif incoming.kind is Kind.TEXT and operator_slots.looks_like_it(incoming):
        await operator_slots.take_text(desk, incoming, member)
    elif incoming.kind is Kind.TEXT and incoming.reply_to is not None:
        await operator_reply.take_turn(desk, incoming, member)
    elif incoming.reply_to is None and await operator_slots.take_file(desk, incoming, member):
        pass
    elif incoming.kind is Kind.FILE:
        await operator_attach.take_turn(desk, incoming, member)
    else:
        await desk.db.write(
            lambda tx: traces.leave_of(
                tx, incoming.chat_id, incoming.message_id, desk.clock(), sent=incoming.sent
            )
        )
        _send(desk, incoming, desk.texts.say(desk.staff_language, "operator-reply-how"))


async def _command(desk: Desk, incoming: Incoming, member: Member) -> None:
    match incoming.command:
        case "queue" | "next":
            await operator_queue.command(desk, incoming, member)
        case "duty":
            await operator_duty.command(desk, incoming, member)
        case "mine":
            await _mine(desk, incoming, member)
        case "case" if may(member.role, Right.SEE_ALL_CASES):
            await operator_file.take_turn(desk, incoming, member)
        case "cases" if may(member.role, Right.SEE_ALL_CASES):
            await operator_lead.show(desk, incoming)
        case "rewrap" if may(member.role, Right.SEE_ALL_CASES):
            await operator_locks.show(desk, incoming, member)
        case "note":
            await operator_note.take_turn(desk, incoming, member)
        case "verify":
            words = " ".join(key_words(member.public_key)) if member.public_key else "—"
            _send(desk, incoming, desk.texts.say(desk.staff_language, "own-words", words=words))
        case _:
            _send(desk, incoming, _help(desk, member))


def _help(desk: Desk, member: Member) -> str:
    parts = [desk.texts.say(desk.staff_language, "operator-help", name=member.name)]
    if may(member.role, Right.SEE_ALL_CASES):
        parts.append(desk.texts.say(desk.staff_language, "lead-help"))
    return "\n\n".join(parts)


async def _mine(desk: Desk, incoming: Incoming, member: Member) -> None:
    now = desk.clock()
    mine = await desk.db.read(lambda tx: cases.held_by(tx, member.id))
    held = sorted(mine, key=lambda case: order_of(case, now, desk.terms.service))
    if not held:
        _send(desk, incoming, desk.texts.say(desk.staff_language, "mine-empty"))
        return
    say, language = desk.texts.say, desk.staff_language
    lines = [
        f"{c.reference} · {say(language, f'level-{c.facts.level}')} · {waiting(desk, c.facts, now)}"
        for c in held
    ]
    rows = tuple(
        (Button(say(language, "file-button", reference=c.reference), f"file.{c.reference}"),) for c in held
    )
    _send(desk, incoming, "\n".join([say(language, "mine-count", n=len(held)), "", *lines]), rows)


async def _pressed(desk: Desk, incoming: Incoming, member: Member) -> None:
    verb, _, rest = incoming.data.partition(".")
    if verb in operator_queue.VERBS:
        await operator_queue.pressed(desk, incoming, member, claim)
        return
    if verb == "duty":
        await operator_duty.pressed(desk, incoming, member)
        return
    if verb in operator_attach.VERBS:
        await operator_attach.pressed(desk, incoming, member)
        return
    if verb == operator_second.VERB:
        await operator_second.pressed(desk, incoming, member)
        return
    actions: dict[str, Callable[[Tx, Desk, Member, str, int], Told]] = {
        "claim": claim,
        "release": release,
        "file": send_file,
        "askfile": operator_files.ask,
        "files": operator_files.hand_out,
        "canned": operator_canned.offer,
        "others": operator_canned.offer,
        "preview": operator_canned.preview,
        "ready": operator_canned.send,
        "anyway": operator_doubt.send_anyway,
        "unsent": operator_doubt.drop,
        reply_states.AGAIN: operator_reply.send_again,
        "close": ask_outcome,
        "outcome": close,
        "dup": operator_merge.ask_which,
        "merge": operator_merge.merge,
        "refer": operator_refer.refer,
        "undo": undo,
        "unact": operator_undo.undo,
        "more": operator_more.menu,
        "raise": operator_more.ask_reason,
        "up": operator_more.raise_level,
        "lower": operator_more.lower_level,
        "hand": operator_hand_over.ask_whom,
        "offer": operator_hand_over.offer,
        "accept": operator_hand_over.accept,
        "decline": operator_hand_over.decline,
        "assign": operator_lead.ask_whom,
        "give": operator_lead.give,
        "requeue": operator_lead.requeue,
        "locks": operator_locks.ask,
        "keep": keep,
        "block": operator_block.ask,
        "bar": operator_block.block,
    }
    action = actions.get(verb)
    if action is None:
        desk.post(incoming.chat_id, [Answer(incoming.query_id)])
        return
    now = desk.clock()

    def work(tx: Tx) -> tuple[Told, bool]:
        double = _is_double(tx, incoming, rest)
        if not meta.first_time(tx, incoming.update_id, now // DAY):
            return ("", False), double  # what came of it is shown by card and file
        return action(tx, desk, member, rest, now), double

    (text, alert), double = await desk.db.write(work)
    calls: list[Answer | Delete] = [Answer(incoming.query_id, text, alert)]
    settled = verb in SETTLED_BY_A_PRESS and not alert and incoming.chat_type == "private"
    if (double or settled) and incoming.message_id is not None:
        calls.append(Delete(incoming.chat_id, (incoming.message_id,)))
    desk.post(incoming.chat_id, calls)
    desk.wake()


def _is_double(tx: Tx, incoming: Incoming, reference: str) -> bool:
    """Whether this is a card that came a second time, because Telegram's answer to the first was lost."""
    case = cases.by_reference(tx, reference) if incoming.chat_type != "private" else None
    return case is not None and case.facts.card not in (None, incoming.message_id)


def send_file(tx: Tx, desk: Desk, member: Member, reference: str, now: int) -> Told:
    say, language = desk.texts.say, desk.staff_language
    case = own_case(tx, member, reference)
    if case is None:
        return say(language, "not-yours", reference=reference), True
    if refused := may_open(tx, desk, member, case, now):
        return refused, True
    custody.touch(tx, case.case, now)
    document_due(tx, case, now)
    return say(language, "file-coming", reference=reference), False


def ask_outcome(tx: Tx, desk: Desk, member: Member, reference: str, now: int) -> Told:
    """Closing is final, so it takes a second press: on how it ended."""
    say, language = desk.texts.say, desk.staff_language
    case = own_case(tx, member, reference)
    if case is None or member.chat is None:
        return say(language, "not-yours", reference=reference), True
    buttons = [(say(language, f"outcome-{o}"), f"outcome.{o}.{reference}") for o in BY_OPERATORS]
    if operator_merge.others(tx, case, member):  # beside the plain duplicate, of which it is a kind
        below = BY_OPERATORS.index(Outcome.DUPLICATE) + 1
        buttons.insert(below, (say(language, "merge-button"), f"dup.{reference}"))
    text = say(language, "close-ask", reference=reference)
    if case.contact is not None and handouts.of(tx, case.case):
        text = f"{text}\n\n{say(language, 'close-waiting')}"
    tell(tx, member, text, now, about=case.case, buttons=buttons)
    return "", False


def close(tx: Tx, desk: Desk, member: Member, rest: str, now: int) -> Told:
    say, language = desk.texts.say, desk.staff_language
    name, _, reference = rest.partition(".")
    case = own_case(tx, member, reference)
    if case is None or name not in BY_OPERATORS:
        return say(language, "not-yours", reference=reference), True
    outcome = Outcome(name)
    if case.facts.closing:
        return say(language, "closing-already", reference=reference), True
    if outcome is Outcome.REFERRED and desk.referrals:
        return operator_refer.ask_whom(tx, desk, member, case, now)
    if outcome in SECOND_PERSON:
        return second.ask_to_exclude(tx, desk, case, member, now), True
    if not closing.begin(tx, desk, case, member, outcome, now):
        return say(language, "not-yours", reference=reference), True
    if desk.terms.undo_seconds:
        return say(language, "closing-toast", reference=reference), False
    return say(
        language, "closed-case", reference=reference, outcome=say(language, f"outcome-{outcome}")
    ), False


def undo(tx: Tx, desk: Desk, member: Member, reference: str, now: int) -> Told:
    say, language = desk.texts.say, desk.staff_language
    case = own_case(tx, member, reference)
    if case is None or not closing.undo(tx, case, member, now):
        return say(language, "undo-too-late", reference=reference), True
    return say(language, "undone", reference=reference), False


def keep(tx: Tx, desk: Desk, member: Member, reference: str, now: int) -> Told:
    """The holder goes on with it."""
    say, language = desk.texts.say, desk.staff_language
    case = own_case(tx, member, reference)
    if case is None:
        return say(language, "not-yours", reference=reference), True
    custody.touch(tx, case.case, now)
    audit.note(tx, Event.EXTENDED, member, now, case=case.case)
    return say(language, "kept", reference=reference), False


def _send(desk: Desk, incoming: Incoming, text: str, keyboard: Keyboard = ()) -> None:
    desk.post(incoming.chat_id, [Send(incoming.chat_id, text, keyboard)])
