"""After a walk: what lies in the data folder and in the log tells of nobody."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from intake.questionnaire import fingerprint
from tests.service.requester import PICKS, TEXT, Requester
from tests.service.town import Town

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _identifying(ann: Requester, code: str) -> Iterator[bytes]:
    """Everything that could give this person away, in the forms in which it might be written."""
    person = ann.user_id
    words = [
        f"Somebody{person}",
        f"somebody_{person}",
        str(person),
        TEXT,
        TEXT[:24],
        code,
        code.replace(" ", ""),
    ]
    for word in words:
        yield from (word.encode(), word.encode("utf-16-le"), word.encode("unicode_escape"))
    yield from (person.to_bytes(8, "big"), person.to_bytes(8, "little"), person.to_bytes(6, "big"))


def _answers(ann: Requester) -> Iterator[bytes]:
    """What was chosen, as its name in the questionnaire's file and as people read it in each language."""
    for question in ann.questionnaire.questions:
        for chosen in PICKS.get(question.id, ()):
            option = question.option(chosen)
            assert option is not None
            for word in (f'"{chosen}"', *option.label.values()):
                yield from (word.encode(), word.encode("utf-16-le"), json.dumps(word).strip('"').encode())


def _rows(database: Path, words: str) -> Iterator[bytes]:
    """Every value of every table; without the questionnaire's own words, which are the same whatever was chosen."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        for (table,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
            for row in db.execute(f"SELECT * FROM {table}"):  # noqa: S608 - names of our own tables
                if row[0] != words:
                    yield from (value if isinstance(value, bytes) else str(value).encode() for value in row)


async def test_neither_database_nor_wal_nor_log_hold_anything_of_a_requester(quiet_town: Town) -> None:
    people = []
    for channel in ("chat", "code"):
        ann = await quiet_town.requester("ru")
        sent = await ann.ask_for_help(channel)
        await ann.send_media("contact")
        await ann.goes(await ann.send(TEXT) if channel == "chat" else await ann.send_media("photo"))
        await ann.send("/nonsense")
        people.append((ann, sent.code or "0000 0000 0000 0001"))
    begun = await quiet_town.requester("ru")
    await begun.begin()
    await begun.answer_all()
    people.append((begun, "0000 0000 0000 0001"))
    await quiet_town.control.settle()
    data = quiet_town.place.home / "data"
    files = [path for path in data.iterdir() if path.is_file()]
    assert {"postern.sqlite", "postern.sqlite-wal"} <= {path.name for path in files}
    for path in [*files, quiet_town.service.log_path]:
        content = path.read_bytes()
        for ann, code in people:
            for found in _identifying(ann, code):
                assert found not in content, f"{found!r} lies in {path.name}"
    values = (
        b"\n".join(_rows(data / "postern.sqlite", fingerprint(begun.questionnaire)))
        + quiet_town.service.log_path.read_bytes()
    )
    for found in _answers(begun):
        assert found not in values, f"{found!r} lies in the database or the log"


async def test_the_log_has_no_line_for_a_single_turn(quiet_town: Town) -> None:
    before = len(quiet_town.service.log())
    ann = await quiet_town.requester()
    await ann.ask_for_help()
    await quiet_town.control.settle()
    assert quiet_town.service.log()[before:] == []
