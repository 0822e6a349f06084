"""An installation in a test's own folder, and commands run on it: in a process of their own, or in this one."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from nacl.public import PrivateKey

from bot import cli
from bot.settings import Settings, load_settings
from storage.public_key import encode_public

ROOT = Path(__file__).parents[2]
RECOVERY = encode_public(bytes(PrivateKey(bytes(range(32))).public_key))


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Place:
    """A home folder, and the settings under which commands run there."""

    home: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        kept = {
            name: os.environ[name]
            for name in ("PATH", "LANG", "LC_ALL", "COVERAGE_PROCESS_START")
            if name in os.environ
        }
        place = {"HOME": str(self.home), "PYTHONPATH": str(ROOT), "POSTERN_DATA_DIR": str(self.home / "data")}
        return kept | place | {f"POSTERN_{name}": value for name, value in self.settings.items()}

    @property
    def loaded(self) -> Settings:
        return load_settings(self.environment)

    def run(self, *args: str) -> Done:
        """`postern ARGS` in a process of its own, without a terminal."""
        done = subprocess.run(
            [sys.executable, "-m", "bot.cli", *args],
            cwd=self.home,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Shell:
    """`postern ARGS` in this process, which spares each call two seconds of imports."""

    place: Place
    patch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]

    def __call__(self, *args: str) -> Done:
        with self.patch.context() as patch:
            for name in [name for name in os.environ if name.startswith("POSTERN_")]:
                patch.delenv(name)
            for name, value in self.place.environment.items():
                patch.setenv(name, value)
            patch.chdir(self.place.home)
            patch.setattr(sys, "argv", ["postern", *args])
            self.capture.readouterr()
            with pytest.raises(SystemExit) as stopped:
                cli.main()
        said = self.capture.readouterr()
        return Done(int(stopped.value.code or 0), said.out, said.err)


def new_key() -> str:
    """The public line of a key pair whose private half is thrown away."""
    return encode_public(bytes(PrivateKey.generate().public_key))
