"""Hanging up the menus of commands when the service starts."""

from __future__ import annotations

from bot.telegram import Telegram
from handlers.desk import Desk
from handlers.menus import menu_of, requester_commands
from storage import staff


async def set_menus(telegram: Telegram, desk: Desk) -> None:
    await telegram.set_commands(requester_commands(desk, desk.staff_language))
    for language in desk.questionnaire.languages:
        await telegram.set_commands(requester_commands(desk, language), language)
    for member in await desk.db.read(staff.everyone):
        menu = menu_of(desk, member)
        if menu is not None:
            await telegram.call(menu)
