"""`postern`, but its calls go through aiogram's own HTTP session instead of `bot.session`: what that file is worth."""

from __future__ import annotations

from aiogram.client.session.aiohttp import AiohttpSession

import bot.session
from bot.cli import main

if __name__ == "__main__":
    setattr(bot.session, "LeanSession", AiohttpSession)  # noqa: B010 - before `bot.telegram` takes it for its base
    main()
