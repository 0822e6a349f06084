"""Order within a lane, concurrency between lanes."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from bot.lanes import Lanes


async def _note(log: list[str], name: str, after: float = 0.0) -> str:
    log.append(f"{name} begins")
    await asyncio.sleep(after)
    log.append(f"{name} ends")
    return name


async def test_one_lane_is_strictly_in_order() -> None:
    lanes, log = Lanes(), list[str]()
    futures = [await lanes.submit(7, partial(_note, log, name, 0.01)) for name in "abc"]
    assert await asyncio.gather(*futures) == ["a", "b", "c"]
    assert log == ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]


async def test_lanes_do_not_wait_for_each_other() -> None:
    lanes, log = Lanes(), list[str]()
    slow = await lanes.submit(1, partial(_note, log, "slow", 5))
    fast = await lanes.submit(2, partial(_note, log, "fast"))
    await asyncio.wait_for(fast, 1)
    assert not slow.done()
    assert not await lanes.drain(0)


async def test_an_error_reaches_the_submitter_and_the_lane_goes_on() -> None:
    async def fails() -> None:
        raise KeyError

    lanes, log = Lanes(), list[str]()
    bad = await lanes.submit(1, fails)
    good = await lanes.submit(1, partial(_note, log, "good"))
    assert await good == "good"
    with pytest.raises(KeyError):
        await bad


async def test_no_more_lanes_run_at_once_than_allowed() -> None:
    at_once, most = 0, 0

    async def work() -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.01)
        at_once -= 1

    lanes = Lanes(running=3)
    await asyncio.gather(*[await lanes.submit(key, work) for key in range(12)])
    assert most == 3


async def test_work_is_held_up_when_more_lanes_have_some_than_run() -> None:
    lanes, gate = Lanes(running=2), asyncio.Event()
    futures = [await lanes.submit(number, gate.wait) for number in (1, 2)]
    await asyncio.sleep(0)
    assert not lanes.held_up()
    futures.append(await lanes.submit(3, gate.wait))
    assert lanes.held_up()
    gate.set()
    await asyncio.gather(*futures)
    await lanes.drain(1)
    assert not lanes.held_up()


async def test_submitting_waits_while_there_is_no_room() -> None:
    lanes, gate = Lanes(waiting=2), asyncio.Event()
    for _ in range(2):
        await lanes.submit(1, gate.wait)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(lanes.submit(2, gate.wait), 0.05)
    gate.set()
    await (await lanes.submit(2, gate.wait))


async def test_cancelled_work_that_has_not_begun_is_skipped_and_order_kept() -> None:
    lanes, log = Lanes(), list[str]()
    first = await lanes.submit(1, partial(_note, log, "first", 0.05))
    second = await lanes.submit(1, partial(_note, log, "second"))
    third = await lanes.submit(1, partial(_note, log, "third"))
    second.cancel()
    await third
    assert first.done()
    assert log == ["first begins", "first ends", "third begins", "third ends"]


async def test_a_finished_lane_leaves_nothing_behind() -> None:
    lanes, log = Lanes(), list[str]()
    for key in range(50):
        await (await lanes.submit(key, partial(_note, log, "x")))
    assert await lanes.drain(1)
    assert len(lanes) == 0


async def test_draining_waits_for_the_work_and_cancels_what_is_late() -> None:
    lanes, log = Lanes(), list[str]()
    await lanes.submit(1, partial(_note, log, "quick", 0.02))
    assert await lanes.drain(1)
    assert log == ["quick begins", "quick ends"]
    late = await lanes.submit(1, partial(_note, log, "late", 60))
    behind = await lanes.submit(1, partial(_note, log, "behind"))
    assert not await lanes.drain(0.05)
    assert late.cancelled()
    assert behind.cancelled()
    assert len(lanes) == 0
