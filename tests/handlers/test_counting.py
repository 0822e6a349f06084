"""What a request, a person, a case and an outcome count as, from presses to months."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.counting import Counting
from intake.lifecycle import Act, Outcome
from storage import cases, tallies
from storage.database import Tx
from tests.handlers.desk import Person, World, ask

DAY = 86_400
MONTH = 31 * DAY


async def counted(world: World) -> dict[str, int]:
    found = await world.read(tallies.read)
    return {name: number for (month, name), number in found.items() if month == "2023-11"}


async def test_requests_are_not_people(world: World) -> None:
    ann = Person(world, 1)
    await ask(ann, until="chat")
    await ann.press(world.say("erase-button"))
    await ann.press(world.say("erase-yes-button"))
    await ask(ann, until="code")
    await ask(Person(world, 2), until="chat")
    found = await counted(world)
    assert (found["requests"], found["persons"]) == (3, 2)
    assert found["language:en"] == 3
    assert sum(number for name, number in found.items() if name.startswith("answer:where:")) == 3
    assert "cases" not in found


async def test_a_duplicate_and_a_test_are_outcomes_and_no_cases(world: World) -> None:
    for number, outcome in enumerate((Outcome.HELPED, Outcome.DUPLICATE, Outcome.TEST)):
        ann = Person(world, 10 + number)
        await ask(ann, until="chat")
        day = world.now // DAY

        def close(tx: Tx, ann: Person = ann, outcome: Outcome = outcome, day: int = day) -> bool:
            case = cases.by_account(tx, ann.account)
            assert case is not None
            assert cases.move(tx, case, Act.CLAIM, holder="heron")
            case = cases.by_account(tx, ann.account)
            assert case is not None
            return cases.close(tx, case, outcome, day)

        assert await world.write(close)
    found = await counted(world)
    assert {name: found[name] for name in found if name.startswith("outcome:")} == {
        "outcome:helped": 1,
        "outcome:duplicate": 1,
        "outcome:test": 1,
    }
    assert (found["requests"], found["cases"]) == (3, 1)


async def test_a_request_that_is_withdrawn_before_anybody_took_it_is_no_case(world: World) -> None:
    ann = Person(world, 1)
    await ask(ann, until="chat")
    await ann.press(world.say("erase-button"))
    await ann.press(world.say("withdraw-button"))
    found = await counted(world)
    assert found["outcome:withdrawn"] == 1
    assert "cases" not in found


async def test_what_happens_later_changes_no_month_that_is_over(world: World) -> None:
    """Purged, merged, erased, run again: last year's table stays to the byte."""
    ann = Person(world, 1)
    await ask(ann, until="chat")
    world.wait(MONTH)
    service = Counting(world.desk)
    await service.once(asyncio.Event())
    before = (await world.tables())["tallies"]
    assert before
    await ann.press(world.say("erase-button"))
    await ann.press(world.say("erase-yes-button"))
    await world.write(lambda tx: tallies.add(tx, "2023-11", ["requests"]))
    await service.once(asyncio.Event())
    await service.once(asyncio.Event())
    world.wait(12 * MONTH)
    await service.once(asyncio.Event())
    assert [row for row in (await world.tables())["tallies"] if row[0] == "2023-11"] == before


async def test_a_clock_that_jumps_for_a_moment_closes_no_month(world: World) -> None:
    await ask(Person(world, 1), until="chat")
    service = Counting(world.desk)
    await service.once(asyncio.Event())
    world.wait(12 * MONTH)
    await service.once(asyncio.Event())
    assert await world.read(tallies.newest_over) is None
    world.wait(-12 * MONTH)
    await service.once(asyncio.Event())
    assert (await counted(world))["requests"] == 1


@pytest.mark.only_on("postgresql")
async def test_no_number_of_a_transaction_ties_an_account_to_a_case(world: World, database_url: str) -> None:
    """Whoever takes the server has the accounts' hashes; a case with a return code must belong to none of them."""

    async def numbers(table: str) -> list[str]:
        statement = f"SELECT xmin::text FROM {table} ORDER BY ctid"  # noqa: S608 - the names below
        found: list[str] = await world.read(lambda tx: list(tx.conn.exec_driver_sql(statement).scalars()))
        return found

    world.change(terms=replace(world.desk.terms, anonymity_k=5))  # so that some wait
    service = Counting(world.desk)
    for number in range(3):
        await ask(Person(world, 100 + number), until="code")
    cases_by = set(await numbers("cases"))
    assert cases_by == set(await numbers("people")) == set(await numbers("pending_counts"))  # this is it
    assert cases_by & set(await numbers("traces"))
    await service.once(asyncio.Event())
    await ask(Person(world, 200), until="code")
    await service.once(asyncio.Event())
    cases_by = set(await numbers("cases"))
    people_by, waiting_by = await numbers("people"), await numbers("pending_counts")
    assert len(set(people_by)) == len(set(waiting_by)) == 1
    assert (len(people_by), len(waiting_by), len(cases_by)) == (4, 4, 4)
    assert not cases_by & {*people_by, *waiting_by}
    assert max(map(int, cases_by)) < min(map(int, people_by))  # nor does the order say anything
    assert not set(await numbers("traces")) & cases_by
    await service.once(asyncio.Event())
    assert await numbers("people") == people_by  # nothing has come: nothing is written
    assert (await counted(world))["persons"] == 4
