"""Tables as organisations publish them: what is shown, what is hidden, what is said about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest

from intake import disclosure_solver
from intake.breakdowns import OUTCOME_ID, Breakdown, breakdowns, cells, told_by_cases
from intake.counts import REQUESTS
from intake.disclosure import permits, protect
from intake.kinship import table_of
from intake.tables import Cell, Column, Kin, Period, Protected, Reason, Release, Rounding, Table
from tests.intake.attack_years import asked_after
from tests.strategies import shipped

SUMMER = ("2023-06", "2023-07", "2023-08")
AUTUMN = ("2023-09", "2023-10", "2023-11")
WINTER = ("2023-12", "2024-01", "2024-02")
BELOW = 10


def months_of(*periods: Period) -> tuple[Period, ...]:
    return tuple((month,) for period in periods for month in period)


def counted(question: str, rows: Mapping[str, Mapping[str, int]], rest: int = 0) -> dict[Cell, int]:
    """Counts of months by option, and totals: what the options add up to, and `rest` more."""
    found: dict[Cell, int] = {}
    for month, options in rows.items():
        found |= {(month, question, option): n for option, n in options.items()}
        found[month, "", ""] = sum(options.values()) + rest
    return found


def columns(*options: str) -> tuple[Column, ...]:
    return tuple((option,) for option in options)


def shown(protected: Protected) -> tuple[tuple[int | None, ...], ...]:
    assert protected.refusal is None
    return protected.cells


def reason(protected: Protected) -> Reason | None:
    return protected.refusal.reason if protected.refusal else None


TOTALS: dict[Cell, int] = {
    (month, "", ""): n for month, n in zip((*SUMMER, *AUTUMN), (54, 120, 131, 184, 218, 175), strict=True)
}


def test_totals_are_shown_and_september_is_said_to_follow() -> None:
    asked = ((SUMMER[0],), (AUTUMN[1],), (AUTUMN[2],), SUMMER, AUTUMN)
    found = protect(Table(asked, TOTALS), (), BELOW)
    assert shown(found) == ((54,), (218,), (175,), (305,), (577,))
    assert [(w.period, w.count) for w in found.warnings] == [(SUMMER[1:], 251), (AUTUMN[:1], 184)]


def test_what_follows_from_an_earlier_table_is_said_as_well_and_only_by_the_table_that_gives_it_away() -> (
    None
):
    quarter = protect(Table((AUTUMN,), TOTALS), (), BELOW)
    assert quarter.warnings == ()
    months = protect(Table(months_of(AUTUMN[1:]), TOTALS), (quarter.release,), BELOW)
    assert [(w.period, w.count) for w in months.warnings] == [(AUTUMN[:1], 184)]
    later = protect(Table((SUMMER,), TOTALS), (quarter.release, months.release), BELOW)
    assert later.warnings == ()


CATEGORY = counted("who", {m: {"soldier": n} for m, n in zip(AUTUMN, (7, 352, 218), strict=True)}, rest=400)


def test_a_category_of_which_seven_would_be_left_is_refused_and_the_quarter_is_offered() -> None:
    asked = (AUTUMN, AUTUMN[1:2], AUTUMN[2:])
    found = protect(Table(asked, CATEGORY, "who", columns("soldier"), exclusive=False), (), BELOW)
    assert found.refusal is not None
    assert found.refusal.reason is Reason.FOLLOWS
    assert found.cells == ((None,), (None,), (None,))
    assert found.release.facts == ()
    coarser = found.refusal.coarser
    assert coarser is not None
    assert coarser.periods == (AUTUMN,)
    assert shown(protect(coarser, (), BELOW)) == ((577,),)


def test_the_same_over_three_reports() -> None:
    before: list[Release] = []
    for period in (AUTUMN, AUTUMN[1:2]):
        found = protect(Table((period,), CATEGORY, "who", columns("soldier"), exclusive=False), before, BELOW)
        assert len(shown(found)) == 1
        before.append(found.release)
    last = Table((AUTUMN[2:],), CATEGORY, "who", columns("soldier"), exclusive=False)
    assert reason(protect(last, before, BELOW)) is Reason.FOLLOWS
    assert shown(protect(last, (), BELOW)) == ((218,),)  # the register is what makes the difference


def test_a_small_cell_never_hides_alone_where_the_total_is_known() -> None:
    rows = {AUTUMN[0]: {"a": 40, "b": 30, "c": 4, "d": 20}}
    found = protect(Table((AUTUMN[:1],), counted("kind", rows), "kind", columns(*"abcd")), (), BELOW)
    assert shown(found) == ((40, 30, None, None),)


def test_options_that_overlap_hide_alone() -> None:
    rows = {AUTUMN[0]: {"a": 40, "b": 30, "c": 4, "d": 20}}
    table = Table((AUTUMN[:1],), counted("kind", rows), "kind", columns(*"abcd"), exclusive=False)
    assert shown(protect(table, (), BELOW)) == ((40, 30, None, 20),)


def test_nought_is_small() -> None:
    """That nobody has an option says that everybody has another one."""
    rows = {AUTUMN[0]: {"a": 40, "b": 30, "c": 0}}
    found = protect(Table((AUTUMN[:1],), counted("kind", rows), "kind", columns(*"abc")), (), BELOW)
    assert shown(found) == ((40, None, None),)


def test_an_option_nobody_had_is_as_small_as_any() -> None:
    rows = {AUTUMN[0]: {"a": 40, "b": 30, "c": 4, "new": 0}}
    table = Table((AUTUMN[:1],), counted("kind", rows), "kind", columns("a", "b", "c", "new"))
    assert shown(protect(table, (), BELOW)) == ((40, None, None, None),)
    two = {AUTUMN[0]: {"a": 40, "b": 30, "c": 4, "new": 6}}
    both = Table((AUTUMN[:1],), counted("kind", two), "kind", columns("a", "b", "c", "new"))
    assert shown(protect(both, (), BELOW)) == ((40, 30, None, None),)


def test_the_smallest_options_are_offered_together_when_nothing_would_be_left() -> None:
    rows = {AUTUMN[0]: {"a": 16, "b": 8, "c": 5, "d": 4}}
    found = protect(Table((AUTUMN[:1],), counted("kind", rows), "kind", columns(*"abcd")), (), BELOW)
    assert shown(found) == ((16, None, None, None),)
    rows = {AUTUMN[0]: {"a": 16, "b": 0, "c": 0, "d": 0}}
    found = protect(Table((AUTUMN[:1],), counted("kind", rows), "kind", columns(*"abcd")), (), BELOW)
    assert reason(found) is Reason.SMALL
    assert found.refusal is not None
    assert found.refusal.coarser == Table((AUTUMN[:1],), counted("kind", rows))


def test_a_month_that_is_not_over_is_not_broken_down() -> None:
    rows = {month: {"a": 40, "b": 30} for month in AUTUMN}
    table = Table(months_of(AUTUMN), counted("kind", rows), "kind", columns("a", "b"), over=AUTUMN[1])
    found = protect(table, (), BELOW)
    assert found.refusal is not None
    assert found.refusal.reason is Reason.RUNNING
    assert found.refusal.coarser is not None
    assert found.refusal.coarser.periods == months_of(AUTUMN[:2])
    totals = Table(table.periods, table.counts, over=AUTUMN[1])
    assert shown(protect(totals, (), BELOW)) == ((70,), (70,), (70,))


def test_counts_that_do_not_fit_what_was_published_prove_nothing() -> None:
    rows = {AUTUMN[0]: {"a": 40, "b": 30}}
    table = Table((AUTUMN[:1],), counted("kind", rows), "kind", columns("a", "b"))
    before = protect(table, (), BELOW).release
    restored = Table(table.periods, counted("kind", {AUTUMN[0]: {"a": 39, "b": 30}}), "kind", table.columns)
    assert reason(protect(restored, (before,), BELOW)) is Reason.UNPROVEN


def test_requests_without_any_of_the_options_are_an_option_of_their_own() -> None:
    rows = {month: {"a": 40, "b": 30} for month in AUTUMN}
    table = Table(months_of(AUTUMN), counted("kind", rows, rest=6), "kind", columns("a", "b"))
    found = protect(table, (), BELOW)
    assert found.refusal is not None
    assert found.refusal.reason is Reason.FOLLOWS  # six a month
    assert found.refusal.coarser is not None
    assert found.refusal.coarser.periods == (AUTUMN,)  # eighteen


def test_outcomes_have_a_total_of_their_own() -> None:
    rows = {AUTUMN[0]: {"helped": 40, "referred": 30}}
    counts = counted("outcome", rows) | {(AUTUMN[0], "outcome", ""): 70, (AUTUMN[0], "", ""): 7}
    table = Table((AUTUMN[:1],), counts, "outcome", columns("helped", "referred"))
    assert shown(protect(table, (), BELOW)) == ((40, 30),)


def test_a_lower_threshold_before_does_not_stop_what_comes_later() -> None:
    rows = {AUTUMN[0]: {"a": 40, "b": 30, "c": 7, "d": 20}, AUTUMN[1]: {"a": 40, "b": 30, "c": 11, "d": 20}}
    first = protect(Table((AUTUMN[:1],), counted("kind", rows), "kind", columns(*"abcd")), (), 5)
    assert shown(first) == ((40, 30, 7, 20),)
    second = Table((AUTUMN[1:2],), counted("kind", rows), "kind", columns(*"abcd"))
    assert shown(protect(second, (first.release,), BELOW)) == ((40, 30, 11, 20),)


@pytest.mark.parametrize(
    "table",
    [
        Table(((SUMMER[0], SUMMER[2]),), {}),
        Table(((),), {}),
        Table((SUMMER,), {}, "kind", (("a", "b"),), exclusive=False),
        Table((SUMMER,), {}, "kind"),
        Table((SUMMER,), {}, "", (("a",),)),
    ],
)
def test_a_table_that_makes_no_sense_is_a_mistake(table: Table) -> None:
    with pytest.raises(ValueError, match=r"a period|counted together|a breakdown"):
        protect(table, (), BELOW)


def test_the_same_cell_is_always_rounded_the_same_way_and_right_on_average() -> None:
    rows = {f"2023-{m:02d}": {"a": n, "b": 61} for m in range(1, 13) for n in (50 + m % 5,)}
    keys = [bytes([k]) * 32 for k in range(60)]

    def column(key: bytes, months: Iterable[str]) -> list[int | None]:
        table = Table(tuple((m,) for m in months), counted("kind", rows), "kind", columns("a", "b"))
        return [row[0] for row in shown(protect(table, (), BELOW, Rounding(5, key)))]

    once = column(keys[0], rows)
    assert column(keys[0], reversed(rows)) == once[::-1]
    assert all(n is not None and n % 5 == 0 for n in once)
    assert len({tuple(column(key, rows)) for key in keys[:4]}) == 4
    means = [sum(n or 0 for n in column(key, rows)) / 12 for key in keys]
    truth = sum(row["a"] for row in rows.values()) / 12
    assert abs(sum(means) / len(means) - truth) < 0.5


def test_a_month_in_which_nothing_ended_hides_nothing() -> None:
    """Readers know that nothing ended there: the three of October are not among September's two hundred."""
    september, october = ("2023-09",), ("2023-10",)
    sent = {("2023-09", "requests"): 200, ("2023-10", "requests"): 60}
    ended = {("2023-10", f"outcome:{o}"): n for o, n in (("helped", 40), ("referred", 12), ("no-answer", 3))}
    by = Breakdown(OUTCOME_ID, ("helped", "referred", "no-answer"))
    counts = cells(sent | ended, by)
    assert counts["2023-09", OUTCOME_ID, ""] == 0
    found = protect(Table((september + october,), counts, OUTCOME_ID, columns(*by.options)), (), BELOW)
    assert found.cells[0].count(None) != 1


def test_cases_closed_are_not_told_where_a_breakdown_shown_before_makes_them_say_too_much() -> None:
    """By the table the five withdrawn may be none, if sixteen were duplicates; by the cases eleven were at most."""
    month = ("2023-10",)
    ended = {"helped": 60, "referred": 40, "out-of-scope": 12, "test": 20, "duplicate": 11, "withdrawn": 5}
    counted_as = {(month[0], f"outcome:{name}"): n for name, n in ended.items()}
    by = Breakdown(OUTCOME_ID, tuple(ended))
    held = counted_as | {(month[0], "cases"): 60 + 40 + 12 + 5, (month[0], "requests"): 300}
    counts = cells(held, by)
    table = protect(Table((month,), counts, OUTCOME_ID, columns(*by.options)), (), BELOW)
    assert shown(table) == ((60, 40, 12, 20, None, None),)
    told = told_by_cases(held, [month])
    assert permits(told, counts, (), BELOW)
    assert not permits(told, counts, (table.release,), BELOW)
    after = protect(Table((month,), counts, OUTCOME_ID, columns(*by.options)), (told,), BELOW)
    assert after.cells != table.cells  # the other way round it is the table that hides more
    unheld = held | {(month[0], "cases"): 60 + 40 + 12}
    assert permits(told_by_cases(unheld, [month]), counts, (table.release,), BELOW)
    assert permits(Release(OUTCOME_ID, True, (), ()), counts, (), BELOW)


def test_what_the_second_table_hides_is_what_the_first_would_give_away_with_it() -> None:
    """Three of the hidden eighteen are held, if fifteen speak for somebody else; of these fourteen have answered."""
    rows = {AUTUMN[0]: {"home": 82, "else": 15, "held": 3}}
    more = {AUTUMN[0]: {"p": 14, "~": 86}}
    counts = counted("kind", rows) | counted("more", more)
    first = Breakdown("kind", ("home", "else", "held"))
    second = Breakdown("more", ("p", "~"))
    ways = asked_after(first, second, "else")
    one = Table((AUTUMN[:1],), counts, "kind", columns(*first.options),
                kin=(Kin("more", second.options, exclusive=True),), ways=ways)  # fmt: skip
    other = Table((AUTUMN[:1],), counts, "more", columns(*second.options),
                  kin=(Kin("kind", first.options, exclusive=True),), ways=ways)  # fmt: skip
    once = protect(one, (), BELOW)
    assert shown(once) == ((82, None, None),)
    assert reason(protect(other, (once.release,), BELOW)) is Reason.SMALL  # 14 of 15: four held at most
    assert shown(protect(other, (), BELOW)) == ((14, 86),)
    assert shown(protect(replace(other, kin=(), ways=None), (once.release,), BELOW)) == ((14, 86),)
    assert reason(protect(one, (protect(other, (), BELOW).release,), BELOW)) is Reason.SMALL
    late = counts | {
        (AUTUMN[0], "more", "p"): 20,
        (AUTUMN[0], "more", "~"): 80,
    }  # more than were asked: no tie
    assert shown(protect(replace(other, counts=late), (once.release,), BELOW)) == ((20, 80),)


def of_danger(**levels: int) -> Table:
    """A hundred requests, of whom 93 have nothing of it to fear."""
    asked = shipped("leave-service")
    by = {each.id: each for each in breakdowns(asked, {})}["danger"]
    counts = {
        ("2023-10", REQUESTS): 100,
        ("2023-10", "answer:danger:none"): 93,
        ("2023-10", "answer:danger:phone"): 4,
    }
    counts |= {("2023-10", level): n for level, n in levels.items()}
    return table_of(counts, asked, by, (("2023-10",),), "2023-10")


def test_of_those_who_have_none_of_it_nobody_has_any() -> None:
    """That 93 have nothing to fear says that hardly anybody is hurt."""
    table = of_danger(standard=100)
    assert reason(protect(table, (), BELOW)) is Reason.SMALL
    assert 93 in shown(protect(replace(table, ways=None), (), BELOW))[0]
    fewer = replace(table, counts={**table.counts, ("2023-10", "danger", "none"): 90})
    assert 90 in shown(protect(fewer, (), BELOW))[0]


def test_one_request_against_the_questionnaire_doesn_t_untie_its_month() -> None:
    """An emergency that was erased before its answers were complete, or whose cause was taken back."""
    assert reason(protect(of_danger(standard=98, emergency=2), (), BELOW)) is Reason.SMALL


def test_more_answers_than_requests_leave_the_rest_of_the_table_alone() -> None:
    """An emergency rang on the last evening, its answers came in the next month, which had no other request."""
    asked = shipped("leave-service")
    by = {each.id: each for each in breakdowns(asked, {})}["where"]
    counts = {("2023-08", REQUESTS): 100, ("2023-10", REQUESTS): 100, ("2023-09", "answer:status:held"): 1}
    counts |= {(month, "standard"): 100 for month in ("2023-08", "2023-10")}
    for month in ("2023-08", "2023-10"):
        counts |= {(month, f"answer:where:{where}"): n for where, n in (("armenia", 40), ("georgia", 30))}
    table = table_of(counts, asked, by, (("2023-08", "2023-09", "2023-10"),), "2023-10")
    assert 80 in shown(protect(table, (), BELOW))[0]


def test_what_was_shown_is_shown_again_without_a_search(monkeypatch: pytest.MonkeyPatch) -> None:
    import highspy

    counts = counted("kind", {AUTUMN[0]: {"a": 40, "b": 30, "c": 7, "d": 20}})
    table = Table((AUTUMN[:1],), counts, "kind", columns("a", "b", "c", "d"))
    once = protect(table, (), BELOW)
    monkeypatch.setattr(highspy.Highs, "run", lambda _: None)  # finds nothing any more
    assert protect(table, (once.release,), BELOW).cells == once.cells == ((40, 30, None, None),)
    other = replace(table, counts=counts | {(AUTUMN[0], "kind", "a"): 41})  # restored from elsewhere
    assert reason(protect(other, (once.release,), BELOW)) is Reason.UNPROVEN
    assert reason(protect(table, (once.release,), 40)) is Reason.UNPROVEN  # what is small now, too
    assert reason(protect(replace(table, columns=columns("a", "b")), (), BELOW)) is Reason.UNPROVEN


def test_a_month_that_may_fit_or_not_is_not_taken_for_one_that_doesn_t(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = shipped("legal-aid")
    by = {each.id: each for each in breakdowns(asked, {})}["deadline"]
    counts = {("2023-10", REQUESTS): 100, ("2023-10", "standard"): 40, ("2023-10", "urgent"): 60}
    counts |= {("2023-10", f"answer:deadline:{when}"): 30 for when in ("two-days", "fortnight")}
    table = table_of(counts, asked, by, (("2023-10",),), "2023-10")
    assert protect(table, (), BELOW).refusal is None
    monkeypatch.setattr(disclosure_solver.Programme, "solve", lambda *_: None)  # it gives up
    assert reason(protect(table, (), BELOW)) is Reason.UNPROVEN
