"""What a report says: numbers of a period beside others, the parts, the sentences, and what a reader can work out.

Everything that is handed out was checked against what was shown before, and is recorded (`handlers.showing`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from handlers import wording
from handlers.showing import cases_said, finest, protected, remember, told_of_people
from handlers.wording import Wording
from intake.breakdowns import OUTCOME_ID, Breakdown, breakdowns, cells
from intake.breakdowns import total as breakdown_total
from intake.comparing import record, share
from intake.counts import PERSONS, REQUESTS, earlier, month_of
from intake.errors import PosternError
from intake.external import External
from intake.kinship import table_of
from intake.lifecycle import Status
from intake.periods import Period, a_year_before, before, months, until, year_to_date
from intake.tables import Cell, Follows, Protected, Table
from storage import cases, tallies
from storage.database import Database, Tx
from storage.tallies import Known

KEPT, MISSED = "service.kept.", "service.missed."
SERVICE = "~service"
"""As a question, which no questionnaire can have."""
USUAL_LENGTH = 3
"""Months, if none are named."""


@dataclass(frozen=True, slots=True)
class Asked:
    first: str | None
    last: str | None
    by: str | None
    each_month: bool
    beside: External | None
    round_to: int | None
    """Numbers of a breakdown are multiples of this."""
    as_picture: bool = False
    """It shows every month of the period, unless that is broken down."""


@dataclass(frozen=True, slots=True)
class Row:
    """One number of requests, and which it is."""

    what: str
    period: Period
    n: int
    people: int | None
    """Of one month only: who came in two months is one person in each."""
    cases: int | None
    """None: hidden, or it would tell how few were tests or duplicates."""


@dataclass(frozen=True, slots=True)
class Parts:
    by: Breakdown
    periods: tuple[Period, ...]
    totals: tuple[int, ...]
    options: tuple[tuple[str, tuple[int | None, ...]], ...]
    """Label, and for each period a number or None: hidden."""


@dataclass(slots=True)
class Report:
    words: Wording
    period: Period
    rows: list[Row]
    sentences: list[str]
    series: dict[str, int] = field(default_factory=dict)
    """The period's months, for a picture."""
    begins: str | None = None
    """The month of the period in which counting began."""
    running: str | None = None
    """A month in it that isn't over."""
    parts: Parts | None = None
    remarks: list[str] = field(default_factory=list)
    """Why something is not shown, and what follows from what is."""
    kept: tuple[int, int] | None = None
    """Answered in time, of so many."""
    waiting: dict[str, int | None] = field(default_factory=dict)
    """Requests at this moment that are not closed: all, and by status unless one of these numbers is small."""
    beside: External | None = None
    ours: list[int | None] = field(default_factory=list)
    """Our requests in the periods of `beside`."""


def _look(tx: Tx) -> tuple[Known, dict[str, int]]:
    waiting = {status.value: cases.count(tx, status) for status in Status if status is not Status.CLOSED}
    return tallies.known(tx), waiting


def _waiting(found: dict[str, int], below: int) -> dict[str, int | None]:
    small = any(n < below for n in found.values())
    return {"all": sum(found.values())} | {status: None if small else n for status, n in found.items()}


async def make(db: Database, words: Wording, asked: Asked, now: int, below: int) -> Report:
    """Raises PosternError, one line, for what can't be asked."""
    known, waiting = await db.read(_look)
    if known.first is None:
        raise PosternError("Nothing has been counted yet.")
    this = month_of(now)
    period = _period(asked, this, known.first)
    if not period or period[-1] > this or period[0] < known.first:
        raise PosternError(f"There are counts from {known.first} to {this} only.")
    named = _named(known, period, this, each_month=asked.each_month)
    closed = await cases_said(db, known, [each for _, each in named], below)
    rows = _rows(known, named, closed)
    report = Report(words, period, rows, _sentences(known, words, period, this))
    report.series = {month: known.counts[month, REQUESTS] for month in period}
    report.running = this if this in period else None
    report.begins = known.first if known.first in period else None
    report.waiting = _waiting(waiting, below)
    report.kept = await _kept(db, known, period, below)
    if report.kept is not None and (percent := share(*report.kept)) is not None:
        n, total = report.kept
        report.sentences.append(
            words.say("say-kept", period=words.within(period), n=n, total=total, percent=percent)
        )
    if asked.beside is not None:
        report.beside = asked.beside
        report.ours = [
            known.total(each) if known.covers(each) and each[-1] < this else None
            for each, _ in asked.beside.rows
        ]
    await remember(db, [told_of_people(known, [row.period for row in rows if row.people is not None])])
    if asked.by is not None:
        await _break_down(db, known, report, asked, below)
    totals = Table(_shown(known, report, asked), cells(known.counts), over=known.over or "")
    report.remarks[:0] = _following(words, (await protected(db, totals, below)).warnings)
    return report


def _shown(known: Known, report: Report, asked: Asked) -> tuple[Period, ...]:
    """The periods whose totals are told, wherever in the report."""
    found = [row.period for row in report.rows]
    if asked.beside is not None:
        rows = zip(asked.beside.rows, report.ours, strict=True)
        found += [period for (period, _), ours in rows if ours is not None]
    if asked.as_picture and report.parts is None:
        found += [(month,) for month in report.series]
    year = year_to_date(report.period[-1])
    return tuple(dict.fromkeys(found + ([year] if known.covers(year) else [])))


def _period(asked: Asked, this: str, counted_from: str) -> Period:
    try:
        last = earlier(asked.last or max(asked.first or counted_from, earlier(this, 1)), 0)
        if asked.first:
            return months(asked.first, last)
        return tuple(month for month in until(last, USUAL_LENGTH) if month >= counted_from)
    except ValueError as error:
        raise PosternError(f"--from and --to: {error}, like 2023-06.") from None


def _named(known: Known, period: Period, this: str, *, each_month: bool) -> list[tuple[str, Period]]:
    """The periods of a report, and what each of them is."""
    named = [("period", period), ("before", before(period)), ("a year before", a_year_before(period))]
    named.append(("year to date", year_to_date(period[-1])))
    if best := record(_whole(known, this)):
        named.append(("record month", (best,)))
    named += [("month", (month,)) for month in (period if each_month else period[-1:])]
    return [(what, each) for what, each in named if known.covers(each) or what in {"period", "month"}]


def _rows(known: Known, named: Sequence[tuple[str, Period]], closed: Mapping[Period, int]) -> list[Row]:
    return [
        Row(
            what,
            each,
            known.total(each),
            known.total(each, PERSONS) if len(each) == 1 else None,
            closed.get(each),
        )
        for what, each in named
    ]


def _sentences(known: Known, words: Wording, period: Period, this: str) -> list[str]:
    total = known.total(period)
    if period[-1] == this:  # nothing whole to compare with
        periods = dict.fromkeys(each for each in (period, year_to_date(this)) if known.covers(each))
        so_far = words.say("stats-so-far")
        found = [
            words.say("say-alone", n=known.total(each), period=f"{words.within(each)} {so_far}")
            for each in periods
        ]
        return [*found, *_best_sentence(known, words, this)]
    found = [
        wording.compared(words, period, total, other, known.total(other))
        for other in (before(period), a_year_before(period))
        if known.covers(other)
    ] or [words.say("say-alone", n=total, period=words.within(period))]
    year = year_to_date(period[-1])
    if known.covers(year) and year != period:
        found.append(words.say("say-alone", n=known.total(year), period=words.within(year)))
    return [*found, *_best_sentence(known, words, this)]


def _whole(known: Known, this: str) -> dict[str, int]:
    """The months there are to choose the record from: none while the running one may be it."""
    whole = {month: known.total((month,)) for month in months(known.first or this, this)[:-1]}
    return {} if known.total((this,)) >= max(whole.values(), default=0) else whole


def _best_sentence(known: Known, words: Wording, this: str) -> list[str]:
    best = wording.record_month(words, _whole(known, this))
    return [best] if best else []


async def _kept(db: Database, known: Known, period: Period, below: int) -> tuple[int, int] | None:
    """How many first replies came in time, and of how many; checked like any breakdown, and recorded."""
    counts = Counter[Cell]()
    for month, name in known.settled:
        counts[month, SERVICE, ""] += 0
        for start, option in ((KEPT, "kept"), (MISSED, "missed")):
            if name.startswith(start):
                counts[month, SERVICE, option] += known.settled[month, name]
                counts[month, SERVICE, ""] += known.settled[month, name]
    table = Table((period,), counts, SERVICE, (("kept",), ("missed",)), over=known.over or "")
    ((kept, missed),) = (await protected(db, table, below)).cells
    return None if kept is None or missed is None else (kept, kept + missed)


def _following(words: Wording, warnings: Sequence[Follows], question: str = "") -> list[str]:
    return [
        words.say(
            "say-follows",
            period=" · ".join(
                [words.label(each.period), *(words.option(question, option) for option in each.column)]
            ),
            n=each.count,
        )
        for each in warnings
    ]


async def _break_down(db: Database, known: Known, report: Report, asked: Asked, below: int) -> None:
    words, period = report.words, report.period
    offered = breakdowns(words.questionnaire, known.settled)
    by = next((each for each in offered if each.id == asked.by), None)
    if by is None:
        names = ", ".join(each.id for each in offered)
        raise PosternError(f"--by {asked.by}: there is no such question; there are {names}.")
    if known.over is None:
        report.remarks.append(words.say("stats-no-month"))
        return
    periods: tuple[Period, ...] = (period,)
    if asked.each_month and len(period) > 1:
        periods = (*((month,) for month in period), period)
    elif known.covers(before(period)):
        periods = (before(period), period)
    table = table_of(known.settled, words.questionnaire, by, periods, known.over)
    shown, refused = await finest(db, table, below, asked.round_to)
    if refused is not None:
        report.remarks.append(words.say(f"stats-refused-{refused.reason}", below=below))
        if shown.refusal is not None:
            return
        report.remarks.append(words.say("stats-coarser"))
    report.parts = _parts(words, by, shown)
    if asked.round_to is not None:
        report.remarks.append(words.say("stats-rounded", n=asked.round_to))
    if any(None in numbers for _, numbers in report.parts.options):
        report.remarks.append(words.say("stats-hidden-note", below=below))
    if not by.exclusive:
        report.remarks.append(words.say("stats-overlap"))
    report.remarks += _following(words, shown.warnings, by.id)
    report.sentences += _shares(words, report.parts)


def _parts(words: Wording, by: Breakdown, shown: Protected) -> Parts:
    table = shown.table
    totals = tuple(
        sum(breakdown_total(table.counts, by.id, month) for month in period) for period in table.periods
    )
    options = tuple(
        (words.options(by.id, column), tuple(row[at] for row in shown.cells))
        for at, column in enumerate(table.columns)
    )
    return Parts(by, table.periods, totals, options)


def _shares(words: Wording, parts: Parts) -> list[str]:
    """Of what is shown in the last period, beside the first if there are two."""
    found = []
    for label, numbers in parts.options:
        if numbers[-1] is None:
            continue
        earlier_one = None
        if len(parts.periods) == 2 and numbers[0] is not None:
            earlier_one = (parts.periods[0], numbers[0], parts.totals[0])
        found.append(
            wording.shared(
                words,
                label,
                (parts.periods[-1], numbers[-1], parts.totals[-1]),
                earlier_one,
                ended=parts.by.id == OUTCOME_ID,
            )
        )
    return [each for each in found if each]
