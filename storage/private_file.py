"""Small files with a secret in them: made once, for their owner alone; refused if others can read them."""

import os
import stat
from pathlib import Path

from intake.errors import KeyFileError

MAX_BYTES = 4096
_TOO_OPEN = 0o077
_TOO_OPEN_FOR_A_CREDENTIAL = 0o037


def create_private(path: Path, text: str) -> None:
    """Write a new file with mode 600, its missing folders with 700, and make both last through a power cut.

    Raises KeyFileError if there is such a file already (it is left as it is), or if it cannot be written.
    """
    try:
        _make_folders(path.parent)
    except OSError as error:
        raise KeyFileError(f"The folder {path.parent} cannot be made: {error.strerror}.") from None
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise KeyFileError(f"{path} exists already: move it away first, nothing is overwritten.") from None
    except OSError as error:
        raise KeyFileError(f"{path} cannot be made: {error.strerror}.") from None
    try:
        with os.fdopen(handle, "w", encoding="ascii", newline="\n") as file:
            os.fchmod(handle, 0o600)  # whatever the umask says
            file.write(text)
            file.flush()
            os.fsync(handle)
        _sync_folder(path.parent)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise KeyFileError(f"{path} cannot be written: {error.strerror}.") from None


def read_private(path: Path, credentials: Path | None = None) -> str:
    """The text of a file that only its owner can read, at most MAX_BYTES of ASCII. Raises KeyFileError.

    Inside the folder `credentials` (systemd's $CREDENTIALS_DIRECTORY) the group may read too: systemd hands a
    credential to an unprivileged service with an access list, which shows as mode 440.
    """
    try:
        # Not blocking: a named pipe in place of the file would hang the start.
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise KeyFileError(f"{path} is missing.") from None
    except OSError as error:
        raise KeyFileError(f"{path} cannot be read: {error.strerror}.") from None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise KeyFileError(f"{path} is not a file.")
        mode = stat.S_IMODE(status.st_mode)
        if mode & (_TOO_OPEN_FOR_A_CREDENTIAL if _inside(path, credentials) else _TOO_OPEN):
            raise KeyFileError(f"{path} can be read by others (mode {mode:o}): run chmod 600 on it.")
        raw = os.read(handle, MAX_BYTES + 1)
    finally:
        os.close(handle)
    if len(raw) > MAX_BYTES or not raw.isascii():
        raise KeyFileError(f"{path} is not a Postern key file.")
    return raw.decode("ascii")


def replace_private(path: Path, text: str) -> None:
    """Put another text in place of a private file's, at one stroke: after a power cut it is the one or the other.

    Owner and mode stay. The former text is then overwritten on the disk. Where this ends: a disk or file system that
    writes elsewhere than it is told (flash, snapshots) may keep it. Raises KeyFileError.
    """
    path = path.resolve()
    aside = path.with_name(f"{path.name}.new")
    try:
        status = path.stat()
        aside.unlink(missing_ok=True)  # left by a kill; it was never in force
        create_private(aside, text)
        former = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.chown(aside, status.st_uid, status.st_gid)
            aside.chmod(stat.S_IMODE(status.st_mode))
            aside.replace(path)
            _sync_folder(path.parent)
            os.write(former, bytes(status.st_size))
            os.fsync(former)
        finally:
            os.close(former)
    except OSError as error:
        raise KeyFileError(f"{path} cannot be replaced: {error.strerror}.") from None


def _inside(path: Path, folder: Path | None) -> bool:
    return folder is not None and path.resolve().is_relative_to(folder.resolve())


def _make_folders(folder: Path) -> None:
    """As mkdir(parents=True), which would give the mode to the last folder only."""
    if not folder.is_dir():
        _make_folders(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
