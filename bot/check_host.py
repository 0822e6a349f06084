"""What this machine would give away: folders, the place of the server key, memory that reaches the disk."""

from __future__ import annotations

import resource
import stat
from collections.abc import Iterator
from pathlib import Path

from bot.finding import Finding, note, problem
from bot.installation import credentials_folder, key_lies_with_data
from bot.settings import Settings

OTHERS = 0o077
SWAPS = Path("/proc/swaps")


def data_folder(folder: Path) -> Iterator[Finding]:
    if not folder.is_dir():
        yield problem(f"{folder}, the data folder, is missing: run `postern init`.")
    elif _mode(folder) & OTHERS:
        yield problem(
            f"{folder} can be entered by others (mode {_mode(folder):o}): run `chmod 700 {folder}`."
        )


def server_key_place(settings: Settings) -> Iterator[Finding]:
    """Where the server key lies. That it is sound is found when the data are opened with it."""
    path, credentials = settings.server_key_file, credentials_folder()
    if key_lies_with_data(settings):
        yield problem(
            f"{path} lies inside {settings.data_dir}, so every copy of the data holds its key: move it outside and "
            "set POSTERN_SERVER_KEY_FILE."
        )
    elif not path.exists() or not settings.data_dir.exists():
        return
    elif credentials is not None and path.resolve().is_relative_to(credentials.resolve()):
        yield note(
            "The server key comes as a systemd credential: a stolen disk holds it encrypted, if it was made with "
            "`systemd-creds encrypt`."
        )
    elif path.stat().st_dev == settings.data_dir.stat().st_dev:
        yield note(
            "The server key lies on the same disk as the data: whoever takes the disk has both. A systemd "
            "credential sealed to the machine's TPM, or a disk of its own, keeps them apart."
        )


def core_dumps() -> Iterator[Finding]:
    soft, _ = resource.getrlimit(resource.RLIMIT_CORE)
    if soft != 0:
        yield note(
            "A crash may write this machine's memory, and keys in it, to the disk: set LimitCORE=0 in the service's "
            "unit, or run `ulimit -c 0` first."
        )


def swap(swaps: Path = SWAPS) -> Iterator[Finding]:
    try:
        entries = swaps.read_text().splitlines()[1:]
    except OSError:  # another system than Linux
        return
    # Compressed memory (zram) is not a disk.
    if any(not entry.startswith("/dev/zram") for entry in entries):
        yield note(
            "Swap is on, so memory, and keys in it, may reach the disk: encrypt it, run `swapoff -a`, or set "
            "MemorySwapMax=0 in the service's unit."
        )


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
