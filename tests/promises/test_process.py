"""The running process gives nothing away: no core dump, no words in its arguments or environment."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.bot.installed import ROOT
from tests.promises.leaks import Planted, in_process
from tests.service.town import TOKEN, Town, town

SHOW = (
    "import resource, bot.hardening as h; before = h.is_hardened(); "
    "print(before, h.can_harden(), h.harden(), h.is_hardened(), resource.getrlimit(resource.RLIMIT_CORE))"
)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Town]:
    async with town(tmp_path, runs=False) as found:
        await found.service.start()
        yield found


@pytest.fixture
def with_core_dumps() -> Iterator[None]:
    """As on a machine where crashes leave core files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))


@pytest.mark.usefixtures("with_core_dumps")
def test_hardening_makes_the_process_undumpable() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SHOW], capture_output=True, text=True, cwd=ROOT, check=True, timeout=60
    )
    assert done.stdout.split(maxsplit=4) == ["False", "True", "True", "True", "(0, 0)\n"]


@pytest.mark.usefixtures("with_core_dumps")
async def test_the_service_leaves_no_core_dump(running: Town) -> None:
    process = running.service._process
    assert process is not None
    limits = _read(process.pid, "limits").decode().splitlines()
    line = next(line for line in limits if line.startswith("Max core file size"))
    assert line.split()[4:6] == ["0", "0"]
    before = set(running.place.home.rglob("*"))
    process.send_signal(signal.SIGABRT)
    await process.wait()
    await running.service.kill()
    assert not {path.name for path in set(running.place.home.rglob("*")) - before if "core" in path.name}


async def test_arguments_name_no_secret_and_neither_they_nor_the_environment_a_requester(
    running: Town,
) -> None:
    ann = await running.requester("ru")
    planted = Planted()
    planted.person("ann", ann.user_id, f"Somebody{ann.user_id}", f"somebody_{ann.user_id}")
    planted.text("ann", "text", "My leave ends on Friday, please write only in the evening.")
    await ann.ask_for_help()
    process = running.service._process
    assert process is not None
    assert in_process(process.pid, planted) == set()
    assert TOKEN.encode() not in _read(process.pid, "cmdline")


@pytest.mark.parametrize("place", ["cmdline", "environ"])
def test_a_leak_into_arguments_or_environment_is_caught(place: str) -> None:
    planted = Planted()
    planted.person("ann", 7_315_577_390_121, "Philippa-Annabella", "philippa_quartermaine_77")
    word = "philippa_quartermaine_77"
    command = (
        ["sleep", "60"] if place == "environ" else [sys.executable, "-c", "import time; time.sleep(60)", word]
    )
    process = subprocess.Popen(command, env={"WORD": word} if place == "environ" else None)
    try:
        deadline = time.monotonic() + 10
        while not (found := in_process(process.pid, planted)) and time.monotonic() < deadline:
            time.sleep(0.05)  # until the new program has taken the place of the fork
        assert (place, "username of ann") in found
    finally:
        process.kill()
        process.wait()


def _read(pid: int, name: str) -> bytes:
    return Path(f"/proc/{pid}/{name}").read_bytes()
