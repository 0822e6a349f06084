"""From nothing to the first answer, and what the commands cost, next to a process that only imports aiogram."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from statistics import median

from nacl.public import PublicKey

from benchmarks.contestants import running
from benchmarks.kinds import Kind
from benchmarks.tables import Table
from storage.document import build, encode_answers, labels_fingerprint
from storage.envelope import ANSWERS, Who
from storage.public_key import decode_public
from storage.sealing import Sealer, make_lock

PASSPHRASE = "a passphrase of four words"  # noqa: S105 - of a key that is thrown away
CASE = bytes(range(16))


BARE = "import aiogram, os; os._exit(0)"
"""The import and nothing else: a process that ends in the common way spends a second more on taking itself apart."""


def import_aiogram() -> tuple[float, float]:
    return _run([sys.executable, "-c", BARE])


def _run(command: Sequence[str | Path], home: Path | None = None) -> tuple[float, float]:
    """Seconds of CPU and of the clock that a command takes. It must succeed."""
    start = time.monotonic()
    process = subprocess.Popen(command, cwd=home, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return used.ru_utime + used.ru_stime, time.monotonic() - start


def services(kinds: Sequence[Kind], rounds: int, home: Path) -> Table:
    """Start each bot over and over; somebody has written to it before it is there."""
    imports: list[tuple[float, float]] = []
    found: list[list[tuple[float, float, float, float]]] = [[] for _ in kinds]
    for number in range(rounds):
        imports.append(import_aiogram())
        for place, kind in enumerate(kinds):
            with running(kind, home / f"{number}-{place}") as bot:
                found[place].append((bot.ready_cpu, bot.ready_after, bot.answered_cpu, bot.answered_after))
    base = [median(column) for column in zip(*imports, strict=True)]
    made = Table("Starting", ["process", "ready: CPU s", "×", "s", "first answer: CPU s", "×", "s"])
    made.add("only `import aiogram`", f"{base[0]:.2f}", "1.00", f"{base[1]:.2f}", "", "", "")
    for kind, rows in zip(kinds, found, strict=True):
        ready_cpu, ready_after, cpu, after = (median(column) for column in zip(*rows, strict=True))
        made.add(
            kind.name,
            f"{ready_cpu:.2f}",
            f"{ready_cpu / base[0]:.2f}",
            f"{ready_after:.2f}",
            f"{cpu:.2f}",
            f"{cpu / base[0]:.2f}",
            f"{after:.2f}",
        )
    made.notes.append("Ready: it asks for updates. × is to the import alone.")
    return made


def commands(rounds: int, home: Path) -> Table:
    postern = Path(sys.executable).with_name("postern")
    home.mkdir()
    (home / "passphrase").write_text(PASSPHRASE + "\n")
    unlock = ["--passphrase-file", "passphrase"]
    made_key = subprocess.run(
        [postern, "keygen", "key", *unlock], cwd=home, capture_output=True, text=True, check=True
    )
    (home / "case.json").write_bytes(case_document(decode_public(made_key.stdout.strip())))
    tried: dict[str, list[str | Path]] = {
        "postern --help": [postern, "--help"],
        "postern open": [postern, "open", "case.json", "--key", "key", *unlock],
    }
    if "report" in subprocess.run([postern, "--help"], capture_output=True, text=True, check=True).stdout:
        tried["postern report --help"] = [postern, "report", "--help"]
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in ["import aiogram", *tried]}
    for _ in range(rounds):
        times["import aiogram"].append(import_aiogram())
        for name, command in tried.items():
            times[name].append(_run(command, home))
    made = Table("Commands", ["command", "CPU s", "×", "s"])
    base = median(cpu for cpu, _ in times["import aiogram"])
    for name, found in times.items():
        cpu, clock = (median(column) for column in zip(*found, strict=True))
        made.add(name, f"{cpu:.2f}", f"{cpu / base:.2f}", f"{clock:.2f}")
    made.notes.append("`open` includes the passphrase's Argon2id, which is slow on purpose.")
    return made


def case_document(public: bytes) -> bytes:
    """A sealed case that this key opens, as the bot sends it."""
    assert PublicKey(public)
    lock = make_lock(CASE, [public])
    sealer = Sealer(CASE, lock.public)
    labels = {"name": "six", "questions": []}
    answers = encode_answers(labels_fingerprint(labels).hex(), "en", {})
    return build(
        reference="K7QM-4ZDP",
        case=CASE,
        public=lock.public,
        slots=lock.slots,
        blocks=[(ANSWERS, 0, sealer.seal(ANSWERS, 0, answers))],
        thread=[(0, Who.REQUESTER, date(2026, 1, 2), sealer.seal(Who.REQUESTER.question, 0, b"A text."))],
        labels=labels,
    )
