"""`python -m sandbox`: the sandbox alone, for any bot on this machine."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys

from sandbox.server import start_sandbox


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="A local Telegram with a chat page."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--token", required=True, help="any token in Telegram's form, 123456789:AA...")
    parser.add_argument("--bot-name", default="Postern")
    parser.add_argument("--bot-username", default="postern_sandbox_bot")
    chosen = parser.parse_args()
    try:
        asyncio.run(_serve(chosen))
    except (OSError, ValueError) as error:
        print(f"the sandbox cannot start: {error}", file=sys.stderr)
        return 1
    return 0


async def _serve(chosen: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    sandbox = await start_sandbox(
        host=chosen.host, port=chosen.port, token=chosen.token,
        bot_name=chosen.bot_name, bot_username=chosen.bot_username,
    )  # fmt: skip
    print(sandbox.base_url, flush=True)
    await stop.wait()
    await sandbox.close()


if __name__ == "__main__":
    sys.exit(main())
