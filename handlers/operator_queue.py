"""/queue and /next in an operator's private chat: what waits, filtered by what its cards show, and one case to take.

Only cases are offered that the operator's key opens. Nothing is remembered of who looks at what: a filter, and where
somebody has got to by skipping, stand in the buttons.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice

from handlers.cards import DAY, MARKS, card
from handlers.desk import Desk
from handlers.incoming import Incoming
from handlers.operator_filter import choices, in_words, matching, read, written
from handlers.operator_skipping import Skipped, pages_after
from handlers.outgoing import Answer, Button, Edit, Keyboard, Outgoing, Send
from handlers.queue import EVERYTHING, Look, Wanted, can_open
from handlers.unfinished import Entry
from intake.questionnaire import Level
from intake.triage import OLDEST_EVERY, age, is_oldests_turn
from storage import cases, meta
from storage.cases import Case
from storage.database import Tx
from storage.staff import Member

SHOWN = 8
ROOM = 3_200
"""Characters of a list's cards: well under what a message holds, whatever the script."""
OLDEST = ".o"
"""Ends the payload of what was offered because it has waited longest."""
VERBS = frozenset({"queue", "filter", "next", "skip", "take"})

Claim = Callable[[Tx, Desk, Member, str, int], tuple[str, bool]]
Screen = tuple[str, Keyboard]


async def command(desk: Desk, incoming: Incoming, member: Member) -> None:
    """/queue or /next, perhaps with words that say of what kind."""
    wanted = matching(desk, incoming.argument)
    now = desk.clock()
    if wanted is None:
        text = desk.texts.say(desk.staff_language, "filter-unknown", word=incoming.argument[:40])
        made: Screen = text, choices(desk, EVERYTHING, incoming.command)
    elif incoming.command == "next":
        made = await desk.db.read(lambda tx: _offer(tx, desk, member, wanted, now), long=True)
    else:
        made = await desk.db.read(lambda tx: _list(tx, desk, member, wanted, now), long=True)
    desk.post(incoming.chat_id, [Send(incoming.chat_id, *made)])


async def pressed(desk: Desk, incoming: Incoming, member: Member, claim: Claim) -> None:
    verb, _, rest = incoming.data.partition(".")
    code, _, rest = rest.partition(".")
    wanted, now = read(desk, code), desk.clock()
    if incoming.chat_type != "private" or incoming.message_id is None:
        desk.post(incoming.chat_id, [Answer(incoming.query_id)])
        return
    told = "", False
    match verb:
        case "take":
            told, made = await _take(desk, incoming, member, wanted, rest, claim)
        case "filter":
            back_to = "next" if rest == "next" else "queue"
            made = desk.texts.say(desk.staff_language, "filter-ask"), choices(desk, wanted, back_to)
        case "queue":
            made = await desk.db.read(lambda tx: _list(tx, desk, member, wanted, now), long=True)
        case _:
            skipped = Skipped.read(rest) if verb == "skip" else None
            made = await desk.db.read(lambda tx: _offer(tx, desk, member, wanted, now, skipped), long=True)
    calls: list[Outgoing] = [Answer(incoming.query_id, *told)]
    calls.append(Edit(incoming.chat_id, incoming.message_id, *made))
    desk.post(incoming.chat_id, calls)
    desk.wake()


async def _take(
    desk: Desk, incoming: Incoming, member: Member, wanted: Wanted, offered: str, claim: Claim
) -> tuple[tuple[str, bool], Screen]:
    """Claim what /next has offered. If somebody was faster, the next one is offered at once."""
    now = desk.clock()
    reference, _, as_oldest = offered.partition(".")

    def work(tx: Tx) -> tuple[tuple[str, bool], bool]:
        before = cases.by_reference(tx, reference)
        if before is not None and before.holder == member.id:
            return ("", False), True
        if not meta.first_time(tx, incoming.update_id, now // DAY):
            return ("", False), False
        told = claim(tx, desk, member, reference, now)
        after = cases.by_reference(tx, reference)
        mine = after is not None and after.holder == member.id
        if after is not None and mine and after.facts.level is not Level.EMERGENCY:
            _count_taking(tx, as_oldest=bool(as_oldest))
        return told, mine

    told, mine = await desk.db.write(work)
    if mine:
        say, language = desk.texts.say, desk.staff_language
        button = Button(say(language, "next-case-button"), f"next.{written(desk, wanted)}")
        return told, (say(language, "next-taken", reference=reference), ((button,),))
    return told, await desk.db.read(lambda tx: _offer(tx, desk, member, wanted, now), long=True)


def _count_taking(tx: Tx, *, as_oldest: bool) -> None:
    """The turn of whoever has waited longest stays theirs until they are taken, whatever else is taken meanwhile."""
    takings = _takings(tx)
    over = as_oldest and is_oldests_turn(takings)
    meta.put(tx, meta.TAKINGS, str(0 if over else min(takings + 1, OLDEST_EVERY - 1)).encode())


def _takings(tx: Tx) -> int:
    return int(meta.get(tx, meta.TAKINGS) or b"0")


# The list.


def _list(tx: Tx, desk: Desk, member: Member, wanted: Wanted, now: int) -> Screen:
    look = desk.queue.look(tx, now, desk.terms.service)
    found = look.queue(wanted)
    if not found:
        return _nothing(desk, look, wanted, "queue")
    parts, keyboard, room = (
        [_counts(desk, look.counted(wanted)), *_filtered(desk, wanted)],
        list[tuple[Button, ...]](),
        ROOM,
    )
    for entry in islice(can_open(tx, found, member.public_key), SHOWN):
        case = cases.sound(tx, entry.case)
        if case is None:
            continue
        text, buttons = card(desk, case, "", now)
        room -= len(text)
        if room < 0 and keyboard:
            break
        parts.append(text)
        keyboard += [tuple(Button(f"{b.text} {case.reference}", b.data) for b in row) for row in buttons]
    if not keyboard:
        parts.append(desk.texts.say(desk.staff_language, "queue-none-opens"))
    elif len(keyboard) < len(found):
        parts.append(desk.texts.say(desk.staff_language, "queue-more"))
    return "\n\n".join(parts), (*keyboard, _below(desk, wanted, "queue"))


def _counts(desk: Desk, counted: Mapping[Level, int]) -> str:
    say, language = desk.texts.say, desk.staff_language
    each = [
        f"{MARKS[level]} {say(language, f'level-{level}')}: {counted[level]}"
        for level in Level
        if counted.get(level)
    ]
    return "\n".join([say(language, "queue-count", n=sum(counted.values())), *each])


def _filtered(desk: Desk, wanted: Wanted) -> list[str]:
    if wanted == EVERYTHING:
        return []
    return [desk.texts.say(desk.staff_language, "queue-only", what=in_words(desk, wanted))]


def _nothing(desk: Desk, look: Look, wanted: Wanted, verb: str) -> Screen:
    say, language = desk.texts.say, desk.staff_language
    if not look.open:
        return say(language, "queue-empty"), ()
    return say(language, "queue-no-match", what=in_words(desk, wanted)), (_below(desk, wanted, verb),)


def _below(desk: Desk, wanted: Wanted, verb: str) -> tuple[Button, ...]:
    say, language = desk.texts.say, desk.staff_language
    again = Button(say(language, "queue-refresh-button"), f"{verb}.{written(desk, wanted)}")
    return (_filter(desk, wanted, verb), again)


def _filter(desk: Desk, wanted: Wanted, verb: str) -> Button:
    """`verb`: where a choice leads back to, the list or one case."""
    label = desk.texts.say(desk.staff_language, "filter-button")
    return Button(label, f"filter.{written(desk, wanted)}.{verb}")


# One case.


def _offer(
    tx: Tx, desk: Desk, member: Member, wanted: Wanted, now: int, skipped: Skipped | None = None
) -> Screen:
    look = desk.queue.look(tx, now, desk.terms.service)
    found = look.queue(wanted)
    if not found:
        return _nothing(desk, look, wanted, "next")
    pages = pages_after(tx, look, found, skipped)
    entry = next(can_open(tx, pages.left, member.public_key), None)
    out_of_turn = False
    if entry is not None and skipped is None and wanted == EVERYTHING and is_oldests_turn(_takings(tx)):
        entry, out_of_turn = _oldest(tx, found, entry, member)
    case = cases.sound(tx, entry.case) if entry is not None else None
    if case is None or entry is None:
        say, language = desk.texts.say, desk.staff_language
        return say(language, "next-end" if skipped else "queue-none-opens"), (_below(desk, wanted, "next"),)
    got_to = Skipped(case.reference, 0) if out_of_turn else pages.at(entry, now)
    return _offered(desk, case, wanted, got_to, len(found) - 1, now)


def _oldest(tx: Tx, found: Sequence[Entry], first: Entry, member: Member) -> tuple[Entry, bool]:
    if first.waiting.level is Level.EMERGENCY:
        return first, False
    by_age = sorted(found, key=lambda entry: age(entry.waiting))
    return next(can_open(tx, by_age, member.public_key), first), True


def _offered(desk: Desk, case: Case, wanted: Wanted, skipped: Skipped, others: int, now: int) -> Screen:
    say, language, code = desk.texts.say, desk.staff_language, written(desk, wanted)
    parts = [card(desk, case, "", now)[0], *_filtered(desk, wanted)]
    oldest = not skipped.begun
    if oldest:
        parts.append(say(language, "next-oldest"))
    parts.append(say(language, "next-others" if others else "next-no-other", n=others))
    buttons = (
        Button(say(language, "claim-button"), f"take.{code}.{case.reference}{OLDEST if oldest else ''}"),
        Button(say(language, "next-skip-button"), f"skip.{code}.{skipped}"),
    )
    return "\n\n".join(parts), (buttons, (_filter(desk, wanted, "next"),))
