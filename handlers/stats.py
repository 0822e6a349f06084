"""/stats: how many asked this month and before, as a picture with a few lines under it, and the parts of whole months.

Totals are exact, to this moment. Breakdowns show what `handlers.showing` lets through, because chats leak.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from handlers.chart import Chart, Line, draw
from handlers.desk import Desk
from handlers.incoming import Incoming
from handlers.outgoing import Answer, Button, Edit, EditPhoto, Keyboard, Outgoing, Send, SendPhoto
from handlers.showing import cases_said, finest, remember, told_of_people, told_of_totals
from handlers.texts import LANGUAGES
from handlers.wording import Wording
from intake.breakdowns import Breakdown, breakdowns, total
from intake.comparing import change, share
from intake.counts import PERSONS, REQUESTS, earlier, month_of
from intake.kinship import table_of
from intake.periods import QUARTER, YEAR, Period, a_year_before, before, until
from intake.tables import Protected
from storage import tallies
from storage.staff import Member
from storage.tallies import Known

PREFIX = "stats."
LENGTHS = (1, QUARTER, YEAR)
ABOUT = "about"
MAX_CAPTION = 1_000
"""UTF-16 units, below Telegram's 1,024."""
MAX_TEXT = 4_000
"""Of a message without a picture; below 4,096."""


@dataclass(frozen=True, slots=True)
class View:
    """What an admin looks at: so many months, and by what they are broken down ("" is not at all)."""

    length: int = 1
    by: str = ""
    on_picture: bool = False
    """The message whose button was pressed has a picture: another can take its place."""

    @property
    def data(self) -> str:
        return f"{PREFIX}{'p' if self.on_picture else 't'}{self.length}.{self.by}"


def view_of(data: str) -> View | None:
    """None for a press that is none of ours."""
    found = re.fullmatch(r"([pt])([0-9]{1,2})\.([a-z0-9-]*)", data.removeprefix(PREFIX))
    if found is None or int(found[2]) not in LENGTHS:
        return None
    return View(int(found[2]), found[3], found[1] == "p")


async def take(desk: Desk, incoming: Incoming, member: Member) -> None:
    """The command, or a press on one of its buttons."""
    words = Wording(desk.texts, _language(desk, member), desk.questionnaire)
    if incoming.data == PREFIX + ABOUT:
        text = words.say("stats-definitions", below=desk.terms.suppress_below)
        desk.post(incoming.chat_id, [Answer(incoming.query_id), Send(incoming.chat_id, text)])
        return
    view = view_of(incoming.data) if incoming.data else View()
    known = await desk.db.read(tallies.known)
    offered = breakdowns(desk.questionnaire, known.settled)
    by = next((each for each in offered if view is not None and each.id == view.by), None)
    if view is None or (view.by and by is None):  # a forged press, or a question that is no longer asked
        desk.post(incoming.chat_id, [Answer(incoming.query_id)])
        return
    if incoming.query_id:
        desk.post(incoming.chat_id, [Answer(incoming.query_id)])

    async def show() -> None:
        caption, chart = await (
            _totals(desk, words, known, view) if by is None else _parts(desk, words, known, view, by)
        )
        picture = await draw(chart) if chart is not None else None
        keyboard = _keyboard(words, replace(view, on_picture=picture is not None), offered)
        desk.post(incoming.chat_id, [_call(incoming, view, caption, picture, keyboard)])

    def failed() -> None:
        desk.post(incoming.chat_id, [Send(incoming.chat_id, words.say("stats-failed"))])

    desk.aside.begin(incoming.chat_id, show, failed)


def _call(
    incoming: Incoming, view: View, caption: str, picture: bytes | None, keyboard: Keyboard
) -> Outgoing:
    """A picture takes a picture's place. Where one of the two messages has none, a new message comes."""
    chat, message = incoming.chat_id, incoming.message_id
    fits = _fitting(caption, MAX_TEXT if picture is None else MAX_CAPTION)
    if incoming.query_id and message is not None:
        if picture is not None and view.on_picture:
            return EditPhoto(chat, message, picture, fits, keyboard)
        if picture is None and not view.on_picture:
            return Edit(chat, message, fits, keyboard)
    return Send(chat, fits, keyboard) if picture is None else SendPhoto(chat, picture, fits, keyboard)


def _language(desk: Desk, member: Member) -> str:
    return member.language if member.language in LANGUAGES else desk.staff_language


async def _totals(desk: Desk, words: Wording, known: Known, view: View) -> tuple[str, Chart]:
    this = month_of(desk.clock())
    last = earlier(this, 1)
    first, covers, shown = known.first or this, known.covers, list[Period]()

    def number(period: Period) -> int:
        shown.append(period)
        return known.total(period)

    def line(period: Period) -> str:
        return words.say("stats-line", period=words.label(period), n=number(period))

    def against(period: Period, other: Period) -> str:
        if not covers(other):
            return line(period)
        now, base = number(period), number(other)
        percent = change(now, base)
        said = words.say(
            "stats-against", period=words.label(period), n=now, before=words.label(other), base=base
        )
        return said if percent is None else f"{said} ({percent:+d}\N{NO-BREAK SPACE}%)".replace("-", "−")

    so_far = words.say(
        "stats-line", period=f"{words.label((this,))} {words.say('stats-so-far')}", n=number((this,))
    )
    period = until(last, view.length)
    lines = [_title(desk, words), "", so_far]
    whole = [period, until(last, QUARTER)] if view.length == 1 else [period]
    lines += [against(each, before(each)) for each in whole if covers(each)]
    year_ago = a_year_before((this,) if view.length == 1 else period)
    lines += [line(year_ago)] if covers(year_ago) else []
    if covers((last,)):
        cases = (await cases_said(desk.db, known, [(last,)], desk.terms.suppress_below)).get((last,))
        lines += ["", words.say(
            "stats-people", period=words.label((last,)), n=known.total((last,), PERSONS),
            cases=words.say("stats-hidden") if cases is None else cases,
        )]  # fmt: skip
        await remember(desk.db, [told_of_people(known, [(last,)])])
    if first >= a_year_before(until(this, YEAR))[0]:  # it has an empty mark in the picture
        lines.append(words.say("stats-since", period=words.label((first,))))
    chart = _line_chart(desk, words, known, this)
    shown += [(month,) for month in (*until(this, YEAR), *a_year_before(until(this, YEAR))) if month >= first]
    await remember(desk.db, [told_of_totals(known, shown)])
    return "\n".join(lines), chart


def _line_chart(desk: Desk, words: Wording, known: Known, this: str) -> Chart:
    months = until(this, YEAR)
    first = known.first or this

    def values(period: Period) -> tuple[int | None, ...]:
        return tuple(known.counts[month, REQUESTS] if month >= first else None for month in period)

    labels = tuple(
        words.under_a_chart(month, with_year=at == 0 or month.endswith("-01"))
        for at, month in enumerate(months)
    )
    older = a_year_before(months)
    lines = (
        Line(words.say("stats-last-twelve"), values(months), open_end=True, open_start=first in months),
        Line(words.say("stats-year-before"), values(older), open_start=first in older),
    )
    return Chart(_title(desk, words), labels, lines)


async def _parts(
    desk: Desk, words: Wording, known: Known, view: View, by: Breakdown
) -> tuple[str, Chart | None]:
    below = desk.terms.suppress_below
    head = f"{desk.terms.organisation} · {words.question(by.id)}"
    if known.over is None:
        return f"{head}\n\n{words.say('stats-no-month')}", None
    table = table_of(known.settled, desk.questionnaire, by, (until(known.over, view.length),), known.over)
    shown, refused = await finest(desk.db, table, below)
    if shown.refusal is not None:
        return f"{head}\n\n{words.say(f'stats-refused-{shown.refusal.reason}', below=below)}", None
    said = [words.say("stats-coarser")] if refused is not None else []
    return _described(words, head, by, shown, said, below)


def _described(
    words: Wording, head: str, by: Breakdown, shown: Protected, said: list[str], below: int
) -> tuple[str, Chart]:
    period = shown.table.periods[-1]
    whole = sum(total(shown.table.counts, by.id, month) for month in period)
    labels, numbers, texts = [], shown.cells[-1], []
    for column, number in zip(shown.table.columns, numbers, strict=True):
        labels.append(words.options(by.id, column))
        percent = None if number is None else share(number, whole)
        texts.append(
            words.say("stats-hidden")
            if number is None
            else f"{number}" + ("" if percent is None else f" · {percent}\N{NO-BREAK SPACE}%")
        )
    lines = [head, words.say("stats-line", period=words.label(period), n=whole), ""]
    lines += [f"{label}: {text}" for label, text in zip(labels, texts, strict=True)]
    notes = said + ([] if by.exclusive else [words.say("stats-overlap")])
    if None in numbers:
        notes.append(words.say("stats-hidden-note", below=below))
    chart = Chart(
        f"{words.question(by.id)}: {words.label(period)}",
        tuple(labels),
        bars=numbers,
        bar_texts=tuple(texts),
        note=" ".join(notes),
    )
    return "\n".join([*lines, *(["", *notes] if notes else [])]), chart


def _fitting(text: str, most: int) -> str:
    """Without its last lines, if it is too long. Below a picture that is no loss: the picture has them."""
    while len(text.encode("utf-16-le")) // 2 > most:
        text = text[: text.rstrip("\n").rfind("\n")] if "\n" in text else text[: most // 2]
    return text


def _title(desk: Desk, words: Wording) -> str:
    return words.say("stats-title", organisation=desk.terms.organisation)


def _keyboard(words: Wording, view: View, offered: Sequence[Breakdown]) -> Keyboard:
    names = ("stats-month-button", "stats-quarter-button", "stats-year-button")
    lengths = tuple(
        _button(words.say(name), replace(view, length=length), view)
        for name, length in zip(names, LENGTHS, strict=True)
    )
    parts = [_button(words.say("stats-all-button"), replace(view, by=""), view)]
    parts += [_button(words.question(each.id), replace(view, by=each.id), view) for each in offered]
    rows = [tuple(parts[at : at + 2]) for at in range(0, len(parts), 2)]
    return (lengths, *rows, (Button(words.say("stats-about-button"), PREFIX + ABOUT),))


def _button(label: str, leads_to: View, now: View) -> Button:
    return Button(f"• {label}" if leads_to == now else label, leads_to.data)
