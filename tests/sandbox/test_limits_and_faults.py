"""Flood limits and faults, as the bot meets them."""

from __future__ import annotations

import time

import aiohttp
import pytest

from sandbox.client import Control, Phone
from sandbox.limits import Limits
from tests.sandbox.conftest import ANN, Api, Refused


async def refused_after(api: Api, chat_id: int, tries: int) -> tuple[int, Refused]:
    """How many messages passed, and the refusal of the next."""
    for sent in range(tries):
        try:
            await api.say(chat_id, str(sent))
        except Refused as refused:
            return sent, refused
    raise AssertionError(f"{tries} messages passed")


async def test_limits_are_off_until_enforced(api: Api, ann: Phone) -> None:
    for number in range(40):
        await api.say(ANN, str(number))


async def test_a_burst_in_one_chat_is_refused_with_the_time_to_wait(
    api: Api, ann: Phone, control: Control
) -> None:
    await control.enforce_limits()
    passed, refused = await refused_after(api, ANN, 10)
    assert 2 <= passed <= 5
    wait = refused.parameters["retry_after"]
    assert refused.code == 429
    assert str(refused) == f"Too Many Requests: retry after {wait}"
    await control.advance(wait)
    await api.say(ANN, "after the wait")


async def test_edits_count_like_messages(api: Api, ann: Phone, control: Control) -> None:
    message = await api.say(ANN, "0")
    await control.enforce_limits()

    async def edit_fast() -> None:
        for number in range(1, 10):
            await api("editMessageText", chat_id=ANN, message_id=message, text=str(number))

    with pytest.raises(Refused, match="Too Many Requests"):
        await edit_fast()


async def test_a_group_takes_twenty_a_minute(api: Api, group: int, control: Control) -> None:
    await control.enforce_limits()
    for number in range(20):
        await api.say(group, str(number))
        await control.advance(1.1)
    with pytest.raises(Refused, match="Too Many Requests") as refused:
        await api.say(group, "one more")
    assert 30 <= refused.value.parameters["retry_after"] <= 60


def test_thirty_a_second_pass_overall() -> None:
    limits = Limits(enforced=True)
    assert all(limits.admit(chat, is_group=False, now=100.0) is None for chat in range(30))
    assert limits.admit(30, is_group=False, now=100.5) == 1
    assert limits.admit(30, is_group=False, now=101.0) is None


async def test_a_fault_strikes_the_method_and_chat_it_names_so_often(
    api: Api, ann: Phone, control: Control, group: int
) -> None:
    await control.add_fault("sendMessage", "429", times=2, retry_after=7, chat_id=ANN)
    await api.say(group)
    for _ in range(2):
        with pytest.raises(Refused, match=r"^Too Many Requests: retry after 7$") as refused:
            await api.say(ANN)
        assert refused.value.parameters == {"retry_after": 7}
    await api.say(ANN)


async def test_a_server_error_has_no_effect(api: Api, ann: Phone, control: Control) -> None:
    await control.add_fault("*", "500")
    assert await api.updates() == []
    before = len(await ann.messages())
    with pytest.raises(Refused, match="Internal Server Error") as refused:
        await api.say(ANN)
    assert refused.value.code == 500
    assert len(await ann.messages()) == before


async def test_a_dropped_connection_has_no_effect(api: Api, ann: Phone, control: Control) -> None:
    await control.add_fault("sendMessage", "drop")
    with pytest.raises(aiohttp.ClientError):
        await api.say(ANN, "lost")
    assert (await ann.messages())[-1].text == "/start"
    assert (await control.calls("sendMessage"))[-1]["fault"] == "drop"


async def test_a_timeout_after_the_effect_leaves_the_message_in_the_chat(
    api: Api, ann: Phone, control: Control
) -> None:
    await control.add_fault("sendMessage", "timeout_after_effect", seconds=0.2)
    begun = time.monotonic()
    with pytest.raises(aiohttp.ClientError):
        await api.say(ANN, "arrived")
    assert time.monotonic() - begun >= 0.2
    assert (await ann.messages())[-1].text == "arrived"


async def test_a_slow_answer_still_comes(api: Api, ann: Phone, control: Control) -> None:
    await control.add_fault("sendMessage", "slow", seconds=0.2)
    begun = time.monotonic()
    await api.say(ANN)
    assert time.monotonic() - begun >= 0.2


async def test_faults_can_be_cleared(api: Api, ann: Phone, control: Control) -> None:
    await control.add_fault("*", "500", times=100)
    await control.clear_faults()
    await api.say(ANN)
