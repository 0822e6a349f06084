"""`make surge HTTP=1`: two hours of a surge, at 1,500 requests a day, over HTTP, in the operators' group.

A real `postern run` against the sandbox, with Telegram's flood limits on. Every request is walked through by a person
who presses buttons; an operator takes the next case once a minute. The clock of both sides jumps from step to step, and
runs on between jumps, so what takes the machine a second takes a second of the two hours.
It takes a quarter of an hour, on a busy machine twice that.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from intake.lifecycle import Status
from sandbox.telegram import Call
from storage import cases, outbox
from storage.database import Tx
from tests.service.requester import PICKS, REFERENCE
from tests.service.town import GROUP, Town, town

SECONDS = 2 * 3_600
A_DAY = 1_500
EMERGENCIES = 0.05
STEP = 20
CLAIM_EVERY = 60
BOARD_WITHIN = 10
CARD_WITHIN = 60
STEP_TAKES = 1.2
"""Seconds of ours at least: the service looks at its clock once a second."""
AT_ONCE = 8
"""People who are on their way through the questions at the same time; more would be a flood of a town's own making."""
COUNTED = re.compile(r"^(\d+) requests? (?:is|are) waiting")
RETRY = re.compile(r"retry after (\d+)")


@dataclass
class Seen:
    came: dict[str, float] = field(default_factory=dict)
    """Reference of an emergency -> when its sender saw the reference."""
    sent: int = 0
    taken: int = 0
    board_behind: list[float] = field(default_factory=list)
    """For how long the board said something else, after each step."""
    wrong: list[str] = field(default_factory=list)


async def walk(place: Town, seen: Seen, pressing: bool, gate: asyncio.Semaphore) -> None:
    async with gate:
        somebody = await place.requester()
        if not pressing:
            await somebody.ask_for_help("chat", PICKS, "")
        else:
            await somebody.begin()
            await somebody.tap(somebody.label(somebody.questionnaire.question("status"), "held"))
            shown = await somebody.shows(lambda m: REFERENCE.search(m.text), "the reference")
            found = REFERENCE.search(shown.text)
            assert found is not None
            seen.came[found[0]] = place.sandbox.telegram.clock.seconds()
        seen.sent += 1


async def take_next(place: Town, seen: Seen) -> None:
    """As an operator does: /next, Claim."""
    phone = place.operators[0].phone
    asked = await phone.send("/next")
    shown = await phone.wait_for(
        lambda ms: any(m.from_bot and m.id > asked.id and m.text for m in ms), timeout=60
    )
    offer = next(m for m in shown if m.from_bot and m.id > asked.id)
    if "Claim" in offer.labels:
        answer = await phone.press("Claim", message_id=offer.id)
        seen.taken += not answer.alert


async def board_follows(place: Town, seen: Seen) -> None:
    """Wait until the board says how many wait, or waited a few seconds ago; for how long it did not."""
    clock = place.sandbox.telegram.clock
    began, truths = clock.seconds(), list[tuple[float, int]]()
    while clock.seconds() - began < 3 * BOARD_WITHIN:
        truths.append((clock.seconds(), await place.data(lambda tx: cases.count(tx, Status.OPEN))))
        said = None
        for message in await place.operators[0].group.messages():
            if found := COUNTED.match(message.text):
                said = int(found[1])
        lately = {truth for when, truth in truths if when >= clock.seconds() - BOARD_WITHIN}
        if (said or 0) in lately:
            break
        await asyncio.sleep(0.2)
    seen.board_behind.append(clock.seconds() - began)


async def play(home: Path, seconds: int, seed: int) -> tuple[Town, Seen, list[str]]:
    random = Random(seed)
    count = A_DAY * seconds // 86_400
    at = sorted(random.randrange(seconds - 60) for _ in range(count))
    pressing = set(random.sample(range(count), max(1, round(count * EMERGENCIES))))
    seen, gate, came = Seen(), asyncio.Semaphore(AT_ONCE), 0
    settings = {"HOLD_LIMIT": "0", "OPENINGS_PER_HOUR": "0"}
    async with town(home, settings, movable_clock=True) as place:
        await place.operators[0].phone.send("/duty")
        await asyncio.sleep(1)
        await place.operators[0].phone.press("Go on duty")
        calls: deque[Call] = deque()
        place.sandbox.telegram.calls = calls
        await place.control.enforce_limits()
        clock = place.sandbox.telegram.clock
        start, claimed_at, began = clock.seconds(), 0.0, time.monotonic()
        walking: set[asyncio.Task[None]] = set()
        while clock.seconds() - start < seconds or walking:
            now = clock.seconds() - start
            while came < count and at[came] <= now:
                walking.add(asyncio.create_task(walk(place, seen, came in pressing, gate)))
                came += 1
            if now - claimed_at >= CLAIM_EVERY:
                claimed_at = now
                await take_next(place, seen)
            if walking:
                done, walking = await asyncio.wait(walking, timeout=STEP_TAKES)
                for each in done:
                    each.result()
            else:
                await asyncio.sleep(STEP_TAKES)
            await board_follows(place, seen)
            _progress(now, seconds, seen, time.monotonic() - began)
            if (ahead := STEP - (clock.seconds() - start - now)) > 0 and now < seconds:
                await place.later(int(ahead) + 1)
        for _ in range(30):  # what waits for room in the group
            await place.later(STEP)
            await asyncio.sleep(1.2)
            if not await place.data(lambda tx: _owed(tx, int(clock.seconds()))):
                break
        return place, seen, await judge(place, seen, list(calls), time.monotonic() - began)


def _owed(tx: Tx, now: int) -> int:
    return len(outbox.due(tx, now))


async def judge(place: Town, seen: Seen, calls: list[Call], took: float) -> list[str]:
    cards = dict[str, float]()
    for message in await place.operators[0].group.messages():
        if found := REFERENCE.search(message.text):
            cards.setdefault(found[0], message.raw["at"])
    late = {one: cards[one] - when for one, when in seen.came.items() if one in cards}
    refused = [call for call in calls if call.error and RETRY.search(call.error)]
    open_cases, owed, without = await place.data(
        lambda tx: (
            cases.with_status(tx, Status.OPEN),
            _owed(tx, int(place.sandbox.telegram.clock.seconds())),
            sum(case.facts.grouped for case in cases.with_status(tx, Status.OPEN)),
        )
    )
    lost = [c.reference for c in open_cases if c.reference not in cards and not c.facts.grouped]
    board = [m.text for m in await place.operators[0].group.messages() if COUNTED.match(m.text)]
    shown = COUNTED.match(board[-1]) if board else None
    per_minute = _most_in_a_minute(
        [call.at for call in calls if call.ok and call.parameters.get("chat_id") == GROUP]
    )
    hasty = _hasty(calls)
    wrong = seen.wrong + [
        text
        for text, holds in {
            "an emergency's card never came": len(late) == len(seen.came),
            f"an emergency's card came after more than {CARD_WITHIN} s": max(late.values(), default=0)
            <= CARD_WITHIN,
            f"the board was more than {BOARD_WITHIN} s behind": max(seen.board_behind) <= BOARD_WITHIN,
            "a case is neither on a card nor on the board": not lost,
            "the board's number is not the number that wait": int(shown[1] if shown else 0)
            == len(open_cases),
            "something is still owed": not owed,
            "the group was sent more than twenty calls in a minute": per_minute <= 20,
            "after a 429 the same chat was called again too soon": not hasty,
            "the service logged an error": not place.service.new_errors(),
        }.items()
        if not holds
    ]
    behind = sorted(seen.board_behind)
    print(
        f"\n{seen.sent} requests, of which {len(seen.came)} emergencies; {seen.taken} taken; "
        f"{len(calls):,} calls to Telegram; {took / 60:.1f} min"
        f"\nemergency's card: {max([0, *late.values()]):.0f} s at most after its sender saw the reference"
        f"\nboard behind: {behind[len(behind) // 2]:.1f} s in the middle, {behind[-1]:.1f} s at most"
        f"\n429 answers: {len(refused)}, each waited for; most calls to the group in a minute: {per_minute}"
        f"\nwaiting at the end: {len(open_cases)}, of which {without} without a card of their own"
    )
    return wrong


def _most_in_a_minute(at: list[int]) -> int:
    return max((sum(start <= each < start + 60 for each in at) for start in at), default=0)


def _hasty(calls: list[Call]) -> list[Call]:
    """Calls that a chat was sent before the time was over that Telegram had asked for."""
    free_at, found = dict[object, float](), list[Call]()
    for call in calls:
        chat = call.parameters.get("chat_id")
        if call.method.startswith(("send", "edit")) and call.at < free_at.get(chat, 0) - 1:
            found.append(call)
        if call.error and (asked := RETRY.search(call.error)):
            free_at[chat] = call.at + int(asked[1])
    return found


def _progress(now: float, seconds: int, seen: Seen, took: float) -> None:
    line = f"\r{now / 60:5.1f} of {seconds // 60} min, {seen.sent} sent, {seen.taken} taken, {took:.0f} s"
    print(line, end="", file=sys.stderr, flush=True)


def main() -> int:
    asked = argparse.ArgumentParser(prog="make surge HTTP=1")
    asked.add_argument("--minutes", type=int, default=SECONDS // 60)
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as home:
        _, _, wrong = asyncio.run(play(Path(home), given.minutes * 60, given.seed))
    for line in wrong:
        print(f"wrong: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
