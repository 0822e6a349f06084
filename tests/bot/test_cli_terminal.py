"""What is asked on a terminal: a recovery key's words, a passphrase."""

from __future__ import annotations

import os
import pty
import re
import select
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from nacl.public import PrivateKey

from storage import keyfile
from storage.keywords import key_words, recovery_from_phrase
from storage.public_key import decode_public
from tests.bot.installed import Place, Shell
from tests.bot.test_cli import get_meta

SECONDS = 60


class Terminal:
    """A command with its input and messages on a terminal, and its results apart."""

    def __init__(self, place: Place, *args: str) -> None:
        self._ours, theirs = pty.openpty()
        self._results = place.home / "results"
        with self._results.open("wb") as results:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bot.cli", *args],
                cwd=place.home, env=place.environment, stdin=theirs, stdout=results, stderr=theirs,
                start_new_session=True,  # or a passphrase would be asked for on the terminal of whoever runs the tests
            )  # fmt: skip
        os.close(theirs)
        self.seen = ""

    def wait_for(self, text: str) -> str:
        """Everything that was shown since the last time, up to `text`."""
        start = len(self.seen)
        deadline = time.monotonic() + SECONDS
        while text not in self.seen[start:] and time.monotonic() < deadline:
            if select.select([self._ours], [], [], 0.2)[0]:
                self.seen += os.read(self._ours, 65536).decode()
        assert text in self.seen[start:], self.seen
        return self.seen[start:]

    def type(self, line: str) -> None:
        os.write(self._ours, line.encode() + b"\n")

    def end(self) -> tuple[int, str]:
        """The exit code and the results."""
        code = self._process.wait(SECONDS)
        os.close(self._ours)
        return code, self._results.read_text()


def words_on(screen: str) -> list[str]:
    numbered = {int(number): word for number, word in re.findall(r"(\d+)\. ([a-z]+)", screen)}
    return [numbered[number] for number in range(1, 25)]


def every_byte_under(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_the_recovery_keys_words_are_shown_once_asked_back_and_kept_nowhere(place: Place) -> None:
    terminal = Terminal(place, "init")
    words = words_on(terminal.wait_for("Word no. 3"))
    terminal.type("wrong")
    terminal.wait_for("look at your paper")
    for number in (3, 11, 20):
        terminal.type(f" {words[number - 1].upper()} ")
        terminal.wait_for("Word no. 11" if number == 3 else "Word no. 20" if number == 11 else "postern run")
    code, results = terminal.end()
    assert (code, results) == (0, "")
    assert "\x1b[3J" in terminal.seen, "the words are taken off the screen"
    private = recovery_from_phrase(words)
    assert get_meta(place.home, "recovery-key") == bytes(private.public_key)
    kept = every_byte_under(place.home)
    assert bytes(private) not in kept
    assert bytes(private).hex().encode() not in kept
    assert " ".join(words[:3]).encode() not in kept


def test_a_recovery_key_whose_words_were_not_written_down_is_not_used(place: Place) -> None:
    terminal = Terminal(place, "init")
    for _ in range(3):
        terminal.wait_for("Word no. 3")
        terminal.type("wrong")
    terminal.wait_for("run `postern init` again")
    assert terminal.end()[0] == 1
    assert get_meta(place.home, "recovery-key") is None


def test_keygen_asks_twice_and_shows_nothing_of_the_passphrase(place: Place) -> None:
    terminal = Terminal(place, "keygen", "key")
    for attempt in ("a good passphrase", "a bad passphrase!"):
        terminal.wait_for("assphrase: ")
        terminal.type("a good passphrase")
        terminal.wait_for("The same again: ")
        terminal.type("a good passphrase" if attempt.startswith("a bad") else "something else")
    terminal.wait_for("words to your admin")
    code, public = terminal.end()
    assert code == 0
    assert "good" not in terminal.seen
    assert bytes(keyfile.load(place.home / "key", "a good passphrase").public_key) == decode_public(public)


def test_confirming_shows_the_words_first_and_confirms_nothing_without_a_yes(installed: Shell) -> None:
    key = bytes(PrivateKey.generate().public_key)
    with sqlite3.connect(installed.place.home / "data/postern.sqlite") as conn:
        conn.execute(
            "INSERT INTO staff (id, name, role, public_key, confirmed) VALUES ('1', 'Teal', 'operator', ?, 0)",
            (key,),
        )
    words = " ".join(key_words(key))
    for answer, ended in (("n", (1, "")), ("y", (0, f"Teal: {words}\n"))):
        terminal = Terminal(installed.place, "operators", "confirm", "Teal")
        assert words in terminal.wait_for("[y/N]")
        terminal.type(answer)
        assert terminal.end() == ended
