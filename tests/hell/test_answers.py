"""Whatever a server says byte by byte: an answer, or an error of ours that the postman knows; never another one."""

from __future__ import annotations

import asyncio
import json

from hypothesis import given
from hypothesis import strategies as st

from bot.telegram import Telegram
from bot.telegram_errors import TelegramError
from handlers.outgoing import Send
from tests.hell.examples import JSON, many

BODY = json.dumps(
    {"ok": True, "result": {"message_id": 7, "date": 1, "chat": {"id": 5, "type": "private"}}}
).encode()
SOUND = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)
BODIES = st.binary(max_size=60) | st.just(BODY) | JSON.map(lambda value: json.dumps(value).encode())
ANSWERS = (
    st.binary(max_size=80)
    | st.tuples(st.sampled_from([200, 302, 400, 429, 500]), BODIES, st.integers(-5, 5)).map(
        lambda each: (
            b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%b"
            % (each[0], max(0, len(each[1]) + each[2]), each[1])
        )
    )
    | BODIES.map(
        lambda body: (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        )
    )
    | st.tuples(st.integers(0, len(SOUND) - 1), st.binary(min_size=1, max_size=3)).map(
        lambda change: SOUND[: change[0]] + change[1] + SOUND[change[0] + len(change[1]) :]
    )
)


@many
@given(ANSWERS)
def test_whatever_a_server_answers_is_a_result_or_an_error_of_ours(answer: bytes) -> None:
    asyncio.run(_asked(answer))


async def _asked(answer: bytes) -> None:
    """One call, answered with this, on a connection that then ends."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    telegram = Telegram(
        "1:" + "a" * 35, f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", call_timeout=5
    )
    try:
        sent = await telegram.call(Send(5, "hello"))
    except TelegramError:
        pass
    else:
        assert sent.message_id is None or isinstance(sent.message_id, int)
    finally:
        await telegram.close()
        listening.close()
