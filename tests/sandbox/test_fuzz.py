"""Whatever a client sends, it gets Telegram's kind of answer: never a crash, never a half-carried-out call."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox import acts, groups, view
from sandbox.dispatch import make_dispatch
from sandbox.methods.table import METHODS, modelled_parameters
from sandbox.telegram import Telegram
from sandbox.world import BotAccount, Person
from tests.sandbox.conftest import ANN, GROUP, TOKEN, keys

SPOKEN = st.text(max_size=5) | st.sampled_from(["<b>x</b>", "HTML", "typing", "http://127.0.0.1:9/", "true"])
SCALARS = st.none() | st.booleans() | st.integers(-3, 5) | st.floats(allow_nan=False) | SPOKEN
PLAUSIBLE = st.sampled_from(
    [
        keys("Go"), {"inline_keyboard": [[{"text": 1}]]}, {"keyboard": [[{"text": "x"}]]}, [1, "2"], ["a"],
        {"type": "chat", "chat_id": GROUP}, {"message_id": 1}, {"message_id": "x"},
        [{"type": "bold", "offset": "0", "length": 1}], [{"type": "emoji", "emoji": "x"}],
        [{"command": "a", "description": "b"}], {"type": "web_app", "text": "x", "web_app": {"url": "x"}},
    ]
)  # fmt: skip
VALUES = SCALARS | PLAUSIBLE | st.lists(SCALARS, max_size=2) | st.dictionaries(SPOKEN, SCALARS, max_size=2)


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    method = draw(st.sampled_from(sorted(METHODS)))
    names = sorted(modelled_parameters(METHODS[method]) - {"tg", "timeout"})
    chosen = draw(st.sets(st.sampled_from(names))) if names else set()
    parameters = {name: draw(VALUES) for name in sorted(chosen)}
    for name, usual in (("chat_id", st.sampled_from([ANN, GROUP])), ("message_id", st.integers(1, 3))):
        if name in names and draw(st.integers(0, 3)):
            parameters[name] = draw(usual)
    return method, parameters


async def run(sequence: list[tuple[str, dict[str, Any]]]) -> None:
    tg = Telegram(TOKEN, BotAccount(1, "Bot", "a_bot"), {})
    tg.world.add_person(Person(ANN, "Ann"))
    acts.start(tg, ANN, "")
    groups.create(tg, GROUP, "Desk", [ANN], bot_is_admin=True)
    dispatch = make_dispatch(tg)
    for method, parameters in sequence:
        before = tg.world.revision
        reply = await dispatch(method, parameters, {})
        assert reply.status in (200, 400, 403, 409, 501), (method, parameters, reply)
        assert reply.status == 200 or tg.world.revision == before, "a refused call changed the world"
        assert view.world(tg)
    await tg.close()


@settings(max_examples=150, deadline=None)
@given(st.lists(calls(), min_size=1, max_size=6))
def test_any_call_is_answered_or_refused_and_a_refusal_changes_nothing(
    sequence: list[tuple[str, dict[str, Any]]],
) -> None:
    asyncio.run(run(sequence))
