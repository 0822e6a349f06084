"""Tries of return codes: a handful are free, then the pauses grow; a flood waits behind everybody else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from handlers import requester_slow
from handlers.code_tries import (
    BUSY_SECONDS,
    FORGET_SECONDS,
    FREE_MISSES,
    LONGEST_PAUSE,
    MOST_KEPT,
    Tries,
)
from handlers.stretching import FIRST, MOST_WAITING, Busy, Stretching
from storage import ready
from storage.code import CodeOpener
from tests.handlers.desk import Person, World
from tests.handlers.test_by_code import WORDS, WRONG, coded

ANN, BOB = b"ann" * 5, b"bob" * 5
NOW = 1_700_000_000
NEW = (0, 0)


def miss(tries: Tries, account: bytes, now: int, times: int = 1) -> int:
    """So many wrong codes, each as soon as it is taken; when the last was."""
    for _ in range(times):
        now += tries.wait(account, now)
        tries.missed(account, now)
    return now


# One account.


def test_a_handful_of_misses_is_free_and_then_each_costs_twice_as_much() -> None:
    tries, now, waits = Tries(), NOW, []
    for _ in range(FREE_MISSES + 9):
        now = miss(tries, ANN, now)
        waits.append(tries.wait(ANN, now))
    assert waits[: FREE_MISSES - 1] == [0] * (FREE_MISSES - 1)
    assert waits[FREE_MISSES - 1 :] == [60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600, 3_600]
    assert tries.wait(BOB, now) == 0


def test_a_day_of_guessing_is_a_few_dozen_tries() -> None:
    tries, now, count = Tries(), NOW, 0
    while now < NOW + 24 * 3_600:
        now = miss(tries, ANN, now)
        count += 1
    assert count <= 36


def test_after_a_quiet_day_an_account_counts_as_new() -> None:
    tries = Tries()
    now = miss(tries, ANN, NOW, FREE_MISSES + 3)
    over = now + tries.wait(ANN, now)
    assert tries.misses(ANN, over + FORGET_SECONDS - 1) == FREE_MISSES + 3
    assert tries.misses(ANN, over + FORGET_SECONDS) == 0


def test_a_clock_that_was_set_back_makes_no_pause_longer_than_the_longest() -> None:
    tries = Tries()
    miss(tries, ANN, NOW, 20)
    assert tries.wait(ANN, NOW - 10**6) == LONGEST_PAUSE


def test_whoever_was_turned_away_comes_back_in_a_minute_and_has_missed_nothing() -> None:
    tries = Tries()
    tries.turned_away(ANN, NOW)
    assert tries.wait(ANN, NOW) == BUSY_SECONDS
    assert tries.wait(ANN, NOW + BUSY_SECONDS) == 0
    assert tries.misses(ANN, NOW) == 0


def test_those_who_missed_least_go_first_and_of_them_who_began_to_ask_last() -> None:
    tries = Tries()
    tries.missed(ANN, NOW)
    tries.turned_away(BOB, NOW)
    tries.turned_away(b"dora" * 4, NOW + 10)
    later = NOW + 70
    tries.turned_away(BOB, later)
    line = sorted([ANN, BOB, b"dora" * 4, b"new" * 5], key=lambda who: tries.rank(who, later))
    assert line == [b"new" * 5, b"dora" * 4, BOB, ANN]
    tries.missed(BOB, later)
    assert tries.rank(BOB, later + 1) == (1, -(later + 1)), "once it has been looked at, one asks anew"


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.integers(0, 5_000)), max_size=40))
def test_nobody_waits_longer_than_the_longest_pause_or_for_what_others_did(
    deeds: list[tuple[int, bool, int]],
) -> None:
    together, now = Tries(), NOW
    alone = {who: Tries() for who in range(4)}
    for who, right, later in deeds:
        now += later
        for tries in (together, alone[who]):
            if not right and not tries.wait(bytes([who]), now):
                tries.missed(bytes([who]), now)
        assert together.wait(bytes([who]), now) == alone[who].wait(bytes([who]), now) <= LONGEST_PAUSE


def test_what_is_over_is_forgotten() -> None:
    tries = Tries()
    for number in range(100):
        tries.turned_away(number.to_bytes(4, "big"), NOW)
    later = NOW + 11 * BUSY_SECONDS
    miss(tries, ANN, later)
    assert len(tries) == 1, "whoever has missed nothing, and does not come back, is not remembered"
    miss(tries, BOB, later + FORGET_SECONDS)
    assert len(tries) == 1


def test_what_is_kept_is_bounded_and_whoever_was_here_longest_ago_goes_first() -> None:
    tries = Tries()
    for number in range(MOST_KEPT + 1_000):
        tries.missed(number.to_bytes(4, "big"), NOW)
        if number == MOST_KEPT - 1:
            tries.missed((0).to_bytes(4, "big"), NOW)
    assert len(tries) == MOST_KEPT
    misses = [tries.misses(number.to_bytes(4, "big"), NOW) for number in (0, 1, 1_000, 1_001, MOST_KEPT)]
    assert misses == [2, 0, 0, 1, 1]


# All together.


class Work:
    """Work in the thread that ends when the test says so."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self._go_on = threading.Semaphore(0)

    def named(self, name: str) -> Callable[[], None]:
        def work() -> None:
            assert self._go_on.acquire(timeout=30)
            self.done.append(name)

        return work

    def go_on(self, times: int = 1) -> None:
        self._go_on.release(times)


async def begun(
    stretching: Stretching, rank: tuple[int, int], work: Callable[[], None]
) -> asyncio.Task[None]:
    task = asyncio.create_task(stretching.run(rank, work))
    await asyncio.sleep(0)
    return task


async def test_one_is_derived_at_a_time_those_who_missed_least_first() -> None:
    stretching, work = Stretching(), Work()
    tasks = [await begun(stretching, (3, 0), work.named("running"))]
    for misses, name in ((2, "two"), (0, "new"), (2, "two too"), (1, "one")):
        tasks.append(await begun(stretching, (misses, 0), work.named(name)))
    assert len(stretching) == 4
    work.go_on(5)
    await asyncio.gather(*tasks)
    assert work.done == ["running", "new", "one", "two", "two too"]
    assert len(stretching) == 0


async def test_when_it_is_full_whoever_missed_most_is_turned_away() -> None:
    stretching, work = Stretching(), Work()
    tasks = [await begun(stretching, NEW, work.named("running"))]
    tasks += [await begun(stretching, (2, 0), work.named(f"guess {n}")) for n in range(MOST_WAITING)]
    with pytest.raises(Busy):
        await stretching.run((2, 0), work.named("one guess more"))
    honest = await begun(stretching, NEW, work.named("honest"))
    with pytest.raises(Busy):
        await tasks.pop()
    work.go_on(10)
    await asyncio.gather(*tasks, honest)
    assert work.done[:2] == ["running", "honest"]
    assert len(work.done) == MOST_WAITING + 1


async def test_a_request_that_is_being_sent_is_never_turned_away() -> None:
    stretching, work = Stretching(), Work()
    tasks = [await begun(stretching, FIRST, work.named("sent")) for _ in range(3 * MOST_WAITING)]
    with pytest.raises(Busy):
        await stretching.run(NEW, work.named("guess"))
    work.go_on(3 * MOST_WAITING)
    await asyncio.gather(*tasks)
    assert work.done == ["sent"] * 3 * MOST_WAITING


async def test_whoever_goes_away_holds_up_nobody() -> None:
    stretching, work = Stretching(), Work()
    running = await begun(stretching, NEW, work.named("running"))
    leaving = await begun(stretching, NEW, work.named("leaving"))
    staying = await begun(stretching, NEW, work.named("staying"))
    leaving.cancel()
    await asyncio.wait([leaving])
    assert len(stretching) == 1
    work.go_on(2)
    await asyncio.gather(running, staying)
    assert work.done == ["running", "staying"]
    assert await stretching.run(NEW, lambda: 7) == 7


@pytest.mark.parametrize("gone_first", [False, True])
async def test_whoever_goes_in_the_moment_of_their_turn_passes_it_on(gone_first: bool) -> None:
    """Between the turn and the task that waits for it lies one round of the loop; nothing outside can aim at that."""
    stretching, work = Stretching(), Work()
    stretching._running = True
    leaving = await begun(stretching, NEW, work.named("leaving"))
    staying = await begun(stretching, NEW, work.named("staying"))
    if gone_first:
        leaving.cancel()
    stretching._next()
    leaving.cancel()
    work.go_on()
    await asyncio.wait_for(staying, 30)
    assert leaving.cancelled()
    assert work.done == ["staying"]


async def test_work_that_fails_makes_room_for_the_next() -> None:
    stretching = Stretching()
    with pytest.raises(ZeroDivisionError):
        await stretching.run(NEW, lambda: 1 // 0)
    assert await stretching.run(NEW, lambda: 7) == 7


async def test_a_flood_from_ten_thousand_accounts_costs_a_few_derivations_and_keeps_nobody_waiting() -> None:
    """Each of them tries again as soon as it may, and somebody comes in the midst of them."""
    tries, stretching = Tries(), Stretching()
    flood = [number.to_bytes(4, "big") for number in range(10_000)]

    async def ask(account: bytes, now: int) -> bool:
        try:
            await stretching.run(tries.rank(account, now), lambda: None)
        except Busy:
            tries.turned_away(account, now)
            return False
        tries.missed(account, now)
        return True

    for wave in range(3):
        now = NOW + wave * (BUSY_SECONDS + 1)
        asking = [account for account in flood if not tries.wait(account, now)]
        assert len(asking) > 9_900
        guesses = [asyncio.create_task(ask(account, now)) for account in asking]
        await asyncio.sleep(0)  # all of them are at it
        assert await ask(f"somebody {wave}".encode(), now) or not wave
        looked_at = sum(await asyncio.gather(*guesses))
        assert looked_at <= 1 + MOST_WAITING


# In the conversation.


async def test_after_a_handful_of_wrong_codes_even_the_right_one_waits_and_the_pause_is_told(
    world: World,
) -> None:
    code = await coded(world)
    bob = Person(world, 6661)
    for number in range(FREE_MISSES):
        await bob.send(f"1234 5678 9012 {3_456 + number}")
        assert world.say("hint-code-unknown") in bob.screen.text
    await bob.send(code)
    assert world.say("hint-code-pause", n=1) in bob.screen.text
    assert not any(code in m.text for m in world.shown(6661))
    world.wait(60)
    await bob.send(code)
    assert world.say("code-add-how", letters=2_800) in bob.screen.text
    await bob.send("1234 5678 9012 3456")
    await bob.send(code)
    assert world.say("hint-code-pause", n=2) in bob.screen.text, "a right code forgives nothing"


async def test_others_do_not_wait_for_what_one_account_guessed(world: World) -> None:
    code = await coded(world)
    for number in range(FREE_MISSES + 1):
        await Person(world, 6661).send(f"1234 5678 9012 {3_456 + number}")
    carol = Person(world, 6662)
    await carol.send(code)
    assert world.say("code-no-reply") in carol.screen.text


async def test_while_too_many_are_at_it_one_is_told_politely_and_keeps_the_text(world: World) -> None:
    code = await coded(world)
    go_on = threading.Event()
    at_it = [
        asyncio.create_task(world.desk.stretching.run((0, -(2**40)), lambda: go_on.wait(30)))
        for _ in range(MOST_WAITING + 1)
    ]
    await asyncio.sleep(0)
    bob = Person(world, 6661)
    await bob.send(f"{code} {WORDS}")
    assert world.say("hint-code-busy") in bob.screen.text
    assert any(WORDS in m.text for m in world.shown(6661))
    go_on.set()
    await asyncio.gather(*at_it)
    await bob.send(code)
    assert world.say("hint-code-pause", n=1) in bob.screen.text
    world.wait(BUSY_SECONDS)
    await bob.send(f"{code} {WORDS}")
    assert world.say("code-added", reference=(await reference(world))) in bob.screen.text


async def reference(world: World) -> str:
    found = await world.tables()
    return str(found["cases"][0][1])


# The same work for a right code and for a wrong one, up to the answer.


@pytest.mark.parametrize("typed", ["{code}", "{code} and two children"])
async def test_a_wrong_code_costs_as_much_as_a_right_one(
    world: World, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    code = await coded(world)
    derived: list[str] = []

    class Counted(CodeOpener):
        def __init__(self, *given: object) -> None:
            derived.append("")
            super().__init__(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(requester_slow, "CodeOpener", Counted)
    read: dict[str, list[str]] = {}
    work: dict[str, int] = {}
    for number, each in enumerate((code, WRONG)):
        bob = Person(world, 6_661 + number)
        await bob.send("/start")
        derived.clear()
        statements = read.setdefault(each, [])
        with listening(world, statements):
            await bob.send(typed.format(code=each))
        work[each] = len(derived)
    assert work == {code: 1, WRONG: 1}
    begins = [up_to_the_answer(read[each]) for each in (code, WRONG)]
    assert begins[0] == begins[1]
    assert sum("code_tag =" in each for each in begins[0]) == 1


def up_to_the_answer(statements: list[str]) -> list[str]:
    """From the first to the last read that a wrong code makes: of the case, and of what was written to it."""
    last = max(i for i, each in enumerate(statements) if "FROM thread" in each and "max(" not in each)
    return statements[: last + 1]


class listening:  # noqa: N801 - reads as what it does
    """Every statement that reaches the database meanwhile."""

    def __init__(self, world: World, found: list[str]) -> None:
        # The private things that are looked at: nothing else sees every statement.
        engine = world.desk.db._engine  # type: ignore[attr-defined]
        self._engine = getattr(engine, "sync_engine", engine)
        self._found = found

        self._run = ready._run

    def _note(self, conn: object, cursor: object, statement: str, *_: object) -> None:
        self._found.append(statement)

    def _note_ready(self, raw: Any, text: Any, values: Any) -> Any:
        self._found.append(text.sql)
        return self._run(raw, text, values)

    def __enter__(self) -> None:
        event.listen(self._engine, "before_cursor_execute", self._note)
        ready._run = self._note_ready

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._note)
        ready._run = self._run
