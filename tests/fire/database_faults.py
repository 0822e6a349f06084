"""The database can't be written for a while: nothing is called done that isn't, and all goes on afterwards."""

from __future__ import annotations

import asyncio
import ctypes
import os
import resource
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.fire.counts import Counts
from tests.fire.field import Field, open_field
from tests.fire.habits import Habits

FINISH_SECONDS = 180.0
PATIENT = Habits(patience=6.0)
DISK_BYTES = 24 * 2**20


async def locked(home: Path, *, seed: int, people: int, seconds: float, times: int = 1) -> Counts:
    """Another process holds the write lock, as a backup or a command in the shell does."""

    async def hold(field: Field) -> None:
        path = field.place.loaded.data_dir / "postern.sqlite"
        assert path.exists()
        other = await asyncio.to_thread(_lock, path)
        try:
            await asyncio.sleep(seconds)
        finally:
            other.rollback()
            other.close()

    return await through(home, seed, people, times, hold)


def _lock(path: Path) -> sqlite3.Connection:
    other = sqlite3.connect(path, timeout=20, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    return other


async def cannot_write(home: Path, *, seed: int, people: int, seconds: float, times: int = 1) -> Counts:
    """Every write to a file fails with an I/O error (the kernel allows the process none any longer)."""

    async def forbid(field: Field) -> None:
        assert field.life is not None
        resource.prlimit(field.life.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        await asyncio.sleep(seconds)
        resource.prlimit(field.life.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)

    return await through(home, seed, people, times, forbid)


async def disk_full(home: Path, *, seed: int, people: int, seconds: float, times: int = 1) -> Counts:
    """A small disk, and something else fills it to the last byte."""
    with_disk = await asyncio.to_thread(_mount, home / "data")
    if not with_disk:
        counts = Counts(tried=1, survived=1)
        counts.said.append("not run: no disk may be mounted here")
        return counts

    async def fill(field: Field) -> None:
        ballast = home / "data" / "ballast"
        await asyncio.to_thread(_fill, ballast)
        await asyncio.sleep(seconds)
        ballast.unlink()

    try:
        return await through(home, seed, people, times, fill)
    finally:
        _libc().umount2(os.fsencode(home / "data"), 2)  # 2: also while it is used


async def read_only(home: Path, *, seed: int, people: int) -> Counts:
    """The file may only be read when the service starts: it ends with one clear line, and starts when it may again."""
    with_disk = await asyncio.to_thread(_mount, home / "data")
    if not with_disk:
        counts = Counts(tried=1, survived=1)
        counts.said.append("not run: no disk may be mounted here")
        return counts
    try:
        async with open_field(home, seed=seed) as field:
            await field.start()
            async with field.crowd(people, FINISH_SECONDS, most=people):
                await asyncio.sleep(1.0)
                await field.kill()
                assert await asyncio.to_thread(_remount, home / "data", read_only=True)
                life = await field.begin_life()
                code = await asyncio.wait_for(life.gone(), 60)
                assert await asyncio.to_thread(_remount, home / "data", read_only=False)
                await field.start()
            await field.stop()
            counts = await field.verdict(errors=False)
            lines = [line for line in field.log.read_text().splitlines() if not line.startswith("{")]
            if code != 1 or len(lines) != 1 or "database" not in lines[0].lower():
                counts.wrong.append(f"a database that can't be written: exit code {code}, said {lines[:3]}")
            return counts
    finally:
        _libc().umount2(os.fsencode(home / "data"), 2)


async def through(
    home: Path,
    seed: int,
    people: int,
    times: int,
    trouble: Callable[[Field], Awaitable[None]],
    database: str = "",
) -> Counts:
    async with open_field(home, seed=seed, habits=PATIENT, database=database) as field:
        await field.start()
        async with field.crowd(people, FINISH_SECONDS, most=min(times + 1, 4) * people):
            for _ in range(times):
                await asyncio.sleep(0.5 + field.random.random())
                await trouble(field)
        await field.stop()
        counts = await field.verdict(errors=False)
        errors = field.errors()
        counts.count("errors logged", len(errors))
        counts.wrong += [f"logged: {line}" for line in sorted(set(errors)) if "given up" in line]
        return counts


# A disk of our own.


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _mount(where: Path) -> bool:
    where.mkdir(parents=True, exist_ok=True)
    where.chmod(0o700)
    options = f"size={DISK_BYTES},mode=700".encode()
    return int(_libc().mount(b"fire", os.fsencode(where), b"tmpfs", 0, options)) == 0


def _remount(where: Path, *, read_only: bool) -> bool:
    flags = 32 | (1 if read_only else 0)  # MS_REMOUNT, MS_RDONLY
    return int(_libc().mount(b"fire", os.fsencode(where), b"tmpfs", flags, None)) == 0


def _fill(ballast: Path) -> None:
    file = os.open(ballast, os.O_WRONLY | os.O_CREAT)
    try:
        for size in (65536, 4096, 512, 1):
            try:
                while True:
                    os.write(file, bytes(size))
            except OSError:
                continue
    finally:
        os.close(file)
