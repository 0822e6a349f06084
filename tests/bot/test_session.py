"""The lean session against a server that answers as it is told, byte by byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode

import pytest
import uvloop
from aiogram import Bot
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import ClientDecodeError, TelegramNetworkError
from aiogram.methods import GetMe, SendMessage
from hypothesis import given
from hypothesis import strategies as st

from bot import session as module
from bot.session import LeanSession, form

TOKEN = "52:session-session-session-session-sess"
ME = b'{"ok":true,"result":{"id":52,"is_bot":true,"first_name":"x"}}'
LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(ME), ME)


@dataclass
class Server:
    """Each request takes the next of `answers`; `None` closes the connection without one."""

    url: str = ""
    answers: list[bytes | None] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    close_after: bool = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().partition(b"content-length:")[2].split()[0])
                self.requests.append(head + await reader.readexactly(length))
                answer = self.answers.pop(0)
                if answer is None:
                    break
                for at in range(0, len(answer), 7 if len(answer) < 2_000 else len(answer)):
                    writer.write(answer[at : at + 7 if len(answer) < 2_000 else None])
                    await asyncio.sleep(0)
                if self.close_after:
                    break
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        writer.close()


@asynccontextmanager
async def served(*answers: bytes | None) -> AsyncIterator[tuple[Server, Bot]]:
    server = Server(answers=list(answers))
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    session = LeanSession(api=TelegramAPIServer.from_base(url), timeout=5)
    try:
        yield server, Bot(TOKEN, session=session)
    finally:
        await session.close()
        listening.close()


def test_it_works_on_the_loop_that_the_service_runs_on() -> None:
    async def call() -> None:
        async with served(LENGTH) as (_, bot):
            assert (await bot(GetMe())).id == 52

    uvloop.run(call())


async def test_calls_share_a_connection_and_calls_at_once_have_their_own() -> None:
    async with served(*[LENGTH] * 5) as (server, bot):
        for _ in range(3):
            assert (await bot(GetMe())).id == 52
        assert server.connections == 1
        await asyncio.gather(bot(GetMe()), bot(GetMe()))
        assert server.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"%x\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (10, ME[:10], len(ME) - 10, ME[10:]),
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + ME,
        b"HTTP/1.0 200 OK\r\n\r\n" + ME,
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(ME), ME),
    ],
    ids=["in pieces", "until closed", "old server", "closes after it"],
)
async def test_each_way_in_which_an_answer_can_end_is_understood(answer: bytes) -> None:
    async with served(answer, answer) as (server, bot):
        server.close_after = b"close" in answer or b"1.0" in answer
        for _ in range(2):
            assert (await bot(GetMe())).id == 52


@pytest.mark.parametrize(
    "answer",
    [
        None,
        b"",
        LENGTH[:40],
        LENGTH[:-5],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"\x00" * 50,
    ],
    ids=["nothing", "empty", "half a head", "half a body", "half a piece", "another protocol", "zeros"],
)
async def test_an_answer_that_is_none_fails_the_call_and_the_next_is_served(answer: bytes | None) -> None:
    async with served(answer, LENGTH) as (server, bot):
        server.close_after = True
        with pytest.raises(TelegramNetworkError):
            await bot(GetMe())
        assert (await bot(GetMe())).id == 52


async def test_nothing_is_sent_a_second_time() -> None:
    async with served(LENGTH, None, LENGTH) as (server, bot):
        await bot(GetMe())
        with pytest.raises(TelegramNetworkError):
            await bot(GetMe())
        assert len(server.requests) == 2


async def test_a_connection_that_was_closed_while_idle_is_not_used_again() -> None:
    async with served(LENGTH, LENGTH) as (server, bot):
        server.close_after = True
        await bot(GetMe())
        await asyncio.sleep(0.05)
        assert (await bot(GetMe())).id == 52
        assert server.connections == 2


async def test_a_server_that_says_nothing_is_given_up_in_time() -> None:
    async with served(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n") as (_, bot):
        with pytest.raises(TelegramNetworkError):
            await bot(GetMe(), request_timeout=1)


async def test_an_endless_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ANSWER", 1_000)
    async with served(b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n" + b" " * 2_000) as (_, bot):
        with pytest.raises(TelegramNetworkError):
            await bot(GetMe())


async def test_fields_arrive_as_aiogram_sends_them() -> None:
    done = b'{"ok":true,"result":true}'
    async with served(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(done), done)) as (
        server,
        bot,
    ):
        text = "Нужна помощь & 100% + ещё=«да»\n🕯"
        with suppress(ClientDecodeError):  # this server's answer is no message
            await bot(SendMessage(chat_id=5, text=text, protect_content=True, parse_mode=None))
        head, _, body = server.requests[0].partition(b"\r\n\r\n")
        assert b"application/x-www-form-urlencoded" in head
        assert head.startswith(b"POST /bot%b/sendMessage HTTP/1.1" % TOKEN.encode())
        assert parse_qs(body.decode()) == {"chat_id": ["5"], "text": [text], "protect_content": ["true"]}


@given(st.dictionaries(st.from_regex("[a-z_]{1,9}", fullmatch=True), st.text(min_size=1)))
def test_a_form_is_what_the_standard_library_reads(fields: dict[str, str]) -> None:
    assert parse_qs(form(fields).decode(), keep_blank_values=True, max_num_fields=None) == parse_qs(
        urlencode(fields), keep_blank_values=True
    )
