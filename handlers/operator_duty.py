"""/duty: who is on duty is rung first, and stands on the board by pseudonym. It ends by itself: people forget."""

from __future__ import annotations

from handlers.cards import DAY
from handlers.desk import Desk
from handlers.incoming import Incoming
from handlers.outgoing import Answer, Button, Edit, Keyboard, Outgoing, Send
from intake.questionnaire import Level
from intake.trail import Event
from storage import audit, meta, outbox, staff
from storage.database import Tx
from storage.outbox import Job, Task
from storage.staff import Member

HOUR = 3_600
Screen = tuple[str, Keyboard]


async def command(desk: Desk, incoming: Incoming, member: Member) -> None:
    now = desk.clock()
    made = await desk.db.read(lambda tx: _screen(tx, desk, member, now), long=True)
    desk.post(incoming.chat_id, [Send(incoming.chat_id, *made)])


async def pressed(desk: Desk, incoming: Incoming, member: Member) -> None:
    if incoming.chat_type != "private" or incoming.message_id is None:
        desk.post(incoming.chat_id, [Answer(incoming.query_id)])
        return
    now, begins = desk.clock(), incoming.data == "duty.on"

    def work(tx: Tx) -> Member:
        if meta.first_time(tx, incoming.update_id, now // DAY):
            _change(tx, desk, member, begins, now)
        return staff.by_id(tx, member.id) or member

    changed = await desk.db.write(work)
    made = await desk.db.read(lambda tx: _screen(tx, desk, changed, now), long=True)
    calls: list[Outgoing] = [Answer(incoming.query_id), Edit(incoming.chat_id, incoming.message_id, *made)]
    desk.post(incoming.chat_id, calls)
    desk.wake()


def _change(tx: Tx, desk: Desk, member: Member, begins: bool, now: int) -> None:
    until = now + desk.terms.duty_seconds if begins else 0
    staff.set_duty(tx, member.id, until)
    audit.note(tx, Event.DUTY_ON if begins else Event.DUTY_OFF, member, now)
    if begins:
        outbox.add(tx, Job(Task.DUTY_ENDS, until, tag=member.id))


def ended(tx: Tx, desk: Desk, job: Job) -> Send | None:
    """Their hours are over: they are told, unless they went off duty or began anew since."""
    member = staff.by_id(tx, job.tag)
    if member is None or member.chat is None or member.duty_until != (job.since or job.due):
        return None
    hours = desk.terms.duty_seconds // HOUR
    text = desk.texts.say(desk.staff_language, "duty-ended", n=hours)
    button = Button(desk.texts.say(desk.staff_language, "duty-on-button"), "duty.on")
    return Send(member.chat, text, ((button,),))


def _screen(tx: Tx, desk: Desk, member: Member, now: int) -> Screen:
    say, language = desk.texts.say, desk.staff_language
    on = member.duty_until > now
    hours = -(-(member.duty_until - now) // HOUR)
    parts = [say(language, "duty-is-on", n=hours) if on else say(language, "duty-is-off")]
    names = [each.name for each in staff.on_duty(tx, now)]
    if names:
        parts.append(say(language, "board-duty", names=", ".join(names)))
    waiting = desk.queue.look(tx, now, desk.terms.service).open
    pressing = sum(entry.waiting.level is Level.EMERGENCY for entry in waiting)
    rows = [
        (
            Button(
                say(language, "duty-off-button" if on else "duty-on-button"), f"duty.{'off' if on else 'on'}"
            ),
        )
    ]
    if pressing and on:
        parts.append(say(language, "duty-emergencies", n=pressing))
        rows.append((Button(say(language, "next-case-button"), "next.e--"),))
    return "\n\n".join(parts), tuple(rows)
