"""What an admin does in the chat: counts, people, keys to confirm, the pause."""

from __future__ import annotations

from collections.abc import Callable

from handlers import admin_audit, admin_blocked, admin_undelivered, late_joiners, stats
from handlers.desk import Desk
from handlers.enrolment import key_button
from handlers.incoming import Incoming, Kind
from handlers.menus import menu_of
from handlers.outgoing import Answer, Button, Edit, Send
from intake.roles import needs_key
from intake.trail import Event
from storage import audit, meta, outbox, staff
from storage.database import Tx
from storage.keywords import key_words
from storage.outbox import Job, Task
from storage.sealing import key_id
from storage.staff import Member

DAY = 86_400


async def take_turn(desk: Desk, incoming: Incoming, member: Member) -> None:
    if incoming.kind is Kind.PRESS and incoming.data.startswith(admin_blocked.PREFIX):
        await admin_blocked.lift(desk, incoming, member)
    elif incoming.kind is Kind.PRESS and incoming.data.startswith(admin_audit.PREFIX):
        await admin_audit.turn_page(desk, incoming)
    elif incoming.kind is Kind.PRESS and incoming.data.startswith(stats.PREFIX):
        await stats.take(desk, incoming, member)
    elif incoming.kind is Kind.PRESS:
        await _pressed(desk, incoming, member)
    elif incoming.kind is Kind.COMMAND and incoming.command == "stats":
        await stats.take(desk, incoming, member)
    elif incoming.kind is Kind.COMMAND and incoming.command == "people":
        await _people(desk, incoming)
    elif incoming.kind is Kind.COMMAND and incoming.command == "blocked":
        await admin_blocked.show(desk, incoming)
    elif incoming.kind is Kind.COMMAND and incoming.command == "undelivered":
        await admin_undelivered.show(desk, incoming)
    elif incoming.kind is Kind.COMMAND and incoming.command == "audit":
        await admin_audit.show(desk, incoming)
    elif incoming.kind is Kind.COMMAND and incoming.command == "pause":
        await _pause(desk, incoming, member)
    elif incoming.kind is Kind.COMMAND and incoming.command == "resume":
        await _resume(desk, incoming, member)
    elif incoming.kind is Kind.COMMAND and incoming.command == "verify":
        recovery = await desk.db.read(lambda tx: meta.get(tx, meta.RECOVERY_KEY))
        words = " ".join(key_words(recovery)) if recovery else "—"
        _send(desk, incoming, desk.texts.say(desk.staff_language, "recovery-words", words=words))
    else:
        _send(desk, incoming, desk.texts.say(desk.staff_language, "admin-help", name=member.name))


async def _people(desk: Desk, incoming: Incoming) -> None:
    say, language = desk.texts.say, desk.staff_language
    members = await desk.db.read(staff.everyone)
    lines = [say(language, "people-title", n=len(members))]
    buttons: list[tuple[Button, ...]] = []
    for one in members:
        lines += ["", f"{one.name} · {say(language, f'role-{one.role}')} · {say(language, _state(one))}"]
        key = one.offered or one.public_key
        if key:
            lines.append(" ".join(key_words(key)))
        if one.claims:
            known = next((each.name for each in members if each.public_key == one.claims), "—")
            lines.append(say(language, "claims-key", known=known))
        if one.offered:
            label = say(language, "confirm-name-button", name=one.name)
            buttons.append((Button(label, key_button("yes", one.id, one.offered)),))
    desk.post(incoming.chat_id, [Send(incoming.chat_id, "\n".join(lines)[:4_000], tuple(buttons))])


def _state(member: Member) -> str:
    if not needs_key(member.role):
        return "state-active"
    if member.offered:
        return "state-unconfirmed"
    if member.public_key is None:
        return "state-no-key"
    return "state-active" if member.chat is not None else "state-no-account"


async def _pause(desk: Desk, incoming: Incoming, admin: Member) -> None:
    notice = incoming.argument.strip()[:500]

    def work(tx: Tx) -> None:
        meta.put(tx, meta.PAUSED, notice.encode())
        audit.note(tx, Event.PAUSED, admin, desk.clock())

    await _once(desk, incoming, work)
    _send(desk, incoming, desk.texts.say(desk.staff_language, "paused"))


async def _resume(desk: Desk, incoming: Incoming, admin: Member) -> None:
    def work(tx: Tx) -> None:
        meta.drop(tx, meta.PAUSED)
        audit.note(tx, Event.RESUMED, admin, desk.clock())

    await _once(desk, incoming, work)
    _send(desk, incoming, desk.texts.say(desk.staff_language, "resumed"))


async def _once(desk: Desk, incoming: Incoming, work: Callable[[Tx], None]) -> None:
    """An update that comes again, perhaps after another admin's, changes nothing."""
    day = desk.clock() // DAY
    await desk.db.write(lambda tx: work(tx) if meta.first_time(tx, incoming.update_id, day) else None)


async def _pressed(desk: Desk, incoming: Incoming, admin: Member) -> None:
    say, language = desk.texts.say, desk.staff_language
    kind, _, rest = incoming.data.partition(".")
    verdict, _, whose = rest.partition(".")
    member_id, _, key = whose.partition(".")
    if kind != "key" or verdict not in {"yes", "no"}:
        desk.post(incoming.chat_id, [Answer(incoming.query_id)])
        return
    now = desk.clock()

    def work(tx: Tx) -> Member | None:
        member = staff.by_id(tx, member_id)
        if not meta.first_time(tx, incoming.update_id, now // DAY):
            return None
        if member is None or member.offered is None:
            return None
        if key_id(member.offered).hex() != key:  # another key was sent since these words were shown
            return None
        if verdict == "yes":
            member = staff.accept(tx, member)
        else:
            staff.refuse(tx, member)
        if member is not None:
            settled = Event.KEY_CONFIRMED if verdict == "yes" else Event.KEY_REFUSED
            audit.note(tx, settled, admin, now, whom=member.name)
        if member is not None and verdict == "yes":
            late_joiners.tell_leads(tx, desk, member, now)
        if member is not None and member.chat is not None:
            told = say(language, "key-confirmed" if verdict == "yes" else "key-refused", name=member.name)
            outbox.add(tx, Job(Task.SEND, now, chat=member.chat, text=told))
        return member

    member = await desk.db.write(work)
    if member is None:
        desk.post(incoming.chat_id, [Answer(incoming.query_id, say(language, "key-settled"), alert=True)])
        return
    desk.wake()
    menu = menu_of(desk, member) if verdict == "yes" else None
    if menu is not None:
        desk.post(menu.chat, [menu])
    text = say(language, "key-confirmed-admin" if verdict == "yes" else "key-refused-admin", name=member.name)
    calls: list[Answer | Edit] = [Answer(incoming.query_id, text)]
    if incoming.message_id is not None:
        calls.append(Edit(incoming.chat_id, incoming.message_id, text))
    desk.post(incoming.chat_id, calls)


def _send(desk: Desk, incoming: Incoming, text: str) -> None:
    desk.post(incoming.chat_id, [Send(incoming.chat_id, text)])
