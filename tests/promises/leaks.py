"""What is planted into people's lives, and the search for it in everything that exists."""

from __future__ import annotations

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import aiohttp
from sqlalchemy import select

from sandbox.telegram import Call
from storage.database import Tx
from storage.schema import metadata
from tests.promises.place import ADMIN, Quarter
from tests.service.town import GROUP

LEAST = 6
"""Bytes: whatever is shorter turns up in random bytes by chance."""
_CODECS = ("utf-8", "utf-16-le", "utf-16-be")


def forms(value: str | int) -> set[bytes]:
    """The value in every form in which a file, a log or a message might hold it."""
    text = str(value)
    raws = [text.encode(codec) for codec in _CODECS]
    if isinstance(value, int):
        size = (value.bit_length() + 7) // 8
        raws += [value.to_bytes(size, "big"), value.to_bytes(size, "little")]
    found = set(raws)
    for raw in raws:
        found |= {raw[::-1], raw.hex().encode(), raw.hex().upper().encode(), *_base64(raw)}
    found |= {text[::-1].encode(), json.dumps(text)[1:-1].encode(), ascii(text)[1:-1].encode()}
    found |= {quote(text).encode(), quote_plus(text).encode(), quote(text, safe="").lower().encode()}
    return {each for each in found if len(each) >= LEAST}


def _base64(raw: bytes) -> Iterator[bytes]:
    """As it stands in the base64 of something longer, at each of the three places where it can begin."""
    for before in range(3):
        kept = slice((0, 2, 3)[before], None if (before + len(raw)) % 3 == 0 else -4)
        for encode in (b64encode, urlsafe_b64encode):
            whole = encode(b"\0" * before + raw)
            yield whole[kept].rstrip(b"=")


@dataclass(frozen=True)
class Mark:
    """One planted value: whose it is, and what it is to them."""

    owner: str
    what: str

    def __str__(self) -> str:
        return f"{self.what} of {self.owner}"


@dataclass
class Planted:
    marks: dict[Mark, set[bytes]] = field(default_factory=dict)
    chats: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    """Owner -> the chats in which they may see what is theirs."""
    documents: set[bytes] = field(default_factory=set)
    """What an operator sends as it is, and Telegram holds as it is; in no other file may anything of it stand."""

    def plant(self, owner: str, what: str, value: str | int) -> None:
        self.marks.setdefault(Mark(owner, what), set()).update(forms(value))

    def person(self, owner: str, user: int, first_name: str, username: str) -> None:
        self.chats[owner].add(user)
        for what, value in (("account", user), ("name", first_name), ("username", username)):
            self.plant(owner, what, value)

    def text(self, owner: str, what: str, text: str) -> None:
        """The whole, and each of its words long enough to be known again."""
        self.plant(owner, what, text)
        for word in re.findall(r"\w{9,}", text):
            self.plant(owner, f"{what}: a word", word)

    def found_in(self, content: bytes, *, but: Iterable[str] = ()) -> set[Mark]:
        """`but`: owners who may see it."""
        allowed = set(but)
        return {
            mark
            for mark, shapes in self.marks.items()
            if mark.owner not in allowed and any(shape in content for shape in shapes)
        }


Found = set[tuple[str, str]]
"""(where, what)"""


async def search(here: Quarter, planted: Planted, answers: Planted) -> Found:
    """Everything that exists. `answers`: labels and ids, which the questionnaire's public words hold as well."""
    found = in_files(here.place.home, planted)
    found |= in_messages(here, planted)
    found |= in_messages(here, answers, only={GROUP, ADMIN, *(o.phone.user_id for o in here.operators)})
    found |= await in_rows(here, planted, answers)
    found |= await on_the_metrics_page(here, planted, answers)
    return found


def in_files(folder: Path, planted: Planted) -> Found:
    """Database, WAL, journal, log, temporary files, copies: whatever lies in the service's home."""
    return {
        (str(path.relative_to(folder)), str(mark))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for mark in planted.found_in(path.read_bytes()) | planted.found_in(str(path).encode())
    }


async def in_rows(here: Quarter, planted: Planted, answers: Planted) -> Found:
    """Each value of each row; only the public words of a questionnaire may hold an answer's label."""

    def rows(tx: Tx) -> list[tuple[str, bytes]]:
        return [
            (f"{table.name}.{name}", value if isinstance(value, bytes) else str(value).encode())
            for table in metadata.sorted_tables
            for row in tx.conn.execute(select(table)).mappings()
            for name, value in row.items()
            if not (table.name == "meta" and _is_public(row["name"]))
        ]

    return {
        (place, str(mark))
        for place, value in await here.data(rows)
        for mark in planted.found_in(value) | answers.found_in(value)
    }


async def on_the_metrics_page(here: Quarter, planted: Planted, answers: Planted) -> Found:
    """All that it would ever show of what has been counted, as if the time to show it had come."""
    assert here.inside.inner is not None
    metrics, address = here.inside.inner.metrics, here.place.loaded.metrics
    metrics._renewed_at, metrics._enough = -1e9, 0
    async with aiohttp.request("GET", f"http://{address}/metrics") as answer:
        assert answer.status == 200
        page = await answer.read()
    assert b"postern_turns_total" in page
    return {("the metrics page", str(mark)) for mark in planted.found_in(page) | answers.found_in(page)}


def _is_public(name: str) -> bool:
    """Whether a value of `meta` is a questionnaire's words: these are named by their fingerprint."""
    return re.fullmatch(r"[0-9a-f]{16,}", name) is not None


def in_messages(here: Quarter, planted: Planted, only: Collection[int] = ()) -> Found:
    """All that the bot ever sent, to whomever: only in their own chats may people find what is theirs."""
    found: Found = set()
    for call in here.sandbox.telegram.calls:
        chat, said = _said(call)
        if only and chat not in only:
            continue
        owners = [owner for owner, chats in planted.chats.items() if chat in chats]
        found |= {(f"chat {_kind(chat)}", str(mark)) for mark in planted.found_in(said, but=owners)}
    held = here.sandbox.telegram.files._by_id.values()
    sent = [
        file.content for file in held if file.kind == "document" and file.content not in planted.documents
    ]
    return found | {
        ("a file", str(mark)) for content in sent for mark in planted.found_in(content) if not only
    }


def _said(call: Call) -> tuple[int, bytes]:
    """A call's words and buttons, without its addressee, who may know their own number."""
    given: dict[str, Any] = dict(call.parameters)
    chat = given.pop("chat_id", 0)
    return int(chat or 0), json.dumps(given, ensure_ascii=False, default=str).encode()


def _kind(chat: int) -> str:
    return "group" if chat < 0 else "private"


def in_process(pid: int, planted: Planted) -> Found:
    names = ("cmdline", "environ", "comm")
    return {
        (name, str(mark))
        for name in names
        for mark in planted.found_in(Path(f"/proc/{pid}/{name}").read_bytes())
    }
