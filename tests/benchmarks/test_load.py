"""The load generator's own parts: HTTP in pieces, parameters in each form, people who press what leads on."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.load.api import Api
from benchmarks.load.feed import Feed
from benchmarks.load.http import Message, Reader
from benchmarks.load.parameters import Parameters
from benchmarks.load.people import Crowd, Person
from benchmarks.tables import Table

SPOKEN = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=40)


def chunked(body: bytes, size: int) -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    lines = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    return b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + lines + b"0\r\n\r\n"


def plain(body: bytes) -> bytes:
    return b"POST /x HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body


@given(st.lists(st.tuples(st.binary(max_size=200), st.integers(0, 50)), min_size=1, max_size=4), st.data())
def test_messages_are_whole_wherever_the_network_cuts_them(
    bodies: list[tuple[bytes, int]], data: st.DataObject
) -> None:
    sent = b"".join(chunked(body, size) if size else plain(body) for body, size in bodies)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=6)))
    reader, found = Reader(), []
    for start, stop in zip([0, *cuts], [*cuts, len(sent)], strict=True):
        reader.feed(sent[start:stop])
        while (message := reader.next()) is not None:
            found.append(message.body)
    assert found == [body for body, _ in bodies]


BOUNDARY = "a-boundary-that-nobody-writes"
FORMS = ["urlencoded", "json", "multipart"]


def as_form(how: str, given: dict[str, Any]) -> Parameters:
    texts = {name: v if isinstance(v, str) else json.dumps(v) for name, v in given.items()}
    if how == "json":
        return Parameters(b"application/json", json.dumps(given).encode())
    if how == "urlencoded":
        return Parameters(b"application/x-www-form-urlencoded", urlencode(texts).encode())
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in texts.items()
    ]
    return Parameters(
        f"multipart/form-data; boundary={BOUNDARY}".encode(),
        ("".join(parts) + f"--{BOUNDARY}--\r\n").encode(),
    )


@pytest.mark.parametrize("how", FORMS)
@given(text=SPOKEN, chat=st.integers(-(2**52), 2**52), label=SPOKEN)
def test_parameters_are_the_same_in_each_form(how: str, text: str, chat: int, label: str) -> None:
    keyboard = {"inline_keyboard": [[{"text": label, "callback_data": "1.o2"}]]}
    found = as_form(how, {"text": text, "chat_id": chat, "reply_markup": keyboard})
    assert (found.text("text"), found.number("chat_id")) == (text, chat)
    assert found.json("reply_markup") == keyboard
    assert (found.text("none"), found.number("none"), found.json("none")) == ("", 0, None)


def row(*labels: str) -> list[dict[str, Any]]:
    return [{"text": label, "callback_data": label} for label in labels]


def reading(text: str, *rows: list[dict[str, Any]]) -> Person:
    person = Person(1)
    person.text, person.keyboard = text, list(rows)
    return person


def test_the_first_button_of_a_few_and_never_the_same_again() -> None:
    person = reading("a notice", row("begin"), row("privacy"), row("language", "stop"))
    assert [person.next_button() for _ in range(5)] == ["begin", "privacy", "language", "stop", None]


def test_the_middle_one_of_a_long_list_and_those_below_it_first() -> None:
    person = reading("a question", row("a"), row("b"), row("c"), row("d"), row("skip"), row("back", "stop"))
    assert [person.next_button() for _ in range(4)] == ["c", "d", "skip", "back"]


def test_a_conversation_ends_with_one_button_or_when_nothing_changed() -> None:
    assert reading("the end", row("again")).next_button() is None
    person = reading("home", row("refresh"), row("stop"))
    person.before = person.text, person.keyboard
    assert person.next_button() is None


class Told:
    """Answers of the Bot API, as they come."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, Any]] = []

    def __call__(self, status: int, body: bytes) -> None:
        self.answers.append((status, json.loads(body)))


def call(api: Api, method: str, told: Told, **given: Any) -> Any:
    """The answer's body; None while there is none."""
    line = f"POST /bot1:x/{method} HTTP/1.1".encode()
    api.handle(Message(line, b"application/json", json.dumps(given).encode()), told)
    return told.answers[-1][1] if told.answers else None


async def test_updates_come_again_until_they_are_confirmed_and_a_step_ends_with_screen_and_answer() -> None:
    feed = Feed()
    crowd = Crowd(feed)
    done: list[float] = []
    crowd.done = lambda _person, took: done.append(took)
    person, told = crowd.start(), Told()
    first = call(crowd.api, "getUpdates", told, timeout=0)["result"]
    assert call(crowd.api, "getUpdates", told, timeout=0)["result"] == first
    assert first[0]["message"]["text"] == "/start"
    sent = {"chat_id": person.chat, "text": "hello", "reply_markup": {"inline_keyboard": [row("on")]}}
    shown = call(crowd.api, "sendMessage", told, **sent)["result"]
    assert len(done) == 1

    crowd.press(person, "on")
    offset = first[0]["update_id"] + 1
    (second,) = call(crowd.api, "getUpdates", told, offset=offset, timeout=0)["result"]
    assert second["callback_query"]["data"] == "on"
    edit = {"chat_id": person.chat, "message_id": shown["message_id"], "text": "further"}
    assert call(crowd.api, "editMessageText", told, **edit)["ok"]
    assert len(done) == 1, "the press has not been answered yet"
    call(crowd.api, "answerCallbackQuery", told, callback_query_id=second["callback_query"]["id"])
    assert len(done) == 2
    assert "not modified" in call(crowd.api, "editMessageText", told, **edit)["description"]


async def test_a_fetch_that_waits_is_answered_by_the_next_update() -> None:
    feed = Feed()
    crowd = Crowd(feed)
    told = Told()
    assert call(crowd.api, "getUpdates", told, timeout=30) is None
    crowd.start()
    await asyncio.sleep(0)
    assert len(told.answers[-1][1]["result"]) == 1


def test_a_table_is_markdown() -> None:
    table = Table("Turns", ["bot", "×"], [["plain", "1.00"]], ["A note."])
    assert str(table) == "## Turns\n\n| bot   |    × |\n|-------|-----:|\n| plain | 1.00 |\n\nA note.\n"
