"""For a lead: who holds what, and giving a case to somebody else or back to the queue, whatever its holder does."""

from __future__ import annotations

from handlers import operator_hand_over
from handlers.desk import Desk
from handlers.incoming import Incoming
from handlers.operator_limits import may_hold, may_open
from handlers.outgoing import Button, Send
from handlers.queue import order_of
from handlers.telling import Told, tell
from intake.lifecycle import Act, Status
from intake.roles import Right, may
from intake.trail import Event
from storage import audit, cases, custody, staff
from storage.cases import Case
from storage.database import Tx
from storage.staff import Member

MOST_SHOWN = 60
"""Cases in one message; Telegram takes a hundred buttons."""
HOUR = 3_600


async def show(desk: Desk, incoming: Incoming) -> None:
    """All that are held, the most urgent first, each with its holder and since when nothing was done about it."""
    say, language, now = desk.texts.say, desk.staff_language, desk.clock()

    def work(tx: Tx) -> tuple[list[Case], dict[str, str]]:
        return cases.with_status(tx, Status.CLAIMED), {m.id: m.name for m in staff.everyone(tx)}

    held, names = await desk.db.read(work, long=True)
    if not held:
        desk.post(incoming.chat_id, [Send(incoming.chat_id, say(language, "cases-none"))])
        return
    held.sort(key=lambda case: order_of(case, now, desk.terms.service))
    lines, rows = [say(language, "cases-title", n=len(held)), ""], list[tuple[Button, ...]]()
    for case in held[:MOST_SHOWN]:
        name = names.get(case.holder or "", "—")
        line = f"{case.reference} · {say(language, f'level-{case.facts.level}')} · {name}"
        if case.facts.touched and (idle := (now - case.facts.touched) // HOUR) > 0:
            line += f" · {say(language, 'cases-idle', hours=idle)}"
        lines.append(line)
        rows.append((Button(f"{case.reference} · {name}", f"assign.{case.reference}"),))
    desk.post(incoming.chat_id, [Send(incoming.chat_id, "\n".join(lines), tuple(rows))])


def ask_whom(tx: Tx, desk: Desk, lead: Member, reference: str, now: int) -> Told:
    say, language = desk.texts.say, desk.staff_language
    case = _held(tx, lead, reference)
    if case is None or lead.chat is None:
        return say(language, "assign-not-held", reference=reference), True
    holder = custody.holder_of(tx, case)
    buttons = [(say(language, "assign-queue-button"), f"requeue.{reference}")]
    buttons += [
        (m.name, f"give.{reference}.{m.id}")
        for m in operator_hand_over.receivers(tx, case, case.holder)[: operator_hand_over.MOST_SHOWN]
    ]
    text = say(language, "assign-ask", reference=reference, name=holder.name if holder else "—")
    tell(tx, lead, text, now, buttons=buttons)
    return "", False


def give(tx: Tx, desk: Desk, lead: Member, rest: str, now: int) -> Told:
    """At once: nobody has to accept."""
    say, language = desk.texts.say, desk.staff_language
    reference, _, receiver_id = rest.partition(".")
    case = _held(tx, lead, reference)
    if case is None:
        return say(language, "assign-not-held", reference=reference), True
    receiver = next(
        (m for m in operator_hand_over.receivers(tx, case, case.holder) if m.id == receiver_id), None
    )
    if receiver is None:
        return say(language, "assign-no-slot", reference=reference), True
    if may_hold(tx, desk, receiver, case):
        return say(language, "assign-full", name=receiver.name, n=desk.terms.hold_limit), True
    if receiver.id == lead.id and (full := may_open(tx, desk, lead, case, now)):
        return full, True
    before = custody.holder_of(tx, case)
    if not operator_hand_over.move(tx, desk, case, receiver, now):
        return say(language, "assign-not-held", reference=reference), True
    audit.note(tx, Event.REASSIGNED, lead, now, case=case.case, whom=receiver.name)
    told = say(language, "assigned", reference=reference, name=receiver.name, lead=lead.name)
    for member in (before, receiver):
        if member is not None and member.id != lead.id:
            tell(tx, member, told, now)
    return told, True


def requeue(tx: Tx, desk: Desk, lead: Member, reference: str, now: int) -> Told:
    say, language = desk.texts.say, desk.staff_language
    case = _held(tx, lead, reference)
    if case is None or not custody.give_back(tx, case, Act.RELEASE, now):
        return say(language, "assign-not-held", reference=reference), True
    before = custody.holder_of(tx, case)
    audit.note(tx, Event.RELEASED, lead, now, case=case.case, whom=before.name if before else "")
    told = say(language, "requeued", reference=reference, lead=lead.name)
    if before is not None and before.id != lead.id:
        tell(tx, before, told, now)
    return told, True


def _held(tx: Tx, lead: Member, reference: str) -> Case | None:
    """The case, if somebody holds it and this is a lead, who may press in any old message of theirs."""
    case = cases.by_reference(tx, reference) if may(lead.role, Right.SEE_ALL_CASES) else None
    return case if case is not None and case.status is Status.CLAIMED else None
