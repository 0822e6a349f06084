"""Making and opening an installation: what fits together opens, and what doesn't says what to do."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from nacl.public import PrivateKey

from bot.installation import QUESTIONNAIRES, Installation, load_canned_replies, load_questionnaire, opened
from bot.settings import Settings
from bot.setup import create
from intake.errors import CannedRepliesError, PosternError, QuestionnaireError, SealingError
from storage import meta
from storage.database import Tx
from storage.server_key import ServerKey
from tests.bot.installed import Place

RECOVERY = bytes(PrivateKey.generate().public_key)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", server_key_file=tmp_path / "keys" / "server.key")


async def test_what_was_made_opens_again_with_the_same_tags(settings: Settings) -> None:
    made = await create(settings, RECOVERY)
    assert len(made) == 4
    async with opened(settings) as first:
        tag = first.vault.account(7)
        await first.db.write(lambda tx: meta.put(tx, meta.PAUSED, b"later"))
    async with opened(settings, upgrade=True) as second:
        assert second.vault.account(7) == tag
        assert await second.db.read(lambda tx: meta.get(tx, meta.PAUSED)) == b"later"
        assert await second.db.read(lambda tx: meta.get(tx, meta.RECOVERY_KEY)) == RECOVERY
    assert await create(settings, RECOVERY) == []


async def test_an_installation_can_be_made_before_its_recovery_key(settings: Settings) -> None:
    assert len(await create(settings, None)) == 3
    assert len(await create(settings, RECOVERY)) == 1
    assert await create(settings, None) == []


async def test_the_service_does_not_make_what_init_should(settings: Settings) -> None:
    with pytest.raises(PosternError, match="server key, is missing: run `postern init`"):
        await open_and_close(settings, upgrade=True)
    ServerKey.create(settings.server_key_file)
    with pytest.raises(PosternError, match=r"postern\.sqlite is missing: run `postern init`"):
        await open_and_close(settings, upgrade=True)
    assert not settings.data_dir.exists()


async def test_another_server_key_is_told_from_a_damaged_one(settings: Settings) -> None:
    await create(settings, RECOVERY)
    settings.server_key_file.rename(settings.server_key_file.with_name("old"))
    ServerKey.create(settings.server_key_file)
    for act in (open_and_close(settings), create_again(settings)):
        with pytest.raises(SealingError, match="another server key"):
            await act
    settings.server_key_file.write_text("postern-server-key-1 00")
    with pytest.raises(SealingError, match="cut short"):
        await open_and_close(settings)


async def test_a_server_key_that_others_can_read_is_refused(settings: Settings) -> None:
    await create(settings, RECOVERY)
    settings.server_key_file.chmod(0o640)
    with pytest.raises(SealingError, match="chmod 600"):
        await open_and_close(settings)


async def test_two_that_make_it_at_once_make_one(settings: Settings) -> None:
    await create(settings, None)
    await asyncio.gather(create(settings, RECOVERY), create(settings, RECOVERY))
    await open_and_close(settings)


async def test_what_the_database_says_becomes_one_line(settings: Settings) -> None:
    await create(settings, RECOVERY)

    def broken(tx: Tx) -> None:
        tx.conn.exec_driver_sql("SELECT * FROM nowhere")

    with pytest.raises(PosternError, match=r"^The database can't be used: no such table: nowhere\.$"):
        async with opened(settings) as installation:
            await installation.db.read(broken)


async def test_a_read_sees_one_instant(settings: Settings) -> None:
    """Whatever is written while it runs."""
    await create(settings, RECOVERY)
    path = settings.data_dir / "postern.sqlite"

    def twice(tx: Tx) -> tuple[bytes | None, bytes | None]:
        before = meta.get(tx, "x")
        with sqlite3.connect(path) as other:
            other.execute("INSERT INTO meta VALUES ('x', x'01')")
        return before, meta.get(tx, "x")

    async with opened(settings) as installation:
        assert await installation.db.read(twice) == (None, None)
        assert await installation.db.read(lambda tx: meta.get(tx, "x")) == b"\x01"


def test_a_questionnaire_is_found_by_name_or_by_path(place: Place) -> None:
    shipped = load_questionnaire(place.loaded)
    copy = place.home / "mine.yaml"
    source = Path(__file__).parents[2] / "questionnaires" / f"{place.loaded.questionnaire}.yaml"
    copy.write_text(source.read_text("utf-8"), "utf-8")
    mine = replace(place, settings={"QUESTIONNAIRE": str(copy)})
    assert load_questionnaire(mine.loaded) == shipped
    with pytest.raises(QuestionnaireError, match="neither a file nor one that comes with Postern"):
        load_questionnaire(replace(place, settings={"QUESTIONNAIRE": "nothing"}).loaded)


async def open_and_close(settings: Settings, *, upgrade: bool = False) -> None:
    async with opened(settings, upgrade=upgrade) as installation:
        assert isinstance(installation, Installation)


async def create_again(settings: Settings) -> None:
    await create(settings, RECOVERY)


def test_prepared_replies_are_read_from_the_file_that_is_named(place: Place) -> None:
    assert load_canned_replies(place.loaded) == ()
    shipped = replace(place, settings={"CANNED_REPLIES": str(QUESTIONNAIRES / "replies" / "neutral.yaml")})
    assert [reply.id for reply in load_canned_replies(shipped.loaded)] == ["received", "more", "other-day"]
    missing = replace(place, settings={"CANNED_REPLIES": str(place.home / "none.yaml")})
    with pytest.raises(CannedRepliesError, match=r"POSTERN_CANNED_REPLIES: .*none\.yaml cannot be read"):
        load_canned_replies(missing.loaded)
