"""Counts in words: how a period is named, and sentences that can be published as they stand.

Each sentence carries both of its numbers, and a percentage only where `intake.comparing` allows one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from babel import Locale
from babel.dates import format_date

from handlers.texts import Texts
from intake.breakdowns import LANGUAGE_ID, LEVEL_ID, OUTCOME_ID, UNSAID
from intake.comparing import change, record, share
from intake.periods import Period
from intake.questionnaire import Questionnaire

_IN_A_SENTENCE = {"ru", "uk"}
"""Languages in which "from September" takes the form that a month has in a date."""


@dataclass(frozen=True, slots=True)
class Wording:
    texts: Texts
    language: str
    questionnaire: Questionnaire

    def say(self, name: str, /, **values: int | str) -> str:
        said = self.texts.say(self.language, name, **values)
        # "2023 г." brings its own full stop, which ends the sentence as well
        return said[:-1] if said.endswith("..") and not said.endswith("...") else said

    def label(self, period: Period) -> str:
        """As a heading names it: "September – November 2023"."""
        last = self.texts.month(self.language, period[-1])
        if len(period) == 1:
            return last
        alike = period[0][:4] == period[-1][:4] and self.language != "kk"
        return f"{self._alone(period[0]) if alike else self.texts.month(self.language, period[0])} – {last}"

    def within(self, period: Period) -> str:
        """As a part of a sentence: "from September to November 2023"."""
        last = self.texts.month(self.language, period[-1])
        if len(period) == 1:
            return self.say("period-one", month=last)
        alike = period[0][:4] == period[-1][:4] and self.language != "kk"
        if self.language in _IN_A_SENTENCE:
            first = format_date(_day(period[0]), "MMMM" if alike else "MMMM y", self.language)
            first += "" if alike else self.texts.month(self.language, period[0]).rpartition(period[0][:4])[2]
        else:
            first = self._alone(period[0]) if alike else self.texts.month(self.language, period[0])
        return self.say("period-many", first=first, last=last)

    def under_a_chart(self, month: str, *, with_year: bool) -> str:
        short = format_date(_day(month), "LLL", self.language)
        return f"{short}\n{month[:4]}" if with_year else short

    def question(self, question: str) -> str:
        named = {
            LEVEL_ID: "stats-by-level",
            LANGUAGE_ID: "stats-by-language",
            OUTCOME_ID: "stats-by-outcome",
        }
        if question in named:
            return self.say(named[question])
        return self._localised(self.questionnaire.question(question).label)

    def options(self, question: str, column: Iterable[str]) -> str:
        """Of options that are counted together."""
        return " + ".join(self.option(question, option) for option in column)

    def option(self, question: str, option: str) -> str:
        if option == UNSAID:
            return self.say("stats-unsaid")
        if question == LEVEL_ID:
            return self.say(f"level-{option}")
        if question == OUTCOME_ID:
            return self.say(f"outcome-{option}")
        if question == LANGUAGE_ID:
            return Locale.parse(option).get_language_name(self.language) or option
        found = self.questionnaire.question(question).option(option)
        return self._localised(found.label) if found else option

    def _localised(self, text: Mapping[str, str]) -> str:
        return text.get(self.language) or next(iter(text.values()))

    def _alone(self, month: str) -> str:
        return str(format_date(_day(month), "LLLL", self.language))


def _day(month: str) -> date:
    return date(int(month[:4]), int(month[5:]), 1)


def compared(words: Wording, period: Period, now: int, before: Period, base: int) -> str:
    """One sentence on two periods."""
    values: dict[str, int | str] = {
        "n": now, "period": words.within(period), "before": words.within(before), "base": base,
    }  # fmt: skip
    percent = change(now, base)
    if percent is None:
        return words.say("say-both", **values)
    if percent == 0:
        return words.say("say-alike", **values)
    return words.say("say-more" if percent > 0 else "say-less", percent=abs(percent), **values)


def record_month(words: Wording, totals: Mapping[str, int]) -> str | None:
    """`totals`: of every whole month since counting began."""
    best = record(totals)
    if best is None:
        return None
    since = words.label((min(totals),))
    return words.say("say-record", n=totals[best], period=words.within((best,)), since=since)


def shared(
    words: Wording,
    label: str,
    now: tuple[Period, int, int],
    before: tuple[Period, int, int] | None = None,
    *,
    ended: bool = False,
) -> str | None:
    """One sentence on a part, in one period or two: (period, part, total). None if the total is too small.

    `ended`: the totals are of those that were closed, not of those that were sent.
    """
    period, part, total = now
    percent = share(part, total)
    if percent is None:
        return None
    values: dict[str, int | str] = {
        "label": label, "percent": percent, "period": words.within(period), "n": part, "total": total,
    }  # fmt: skip
    earlier = None if before is None else share(before[1], before[2])
    if before is None or earlier is None:
        return words.say("say-share-ended" if ended else "say-share", **values)
    return words.say(
        "say-shares-ended" if ended else "say-shares",
        before=words.within(before[0]),
        share=earlier,
        part=before[1],
        base=before[2],
        **values,
    )
