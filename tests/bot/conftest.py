"""What the tests of the command line start from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bot.installed import RECOVERY, Place, Shell


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty home folder."""
    return Place(tmp_path)


@pytest.fixture
def shell(place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Commands in the empty home folder."""
    return Shell(place, monkeypatch, capsys)


@pytest.fixture
def installed(shell: Shell) -> Shell:
    """Commands on a new installation, whose only recipient is the recovery key."""
    assert shell("init", "--yes", "--recovery-pubkey", RECOVERY).code == 0
    return shell
