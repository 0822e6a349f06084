"""Long polling: confirmation, redelivery, expiry, conflicts, kinds."""

from __future__ import annotations

import asyncio
import time

import pytest

from sandbox.client import Control, Phone
from sandbox.server import Sandbox
from tests.sandbox.conftest import Api, Refused, keys


async def test_updates_are_handed_out_again_until_they_are_confirmed(api: Api, ann: Phone) -> None:
    await ann.send("one")
    await ann.send("two")
    first = await api.updates()
    assert await api.updates() == first
    assert [u["message"]["text"] for u in first] == ["one", "two"]
    rest = await api.updates(offset=first[0]["update_id"] + 1)
    assert rest == first[1:]
    assert await api.updates() == rest
    assert await api.updates(offset=rest[0]["update_id"] + 1) == []


async def test_a_limit_and_a_negative_offset_are_obeyed(api: Api, ann: Phone) -> None:
    for number in range(5):
        await ann.send(str(number))
    assert [u["message"]["text"] for u in await api.updates(limit=2)] == ["0", "1"]
    assert [u["message"]["text"] for u in await api.updates(offset=-2)] == ["3", "4"]
    assert len(await api.updates()) == 2


async def test_unconfirmed_updates_are_lost_after_a_day(api: Api, ann: Phone, control: Control) -> None:
    await ann.send("early")
    await control.advance(23 * 3600)
    await ann.send("late")
    assert len(await api.updates()) == 2
    await control.advance(3600)
    assert [u["message"]["text"] for u in await api.updates()] == ["late"]


async def test_a_long_poll_waits_and_returns_as_soon_as_something_comes(api: Api, ann: Phone) -> None:
    begun = time.monotonic()
    polling = asyncio.create_task(api.updates(timeout=20))
    await asyncio.sleep(0.05)
    assert not polling.done()
    await ann.send("wake up")
    assert len(await polling) == 1
    assert time.monotonic() - begun < 5
    begun = time.monotonic()
    assert await api.updates(offset=2**40, timeout=1) == []
    assert time.monotonic() - begun >= 0.9


async def test_a_second_poller_ends_the_first_with_a_conflict(api: Api) -> None:
    first = asyncio.create_task(api.updates(timeout=20))
    await asyncio.sleep(0.05)
    second = asyncio.create_task(api.updates(timeout=1))
    with pytest.raises(Refused) as refused:
        await first
    assert refused.value.code == 409
    assert str(refused.value) == (
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    )
    assert await second == []


async def test_polling_is_refused_while_a_webhook_is_set(api: Api) -> None:
    polling = asyncio.create_task(api.updates(timeout=20))
    await asyncio.sleep(0.05)
    await api("setWebhook", url="http://127.0.0.1:9/hook")
    with pytest.raises(Refused, match=r"^Conflict: terminated by setWebhook request$"):
        await polling
    with pytest.raises(Refused) as refused:
        await api.updates()
    assert str(refused.value) == (
        "Conflict: can't use getUpdates method while webhook is active;"
        " use deleteWebhook to delete the webhook first"
    )
    await api("deleteWebhook")
    assert await api.updates() == []


async def test_only_the_kinds_asked_for_are_queued(api: Api, ann: Phone) -> None:
    message = await api.say(ann.user_id, reply_markup=keys("Yes"))
    assert await api.updates(allowed_updates=["callback_query"]) == []
    await ann.send("unheard")
    await ann.press("Yes", wait=0)
    assert [list(u) for u in await api.take()] == [["update_id", "callback_query"]]
    await api.updates(allowed_updates=[])
    await ann.send("heard", reply_to=message)
    assert len(await api.take()) == 1


async def test_pending_updates_can_be_dropped(api: Api, ann: Phone) -> None:
    await ann.send("one")
    assert (await api("getWebhookInfo"))["pending_update_count"] == 1
    await api("deleteWebhook", drop_pending_updates=True)
    assert await api.updates() == []


async def test_a_poller_that_hangs_up_leaves_its_updates_waiting(
    api: Api, ann: Phone, control: Control
) -> None:
    answered = len(await control.calls("getUpdates"))
    polling = asyncio.create_task(api.updates(timeout=20))
    await asyncio.sleep(0.05)
    assert (await ann.world())["online"] is True
    polling.cancel()
    await asyncio.sleep(0.05)
    await ann.send("still here")
    assert len(await api.updates(timeout=1)) == 1
    assert len(await control.calls("getUpdates")) == answered + 1, "the poll that hung up was answered"


async def test_the_sandbox_closes_at_once_while_someone_polls_and_watches(
    sandbox: Sandbox, api: Api, ann: Phone
) -> None:
    polling = asyncio.create_task(api.updates(timeout=50))
    watching = asyncio.create_task(ann.wait_for(lambda shown: False, timeout=50))
    await asyncio.sleep(0.05)
    begun = time.monotonic()
    await sandbox.close()
    assert time.monotonic() - begun < 2
    await asyncio.gather(polling, watching, return_exceptions=True)


async def test_settling_waits_for_confirmation_only(api: Api, ann: Phone, control: Control) -> None:
    await ann.send("one")
    with pytest.raises(TimeoutError):
        await control.settle(timeout=0.05)
    await api.take()
    await control.settle(timeout=0.05)
