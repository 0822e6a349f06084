"""What this machine would give away: folders, the place of the server key, memory that reaches the disk."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from bot.finding import Finding, note, problem
from bot.hardening import can_harden
from bot.installation import is_credential, key_lies_with_data, server_keys
from bot.settings import Settings
from intake.errors import PosternError

OTHERS = 0o077
SWAPS = Path("/proc/swaps")


def data_folder(folder: Path) -> Iterator[Finding]:
    if not folder.is_dir():
        yield problem(f"{folder}, the data folder, is missing: run `postern init`.")
    elif _mode(folder) & OTHERS:
        yield problem(
            f"{folder} can be entered by others (mode {_mode(folder):o}): run `chmod 700 {folder}`."
        )
    else:
        open_files = sorted(path for path in folder.iterdir() if _mode(path) & OTHERS)
        if open_files:
            names = " ".join(str(path) for path in open_files)
            yield note(
                f"Only the folder's mode keeps others from reading what lies in it: run `chmod 600 {names}`."
            )


def secret_files(environ: Mapping[str, str]) -> Iterator[Finding]:
    """The files that hold the token and the webhook's secret, where settings name some."""
    for variable in ("POSTERN_BOT_TOKEN_FILE", "POSTERN_WEBHOOK_SECRET_FILE"):
        path = Path(environ.get(variable, "")).expanduser()
        if path.is_file() and _mode(path) & OTHERS:
            yield note(
                f"{path} ({variable}) can be read by others (mode {_mode(path):o}): run `chmod 600 {path}`."
            )


def server_key_place(settings: Settings) -> Iterator[Finding]:
    """Where the server key lies. That it is sound is found when the data are opened with it."""
    path = settings.server_key_file
    if key_lies_with_data(settings):
        yield problem(
            f"{path} lies inside {settings.data_dir}, so every copy of the data holds its key: move it outside and "
            "set POSTERN_SERVER_KEY_FILE."
        )
    elif not path.exists() or not settings.data_dir.exists():
        return
    elif is_credential(path):
        yield note(
            "The server key comes as a systemd credential: a stolen disk holds it encrypted, if it was made with "
            "`systemd-creds encrypt`."
        )
    elif path.stat().st_dev == settings.data_dir.stat().st_dev:
        yield note(
            "The server key lies on the same disk as the data: whoever takes the disk has both. A systemd "
            "credential sealed to the machine's TPM, or a disk of its own, keeps them apart."
        )


def unfinished_rotation(settings: Settings) -> Iterator[Finding]:
    with suppress(PosternError):  # said elsewhere
        if len(server_keys(settings).keys) > 1:
            yield note(
                "The exchange of the server key was begun and not finished, so the old key still opens what it did: "
                "run `postern rotate-server-key` again."
            )


def core_dumps() -> Iterator[Finding]:
    """The service forbids its own when it starts (`bot.hardening`), where the system lets it."""
    if not can_harden():
        yield note(
            "This system has no way to keep the service's memory, and keys in it, out of crash dumps: run it on Linux, "
            "or turn dumps off for the whole machine."
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
