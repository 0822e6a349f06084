"""Whatever anybody presses or types, in whatever role: an answer to each press, and nothing Telegram would refuse."""

from __future__ import annotations

import asyncio
import string
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.events import MAX_TEXT_BYTES
from intake.roles import Role
from storage import staff
from storage.database import Tx
from tests.handlers.desk import GROUP, OWN_WORDS, Person, World, ask, join, make_world
from tests.hell.examples import few
from tests.hell.far_end import faults

ACTIONS = (
    "begin stop ok under back skip next done send chat code refresh erase wipe yes no leave privacy language "
    "l0 l99 o0 o-1 t0 c0 c99 o00 o\u0663"
)
WORDS = st.text(max_size=20) | st.sampled_from(ACTIONS.split())
PRESSES = (
    st.tuples(st.integers(-2, 30).map(str) | st.text(max_size=8) | st.just("9" * 50), WORDS).map(".".join)
    | st.tuples(
        st.sampled_from(["claim", "release", "file", "close", "outcome", "key", "code", "reply"]),
        st.sampled_from(["yes", "no", "helped", "written", "longer", "K7QM-4ZDP", "en", "xx", ""])
        | st.text(max_size=9),
        st.text(max_size=16) | st.sampled_from(["en", "K7QM-4ZDP", "0" * 16]),
    ).map(".".join)
    | st.text(max_size=80)
)
TYPED = (
    st.text(max_size=60)
    | st.tuples(
        st.sampled_from(["/start", "/erase", "/queue", "/pause", "/stats", "/x"]), st.text(max_size=40)
    ).map(" ".join)
    | st.text(string.ascii_letters + string.digits + "_-", min_size=32, max_size=32).map("/start {}".format)
    | st.text("abcdefgh234567", min_size=50, max_size=60).map("postern-pub-1{}".format)
    | st.text("0123456789 -", min_size=14, max_size=24)
)


@few
@given(st.lists(st.tuples(st.integers(0, 4), st.booleans(), PRESSES, TYPED), min_size=15, max_size=60))
def test_whatever_anybody_presses_or_types_is_answered_and_breaks_nothing(
    acts: list[tuple[int, bool, str, str]],
) -> None:
    async def scenario(folder: Path) -> None:
        async with make_world(folder) as world:
            people = await _people(world)
            for who, presses, data, text in acts:
                await _act(people[who], data if presses else None, text)
            await world.deliver()
            assert [fault for call in world.posted for fault in faults(call)] == []

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(scenario(Path(folder)))


async def _people(world: World) -> list[Person]:
    """Somebody new, somebody at the review, an operator, an admin, and one whose key is not confirmed yet."""
    asking = Person(world, 502)
    await ask(asking, text=OWN_WORDS)
    operator = await join(world, 503, Role.OPERATOR, "Alder")
    admin = await join(world, 504, Role.ADMIN, "Aspen")
    waiting = await join(world, 505, Role.OPERATOR, "Birch")
    await world.write(lambda at: staff.forget_key(at, _member(at, waiting).id))
    return [Person(world, 501), asking, operator, admin, waiting]


def _member(at: Tx, person: Person) -> staff.Member:
    member = staff.by_account(at, person.account)
    assert member is not None
    return member


async def _act(person: Person, data: str | None, text: str) -> None:
    shown = person.world.shown(person.id)
    if data is None:
        await person.send(text)
        return
    update = person.pressing(data, shown[-1] if shown else person.world.put(person.id, "gone"))
    await person.world.turn(update)
    assert update["callback_query"]["id"] in person.world.answers, "a press that was never answered"


WORST = ("\x01", "\x1f", "\x7f", '"', "\\", "\u2028", "\r\n", "\U0001f600", "\ud83d")
"""What takes the most room, one way or another."""


@pytest.mark.parametrize("unit", WORST)
async def test_a_reply_of_the_worst_characters_arrives_or_is_refused_kindly(
    tmp_path: Path, unit: str
) -> None:
    async with make_world(tmp_path) as world:
        operator = await join(world, 503, Role.OPERATOR, "Alder")
        ann = Person(world, 502)
        await ask(ann, until="chat")
        await world.deliver()
        await operator.press(world.say("claim-button"), chat=GROUP)
        await world.deliver()
        document = [m for m in world.shown(operator.id) if m.document][-1]
        for size in (MAX_TEXT_BYTES, 4096):
            text = unit * (size // len(unit.encode("utf-8", "surrogatepass")))
            await operator.send(text, reply_to=document.id)
            await ann.send(text)
            await world.deliver()
        assert [fault for call in world.posted for fault in faults(call)] == []
