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
from handlers.showing import finest, remember
from handlers.texts import LANGUAGES
from handlers.wording import Wording
from intake.breakdowns import Breakdown, breakdowns, cases_shown, cells, told_by_cases, total
from intake.comparing import change, share
from intake.counts import PERSONS, REQUESTS, earlier, month_of
from intake.periods import QUARTER, YEAR, Period, a_year_before, before, until
from intake.tables import Protected, Table
from storage import tallies
from storage.staff import Member
from storage.tallies import Known

PREFIX = "stats."
LENGTHS = (1, QUARTER, YEAR)
ABOUT = "about"
MAX_CAPTION = 1_000
"""UTF-16 units, below Telegram's 1,024."""


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
    chart: Chart | None
    if by is None:
        last = earlier(month_of(desk.clock()), 1)
        if _cases(desk, known, last) is not None:
            await remember(desk.db, told_by_cases(known.settled, [(last,)]))
        caption, chart = _totals(desk, words, known, view)
    else:
        caption, chart = await _parts(desk, words, known, view, by)
    picture = await draw(chart) if chart is not None else None
    keyboard = _keyboard(words, replace(view, on_picture=picture is not None), offered)
    desk.post(incoming.chat_id, _calls(incoming, view, caption, picture, keyboard))


def _calls(
    incoming: Incoming, view: View, caption: str, picture: bytes | None, keyboard: Keyboard
) -> Sequence[Outgoing]:
    """A picture takes a picture's place. Where one of the two messages has none, a new message comes."""
    chat, message = incoming.chat_id, incoming.message_id
    if not incoming.query_id or message is None:
        return [_new(chat, caption, picture, keyboard)]
    answer = Answer(incoming.query_id)
    if picture is not None and view.on_picture:
        return [answer, EditPhoto(chat, message, picture, caption, keyboard)]
    if picture is None and not view.on_picture:
        return [answer, Edit(chat, message, caption, keyboard)]
    return [answer, _new(chat, caption, picture, keyboard)]


def _new(chat: int, caption: str, picture: bytes | None, keyboard: Keyboard) -> Outgoing:
    if picture is None:
        return Send(chat, caption, keyboard)
    return SendPhoto(chat, picture, caption, keyboard)


def _language(desk: Desk, member: Member) -> str:
    return member.language if member.language in LANGUAGES else desk.staff_language


def _totals(desk: Desk, words: Wording, known: Known, view: View) -> tuple[str, Chart]:
    this = month_of(desk.clock())
    last = earlier(this, 1)
    first, covers = known.first or this, known.covers

    def line(period: Period) -> str:
        return words.say("stats-line", period=words.label(period), n=known.total(period))

    def against(period: Period, other: Period) -> str:
        if not covers(other):
            return line(period)
        now, base = known.total(period), known.total(other)
        percent = change(now, base)
        said = words.say(
            "stats-against", period=words.label(period), n=now, before=words.label(other), base=base
        )
        return said if percent is None else f"{said} ({percent:+d}\N{NO-BREAK SPACE}%)".replace("-", "−")

    so_far = words.say(
        "stats-line", period=f"{words.label((this,))} {words.say('stats-so-far')}", n=known.total((this,))
    )
    period = until(last, view.length)
    lines = [_title(desk, words), "", so_far]
    whole = [period, until(last, QUARTER)] if view.length == 1 else [period]
    lines += [against(each, before(each)) for each in whole if covers(each)]
    year_ago = a_year_before((this,) if view.length == 1 else period)
    lines += [line(year_ago)] if covers(year_ago) else []
    if covers((last,)):
        cases = _cases(desk, known, last)
        shown = words.say("stats-hidden") if cases is None else cases
        people = known.total((last,), PERSONS)
        lines += ["", words.say("stats-people", period=words.label((last,)), n=people, cases=shown)]
    if first > a_year_before(period)[0]:
        lines.append(words.say("stats-since", period=words.label((first,))))
    return "\n".join(lines), _line_chart(desk, words, known, this)


def _cases(desk: Desk, known: Known, month: str) -> int | None:
    return cases_shown(known.settled, (month,), known.over, desk.terms.suppress_below)


def _line_chart(desk: Desk, words: Wording, known: Known, this: str) -> Chart:
    months = until(this, YEAR)
    first = known.first or this

    def values(period: Period) -> tuple[int | None, ...]:
        return tuple(known.counts[month, REQUESTS] if month >= first else None for month in period)

    labels = tuple(
        words.under_a_chart(month, with_year=at == 0 or month.endswith("-01"))
        for at, month in enumerate(months)
    )
    lines = (
        Line(words.say("stats-last-twelve"), values(months), open_end=True),
        Line(words.say("stats-year-before"), values(a_year_before(months))),
    )
    return Chart(_title(desk, words), labels, lines)


async def _parts(
    desk: Desk, words: Wording, known: Known, view: View, by: Breakdown
) -> tuple[str, Chart | None]:
    below = desk.terms.suppress_below
    head = f"{desk.terms.organisation} · {words.question(by.id)}"
    if known.over is None:
        return f"{head}\n\n{words.say('stats-no-month')}", None
    table = Table(
        periods=(until(known.over, view.length),),
        counts=cells(known.settled, by),
        question=by.id,
        columns=tuple((option,) for option in by.options),
        exclusive=by.exclusive,
        over=known.over,
    )
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
    return _fitting("\n".join([*lines, *(["", *notes] if notes else [])])), chart


def _fitting(caption: str) -> str:
    while len(caption.encode("utf-16-le")) // 2 > MAX_CAPTION:  # the picture says it all
        caption = caption[: caption.rstrip("\n").rfind("\n")] if "\n" in caption else caption[:MAX_CAPTION]
    return caption


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
