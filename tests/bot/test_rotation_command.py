"""rotate-server-key: killed anywhere and run again it loses nothing; the service may run all the while."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot import rotation
from bot.installation import opened
from bot.rotation import note_keys, rotate
from storage import meta, private_file
from storage import rotation as stored
from storage.database import Database, Tx
from storage.server_key import KeyRing
from storage.wrapped import WRAPPED
from tests.bot.installed import Place, Shell
from tests.service.town import town
from tests.storage.filled import bytes_under, contents, fill


class Quiet:
    """Nobody watches."""

    def start(self, boxes: int) -> None:
        pass

    def advance(self, boxes: int) -> None:
        pass


def place_in(home: Path) -> Place:
    return Place(home, {"SERVER_KEY_FILE": str(home / "keys" / "server.key")})


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Its key where the commands and the test itself find it."""
    return place_in(tmp_path)


def key_file(place: Place) -> Path:
    return place.loaded.server_key_file


def read(place: Place, work: Callable[[Tx], Any]) -> Any:
    return _on(place, lambda db: db.read(work))


def write(place: Place, work: Callable[[Tx], Any]) -> Any:
    return _on(place, lambda db: db.write(work))


def _on(place: Place, work: Callable[[Database], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with opened(place.loaded) as installation:
            return await work(installation.db)

    return asyncio.run(run())


def same(after: dict[str, Any], before: dict[str, Any]) -> bool:
    """Nothing has changed, but that the trail may say once or twice that keys were exchanged."""
    added = [entry for entry in after["audit"] if entry not in before["audit"]]
    kept = [entry for entry in after["audit"] if entry in before["audit"]]
    assert all("SERVER_KEY_ROTATED" in entry for entry in added)
    return after | {"audit": kept} == before


def test_the_command_exchanges_the_key_and_says_what_it_did(installed: Shell) -> None:
    place = installed.place
    old = KeyRing.load(key_file(place)).newest
    write(place, fill)
    before = read(place, contents)
    boxes = len(read(place, lambda tx: bytes_under(tx, old)))
    done = installed("rotate-server-key")
    # But for the hash keys, exchanged with the key itself, and the trail's head, which the exchange's own entry moves.
    assert (done.code, done.out) == (0, f"wrapped anew: {boxes - 2}\n")
    assert f"{boxes - 2}/{boxes - 2}" in done.err
    assert "Make a copy" in done.err
    keys = KeyRing.load(key_file(place)).keys
    assert len(keys) == 1
    assert keys[0] != old
    assert same(read(place, contents), before)
    header = b"\x01" + old.id
    for path in place.loaded.data_dir.iterdir():
        assert header not in path.read_bytes(), path.name


# Kills


NEVER = 10_000
FILE_STEPS = 10
"""Until the new key is in force; each of them is tried. Of the later ones, which are all alike, every fifth."""


class Kill:
    """SIGKILL to this process when the n-th of the watched steps begins or has just ended."""

    def __init__(self, at: int) -> None:
        self.left = at

    def pass_by(self) -> None:
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1

    def around(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **named: Any) -> Any:
            self.pass_by()
            result = step(*args, **named)
            self.pass_by()
            return result

        return watched

    def around_async(self, step: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def watched(*args: Any, **named: Any) -> Any:
            self.pass_by()
            result = await step(*args, **named)
            self.pass_by()
            return result

        return watched


def rotated_until(place: Place, at: int = NEVER) -> bool:
    """Run it in a process that is killed at this step; True if it came to its end before."""
    child = os.fork()
    if child == 0:
        try:
            kill = Kill(at)
            Database.write = kill.around_async(Database.write)  # type: ignore[method-assign,assignment]
            rotation.write_keys = kill.around(rotation.write_keys)  # type: ignore[attr-defined]
            private_file.create_private = kill.around(private_file.create_private)
            private_file._sync_folder = kill.around(private_file._sync_folder)
            asyncio.run(rotate(place.loaded, Quiet()))
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return False
    assert os.WEXITSTATUS(status) == 0
    return True


def test_killed_at_any_step_and_run_again_nothing_is_lost(
    installed: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "PAUSE_SECONDS", 0)
    monkeypatch.setattr(stored.rewrap_all, "__defaults__", (3,))  # several transactions for each column
    write(installed.place, fill)
    before = read(installed.place, contents)
    old = KeyRing.load(key_file(installed.place)).newest
    step, finished = 0, False
    while not finished:
        place = place_in(tmp_path / f"killed-at-{step}")
        for folder in ("data", "keys"):
            shutil.copytree(tmp_path / folder, place.home / folder)
        finished = rotated_until(place, step)
        keys = KeyRing.load(key_file(place)).keys
        assert same(read(place, contents), before)
        if old in keys:
            assert rotated_until(place)
        assert len(KeyRing.load(key_file(place)).keys) == 1
        assert read(place, lambda tx: bytes_under(tx, old)) == []
        assert same(read(place, contents), before)
        shutil.rmtree(place.home)
        step += 1 if step < FILE_STEPS else 5
    assert step > len(WRAPPED)  # a transaction for each column at least


# What it refuses


def test_two_at_once_are_refused(installed: Shell) -> None:
    folder = os.open(key_file(installed.place).parent, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    before = key_file(installed.place).read_text()
    done = installed("rotate-server-key")
    os.close(folder)
    assert (done.code, done.out) == (1, "")
    assert "by another command already" in done.err
    assert key_file(installed.place).read_text() == before


def test_a_box_that_does_not_open_keeps_the_old_key_in_the_file(installed: Shell) -> None:
    place = installed.place
    old = KeyRing.load(key_file(place)).newest
    at = meta.NEXT_CARDS
    write(place, lambda tx: meta.put(tx, at, tx.vault.wrap(meta.VALUE, b"another row", b"1")))
    done = installed("rotate-server-key")
    assert done.code == 1
    assert "do not open: meta.value 1." in done.err
    assert KeyRing.load(key_file(place)).keys[1] == old
    assert "exchange of the server key was begun and not finished" in installed("check").out
    write(place, lambda tx: meta.drop(tx, at))
    assert installed("rotate-server-key").code == 0
    assert old not in KeyRing.load(key_file(place)).keys
    assert "not finished" not in installed("check").out


def test_a_credential_is_not_changed(installed: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(key_file(installed.place).parent))
    before = key_file(installed.place).read_text()
    done = installed("rotate-server-key")
    assert done.code == 1
    assert "is a systemd credential" in done.err
    assert key_file(installed.place).read_text() == before


def test_a_service_that_was_handed_its_key_must_be_restarted_in_between(
    installed: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It never sees the file again, so the new key may not be in force before it was handed over."""
    source = installed.place
    handed = tmp_path / "credentials" / "server.key"
    service = Place(source.home, {"SERVER_KEY_FILE": str(handed)})
    handed.parent.mkdir()

    def start_service() -> None:
        shutil.copy(key_file(source), handed)
        with monkeypatch.context() as patch:
            patch.setenv("CREDENTIALS_DIRECTORY", str(handed.parent))

            async def run() -> None:
                async with opened(service.loaded) as running:
                    await running.db.write(lambda tx: note_keys(tx, service.loaded, running.vault))

            asyncio.run(run())

    start_service()
    old = KeyRing.load(handed).newest
    write(source, fill)
    for _ in range(2):
        done = installed("rotate-server-key")
        assert done.code == 1
        assert "restart it, then run this again" in done.err
        assert KeyRing.load(key_file(source)).keys[1] == old
    assert read(service, contents)  # with the old key alone
    start_service()
    assert installed("rotate-server-key").code == 0
    assert KeyRing.load(key_file(source)).keys == (KeyRing.load(handed).newest,)
    assert old not in KeyRing.load(key_file(source)).keys
    assert read(service, contents)


# With the service running


async def test_the_service_goes_on_while_the_key_is_exchanged(tmp_path: Path) -> None:
    async with town(tmp_path, operators=1) as place:
        old = KeyRing.load(key_file(place.place)).newest
        ann, ben = await place.requester(), await place.requester()
        sent = await ann.ask_for_help()
        await ben.begin()
        exchange = asyncio.create_task(asyncio.to_thread(place.place.run, "rotate-server-key"))
        await ben.answer_all()
        assert (done := await exchange).code == 0, done.err
        other = await ben.submit()
        again = await asyncio.to_thread(place.place.run, "rotate-server-key")
        assert again.code == 0, again.err
        await ann.send("/status")
        await ann.reads(sent.reference)
        operator = place.operators[0]
        await operator.group.press("Claim", message_id=await place.card(other.reference))
        await operator.phone.wait_for(lambda ms: any(m.media and other.reference in m.text for m in ms))
        assert place.service.new_errors() == []
        assert await place.data(lambda tx: bytes_under(tx, old)) == []
        await place.service.stop()
        await place.service.start()
        await ann.send("/status")
        await ann.reads(sent.reference)
        await operator.phone.send("/mine")
        await operator.phone.wait_for(lambda ms: ms[-1].from_bot and other.reference in ms[-1].text)
        assert place.service.new_errors() == []
