"""What is stored of somebody's conversation: altered, moved, or from another version, it shows nothing."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.public import PrivateKey

from handlers.turn import take_turn
from intake.draft import Draft, Page, Place
from intake.errors import PosternError, Tampered, WrongKey
from storage import damage, drafts
from storage.database import Tx
from storage.drafts import STATE, STATE_BYTES, Conversation
from storage.marks import Kind
from storage.schema import drafts as drafts_table
from storage.schema import locks as locks_table
from storage.server_key import ServerKey
from storage.vault import Vault
from tests.handlers.desk import Person, ask, make_world
from tests.hell.examples import JSON, many

KEY = ServerKey(b"k" * 32)
SECRETS = Vault.new_secrets(KEY)
ACCOUNT = b"a" * 16
CONTENT = "held-at-the-border"
STATE_ROW = json.dumps(
    {
        "chat": 5,
        "screen": 6,
        "draft": Draft(Place.QUESTION, "en", 3, question="status", answers={"status": (CONTENT,)})
        .to_json()
        .decode(),
    }
).encode()


@cache
def vault() -> Vault:
    return Vault(KEY, SECRETS)


def tx() -> Tx:
    return Tx(None, vault())  # type: ignore[arg-type]  # reading a row that is at hand needs no connection


@many
@given(st.integers(0), st.integers(0, 7))
def test_a_stored_draft_with_any_bit_changed_shows_nothing(at: int, bit: int) -> None:
    box = bytearray(vault().wrap_padded(STATE, ACCOUNT, STATE_ROW, STATE_BYTES))
    box[at % len(box)] ^= 1 << bit
    with pytest.raises((Tampered, WrongKey)) as refused:
        drafts.read(tx(), ACCOUNT, bytes(box))
    assert CONTENT not in repr(refused.value)


@pytest.mark.parametrize(
    ("place", "row"), [(STATE, b"b" * 16), ("cases.facts", ACCOUNT), ("outbox.job", ACCOUNT)]
)
def test_a_stored_draft_moved_from_elsewhere_shows_nothing(place: str, row: bytes) -> None:
    moved = vault().wrap_padded(place, row, STATE_ROW, STATE_BYTES)
    with pytest.raises(Tampered):
        drafts.read(tx(), ACCOUNT, moved)


DRAFT_FIELDS = st.dictionaries(
    st.sampled_from([*Draft.__dataclass_fields__, "v", "new"]),
    st.sampled_from([*Place, *Page, 1, "x", [], {}, {"q": ["o"]}, {"q": 1}, None]) | JSON,
).map(lambda changes: json.dumps(json.loads(Draft(Place.NOTICE).to_json()) | changes))


@many
@given(
    JSON
    | st.fixed_dictionaries(
        {"chat": st.integers() | JSON, "screen": st.none() | JSON, "draft": DRAFT_FIELDS | JSON}
    )
    | st.builds(dict, draft=DRAFT_FIELDS)
)
def test_whatever_another_version_has_stored_is_a_draft_or_tampered_and_is_not_quoted(state: Any) -> None:
    box = vault().wrap_padded(STATE, ACCOUNT, json.dumps(state).encode(), STATE_BYTES)
    try:
        found = drafts.read(tx(), ACCOUNT, box)
    except Tampered as error:
        kept = error.__context__
        assert not kept, "an error below it would hold what was stored"
        return
    assert isinstance(found, Conversation)
    assert isinstance(found.draft.place, Place)


async def test_an_unreadable_draft_is_dropped_and_its_owner_begins_anew(tmp_path: Path) -> None:
    async with make_world(tmp_path) as world:
        ann = Person(world, 77)
        await ask(ann)

        def spoil(at: Tx) -> None:
            newer = at.vault.wrap_padded(
                STATE, ann.account, b'{"chat": 1, "screen": 2, "draft": "{}"}', STATE_BYTES
            )
            at.conn.execute(drafts_table.update().values(state=newer))

        await world.write(spoil)
        with pytest.raises(Tampered):
            await ann.send("/start")
        assert await world.write(lambda at: damage.drop(at, Kind.DRAFT, [ann.account], world.now)) == 1
        await ann.send("/start")
        assert "English" in ann.screen.labels


async def test_a_case_whose_lock_was_altered_takes_nothing_and_says_nothing(tmp_path: Path) -> None:
    async with make_world(tmp_path) as world:
        ann = Person(world, 77)
        await ask(ann, until="chat")

        def spoil(at: Tx) -> None:
            at.conn.execute(locks_table.update().values(public_key=bytes(PrivateKey.generate().public_key)))

        await world.write(spoil)
        before = len(world.posted)
        with pytest.raises(PosternError) as refused:
            await take_turn(world.desk, "postern_test_bot", ann.message("and my unspokenword"))
        assert "unspokenword" not in str(refused.value)
        assert len(world.posted) == before
