"""Two processes on PostgreSQL behind a load balancer: the same walks, order, and what happens when one is killed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import time
from typing import Any

import aiohttp
import asyncpg
import pytest
import pytest_asyncio

from bot.opening import open_text
from storage.advisory import LANES
from storage.postgres import LANE_BYTES
from tests.postgres import ROLE, PostgresServer, database_of
from tests.service.balancer import Balancer, balancer
from tests.service.looks import references, requests
from tests.service.process import Service
from tests.service.requester import REFERENCE, Requester

# The walks through the whole service, each press of which goes to the other process than the one before it.
from tests.service.test_emergency import (  # noqa: F401
    test_at_most_three_taps_from_consent_alert_the_operators,
)
from tests.service.test_operators import (  # noqa: F401
    _claimed,
    test_a_reply_reaches_the_requester_and_a_closed_case_nobody,
    test_of_fifty_who_press_claim_at_the_same_instant_one_holds_and_the_others_are_told,
    test_of_two_claims_at_the_same_instant_one_wins,
)
from tests.service.test_requester import (  # noqa: F401
    test_a_code_reads_the_reply_and_erases_the_case_from_another_account,
)
from tests.service.town import SECRET, Town, free_port
from tests.service.town import town as open_town

pytestmark = pytest.mark.asyncio(loop_scope="session")
TAKEN_OVER_WITHIN = 10.0
WAITS = "another process sends, and fetches what there is to fetch: this one waits"
SENDS_NOW = "this process sends from now on"


@dataclass
class Pair:
    """A town that two processes serve; the first is the one that sends."""

    town: Town
    balancer: Balancer


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pair(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer) -> AsyncIterator[Pair]:
    behind = [f"127.0.0.1:{free_port()}" for _ in range(2)]
    async with balancer(behind) as made:
        settings = {
            "DATABASE_URL": await postgres.fresh(upgraded=False),
            "WEBHOOK_URL": made.url,
            "WEBHOOK_SECRET": SECRET,
        }
        home = tmp_path_factory.mktemp("pair")
        async with open_town(home, settings, operators=2, listen=behind) as town:
            yield Pair(town, made)


@pytest_asyncio.fixture(loop_scope="session")
async def town(pair: Pair) -> AsyncIterator[Town]:
    """For a test that leaves it as it was, and in which no process logs an error."""
    for one in pair.town.services:
        one.new_errors()
    yield pair.town
    await pair.town.control.clear_faults()
    assert [one.new_errors() for one in pair.town.services] == [[], []]


def said(service: Service, event: str) -> list[datetime]:
    """When."""
    return [datetime.fromisoformat(line["timestamp"]) for line in service.log() if line["event"] == event]


async def bring(pair: Pair, update: dict[str, Any], *to: int) -> list[int]:
    """Bring an update to these processes at once, as Telegram does by the balancer; what they answer."""

    async def to_one(n: int) -> int:
        url = f"http://{pair.balancer.behind[n]}/telegram"
        headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
        async with aiohttp.request("POST", url, json=update, headers=headers) as answer:
            return answer.status

    return await asyncio.gather(*(to_one(n) for n in to))


def text(ann: Requester, number: int, said: str) -> dict[str, Any]:
    message = {
        "message_id": 900_000 + number,
        "date": 1,
        "chat": {"id": ann.user_id, "type": "private"},
        "from": {"id": ann.user_id, "is_bot": False, "first_name": "x"},
        "text": said,
    }
    return {"update_id": 60_000_000 + ann.user_id % 100_000 * 100 + number, "message": message}


async def press(ann: Requester, label: str, number: int) -> dict[str, Any]:
    screen = await ann.offers(label)
    button = screen.find(label)
    assert button is not None
    query = {
        "id": str(number),
        "from": {"id": ann.user_id, "is_bot": False, "first_name": "x"},
        "message": {"message_id": screen.id, "date": 1, "chat": {"id": ann.user_id, "type": "private"}},
        "data": button.data,
    }
    return {"update_id": 60_000_000 + ann.user_id % 100_000 * 100 + number, "callback_query": query}


async def test_both_processes_serve_and_one_of_them_sends(pair: Pair, town: Town) -> None:
    await (await town.requester()).ask_for_help()
    assert min(pair.balancer.handed_on) > 5
    first, second = town.services
    assert (len(said(first, WAITS)), len(said(second, WAITS))) == (0, 1)


async def test_an_update_that_comes_to_both_at_once_changes_things_once(pair: Pair, town: Town) -> None:
    ann = await town.requester()
    await ann.begin()
    await ann.answer_all()
    before, known = await town.data(requests), await town.data(references)
    for number, name in enumerate(("send-button", "channel-chat-button")):
        update = await press(ann, ann.say(name), number)
        assert await bring(pair, update, 0, 1, 0, 1) == [200] * 4
    home = await ann.offers(ann.say("wipe-button"))
    found = REFERENCE.search(home.text)
    assert found is not None
    await town.card(found[0])
    assert await town.data(requests) == before + 1
    assert await town.data(references) - known == {found[0]}
    assert len(await town.cards(found[0])) == 1


async def test_an_update_waits_for_an_earlier_one_that_the_other_process_has(
    pair: Pair, town: Town, postgres: PostgresServer
) -> None:
    ann, operator = await town.requester(), town.operators[0]
    sent = await ann.ask_for_help()
    account = await town.data(lambda tx: tx.vault.account(ann.user_id))
    lane = LANES, int.from_bytes(account[:LANE_BYTES])
    database = database_of(town.place.settings["DATABASE_URL"])
    conn = await asyncpg.connect(user=ROLE, database=database, host=str(postgres.folder))
    try:
        for n in range(0, 12, 2):
            # Both have come, one after the other, before either can go on. What became of the screens before is
            # recorded in the same lane, and must not be taken for them.
            await asyncio.sleep(1)
            await _waiting(conn, lane, 0)
            await conn.execute("SELECT pg_advisory_lock($1, $2)", *lane)
            where = (n // 2 % 2, 1 - n // 2 % 2)
            tasks = []
            for ahead, process in enumerate(where):
                update = text(ann, n + ahead, f"note no. {n + ahead:02}")
                tasks.append(asyncio.ensure_future(bring(pair, update, process)))
                await _waiting(conn, lane, ahead + 1)
            await conn.execute("SELECT pg_advisory_unlock($1, $2)", *lane)
            assert await asyncio.gather(*tasks) == [[200], [200]]
    finally:
        await conn.close()
    file = await _claimed(town, operator, sent)
    opened = open_text(await operator.phone.download(file.file_id or ""), operator.private)
    assert re.findall(r"note no. (\d\d)", opened) == [f"{n:02}" for n in range(12)]


async def _waiting(conn: asyncpg.Connection, lane: tuple[int, int], expected: int) -> None:
    asked = (
        "SELECT count(*) FROM pg_locks WHERE classid = $1::int::oid AND objid = $2::int::oid AND NOT granted"
    )
    async with asyncio.timeout(30):
        while await conn.fetchval(asked, *lane) != expected:  # noqa: ASYNC110 (it is in other processes)
            await asyncio.sleep(0.01)


async def test_when_the_one_that_sends_is_killed_the_other_takes_over_and_nothing_is_lost(pair: Pair) -> None:
    town = pair.town
    first, second = town.services
    ann, ben = await town.requester(), await town.requester()
    await ann.begin()
    await ann.answer_all()
    await ann.tap(ann.say("send-button"))
    before = await town.data(requests)
    # The update is with the first process when that is killed: nobody knows how far it has come.
    update = await press(ann, ann.say("channel-chat-button"), 1)
    on_its_way = asyncio.ensure_future(bring(pair, update, 0))
    await asyncio.sleep(0.01)
    killed = time()
    await first.kill()
    await asyncio.gather(on_its_way, return_exceptions=True)
    assert await bring(pair, update, 1) == [200]  # Telegram brings it again, to the one that is left
    home = await ann.offers(ann.say("wipe-button"))
    found = REFERENCE.search(home.text)
    assert found is not None
    await town.card(found[0])
    sent = await ben.ask_for_help()
    await town.card(sent.reference)
    (taken_over,) = said(second, SENDS_NOW)
    assert taken_over.timestamp() - killed < TAKEN_OVER_WITHIN
    assert await town.data(requests) == before + 2
    assert [len(await town.cards(one)) for one in (found[0], sent.reference)] == [1, 1]

    await first.start()  # and when it comes back, it waits
    await (await town.requester()).ask_for_help()
    assert len(said(first, WAITS)) == 1
    assert [one.new_errors() for one in town.services] == [[], []]


async def test_of_two_that_fetch_the_second_waits_and_takes_over(tmp_path: Path) -> None:
    """On one SQLite file: neither Telegram's nor the database's word is needed for that."""
    async with open_town(
        tmp_path, {"CARD_DELAY_MINUTES": "60"}, operators=0, listen=["127.0.0.1:0"] * 2
    ) as town:
        first, second = town.services
        ann = await town.requester()
        await ann.begin()
        assert (len(said(first, WAITS)), len(said(second, WAITS))) == (0, 1)
        killed = time()
        await first.kill()
        await ann.answer_all()
        await ann.submit()
        (taken_over,) = said(second, SENDS_NOW)
        assert taken_over.timestamp() - killed < TAKEN_OVER_WITHIN
        assert len(said(second, WAITS)) == 1
        assert await town.data(requests) == 1
        fetching = "another program fetches this bot's updates: stop it, or set its own token there"
        assert [said(one, fetching) for one in town.services] == [[], []]
        assert [one.new_errors() for one in town.services] == [[], []]
