"""Random years of a group's intake, and an admin who asks for all sorts of tables: for the attacker.

In some of the years a second question is asked only of those who gave a certain answer to the first; others are of how
requests ended.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from intake.breakdowns import OUTCOME_ID, UNSAID, Breakdown, cells, total
from intake.counts import OUTCOME, REQUESTS
from intake.questionnaire import Kind, Option, Question, Questionnaire
from intake.tables import Cell, Column, Kin, Part, Period, Rounding, Table, Ways
from intake.ways import families, ways_through
from tests.intake.attacked import Equation, Intake, Unknowns, Wish

QUESTION = "kind"
MORE, ASKED_OF, FURTHER = "more", "a", ("p", "q", "r", UNSAID)
"""A second question, the answer to the first after which it is asked, and its options."""
KINDRED = 0.35
"""How many of the years have it."""
ENDINGS = 0.3
"""How many of the years are of how requests ended."""
MONTHS = tuple(f"{year}-{month:02d}" for year in (2022, 2023) for month in range(1, 13))


def years(seed: int) -> Intake:
    chance = random.Random(seed)
    options = tuple("abcde"[: chance.randint(2, 5)])
    exclusive = chance.random() < 0.7
    size = chance.choice([15, 40, 120])
    shares = {option: chance.expovariate(1) ** 2 + 0.01 for option in options}
    counts: dict[Cell, int] = {}
    for month in MONTHS:
        shares = {o: share * chance.choice([0.6, 0.9, 1, 1, 1.1, 1.6]) for o, share in shares.items()}
        arrived = max(0, round(chance.gauss(size, size / 3)))
        whole = sum(shares.values())
        weights = [shares[o] / whole for o in options]
        if exclusive:
            drawn = Counter(chance.choices(options, weights, k=arrived))
        else:
            drawn = Counter(
                {
                    o: sum(chance.random() < w for _ in range(arrived))
                    for o, w in zip(options, weights, strict=True)
                }
            )
        counts |= {(month, QUESTION, option): drawn[option] for option in options}
        counts[month, "", ""] = arrived
    question = QUESTION
    if exclusive and random.Random(f"endings {seed}").random() < ENDINGS:
        question, counts = OUTCOME_ID, _endings(random.Random(seed), counts, options)
    wishes = tuple(
        wish(chance, MONTHS, question, counts, options, exclusive) for _ in range(chance.randint(4, 12))
    )
    kindred = random.Random(f"kin {seed}")
    if question == QUESTION and exclusive and kindred.random() < KINDRED:
        return _with_kin(kindred, counts, options, wishes)
    return one_question(MONTHS, question, counts, options, exclusive, wishes)


def one_question(
    months: tuple[str, ...],
    question: str,
    counts: dict[Cell, int],
    options: tuple[str, ...],
    exclusive: bool,
    wishes: tuple[Wish, ...],
) -> Intake:
    """The unknowns are the atoms themselves."""
    parts = tuple((question, option) for option in options)
    unknowns = _unknowns(months, counts, (parts,) if exclusive else (), parts)
    return Intake(months, parts, counts, wishes, unknowns, tied=False)


def _unknowns(
    months: tuple[str, ...],
    counts: dict[Cell, int],
    sets: tuple[tuple[Part, ...], ...],
    parts: tuple[Part, ...],
    *ties: tuple[tuple[Part, ...], Part],
) -> Unknowns:
    """`sets`: of options of which everybody has one."""
    at = {(month, *part): i for i, (month, part) in enumerate((m, p) for m in months for p in parts)}
    totals = {(month, question): total(counts, question, month) for month, question, _ in at}
    equations = [
        Equation(tuple(at[m, *part] for part in each), totals[m, each[0][0]], totals[m, each[0][0]])
        for m in months
        for each in sets
    ]
    for further, asked_of in ties:  # no more have answered than were asked
        for m in months:
            these = tuple(at[m, *part] for part in further)
            equations.append(Equation(these, -totals[m, asked_of[0]], 0, (at[m, *asked_of],)))
    return Unknowns(
        {atom: (i,) for atom, i in at.items()},
        tuple(totals[month, question] for month, question, _ in at),
        tuple(equations),
        tuple(counts[atom] for atom in at),
    )


def _with_kin(
    chance: random.Random,
    first: dict[Cell, int],
    options: tuple[str, ...],
    wishes: tuple[Wish, ...],
) -> Intake:
    """The same, and what those said who were asked once more."""
    counts, silent, weights = (
        dict(first),
        chance.choice([0.0, 0.1, 0.5]),
        [chance.random() ** 2 for _ in "pqr"],
    )
    for month in MONTHS:
        said = [o for _ in range(first[month, QUESTION, ASKED_OF]) if chance.random() >= silent
                for o in chance.choices(FURTHER[:3], weights)]  # fmt: skip
        counts |= {(month, MORE, option): said.count(option) for option in FURTHER[:3]}
        counts[month, MORE, UNSAID] = counts[month, "", ""] - len(said)
    tie = tuple((MORE, option) for option in FURTHER[:3]), (QUESTION, ASKED_OF)
    ways = asked_after(Breakdown(QUESTION, options), Breakdown(MORE, FURTHER), ASKED_OF)
    own, other = Kin(QUESTION, options, exclusive=True), Kin(MORE, FURTHER, exclusive=True)
    mixed = [(replace(table, counts=counts, kin=(other,), ways=ways), rounding) for table, rounding in wishes]
    for _ in range(chance.randint(2, 8)):
        table, rounding = wish(chance, MONTHS, MORE, counts, FURTHER, exclusive=True)
        mixed.append((replace(table, kin=(own,), ways=ways), rounding))
    chance.shuffle(mixed)
    sets = tuple((QUESTION, option) for option in options), tuple((MORE, option) for option in FURTHER)
    unknowns = _unknowns(MONTHS, counts, sets, sets[0] + sets[1], tie)
    return Intake(MONTHS, sets[0] + sets[1], counts, tuple(mixed), unknowns, tied=True)


def asked_after(first: Breakdown, second: Breakdown, answer: str) -> Ways:
    """The second question is asked only after this answer to the first."""
    text = {"en": "?"}
    questions = [
        Question(
            by.id, Kind.CHOICE, text, text, text, in_summary=True, when=when,
            options=tuple(Option(option, text) for option in by.options if option != UNSAID),
        )
        for by, when in ((first, {}), (second, {first.id: frozenset((answer,))}))
    ]  # fmt: skip
    asked = Questionnaire("x", 1, ("en",), text, text, {}, tuple(questions))
    (family,) = families(asked, (first, second))
    return ways_through(asked, (first, second), family)


def _endings(chance: random.Random, counts: dict[Cell, int], options: tuple[str, ...]) -> dict[Cell, int]:
    """The same as endings of requests, of which far more came; and months in which nothing ended."""
    sent: dict[tuple[str, str], int] = {}
    for month in MONTHS:
        sent[month, REQUESTS] = 3 * counts[month, "", ""] + 200
        if chance.random() < 0.7:
            sent |= {(month, OUTCOME + o): counts[month, QUESTION, o] for o in options}
    made = cells(sent, Breakdown(OUTCOME_ID, options))
    return {(month, OUTCOME_ID, o): 0 for month in MONTHS for o in options} | made


def wish(
    chance: random.Random,
    every: tuple[str, ...],
    question: str,
    counts: Mapping[Cell, int],
    options: tuple[str, ...],
    exclusive: bool,
) -> Wish:
    """A table of some of the months."""
    first = chance.randrange(len(every))
    months = every[first : first + chance.choice([1, 2, 3, 3, 4, 6, 12])]
    by_month = tuple((month,) for month in months)
    periods: tuple[Period, ...] = chance.choice(
        [by_month, (months,), (*by_month, months), (by_month[-1], months)]
    )
    columns: list[Column] = [(option,) for option in options]
    if exclusive and len(columns) > 2 and chance.random() < 0.3:
        merged = chance.sample(options, 2)
        columns = [c for c in columns if c[0] not in merged] + [tuple(sorted(merged))]
    if chance.random() < 0.3:
        columns = sorted(chance.sample(columns, chance.randint(1, len(columns))))
    rounding = Rounding(5, b"k" * 32) if chance.random() < 0.1 else None
    table = Table(tuple(dict.fromkeys(periods)), counts, question, tuple(columns), exclusive)
    return table, rounding
