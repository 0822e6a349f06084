"""The bot's command menus, by scope and language, and which one is in force."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sandbox.errors import bad_request
from sandbox.world import Json

Key = tuple[str, int | None, int | None, str]
"""(scope type, chat id, user id, language code)."""

NAME = re.compile(r"[a-z0-9_]{1,32}")
MAX_COMMANDS = 100


@dataclass(slots=True)
class Commands:
    _lists: dict[Key, list[Json]] = field(default_factory=dict)

    def set(self, scope: Json | None, language: str, commands: list[Json]) -> None:
        if len(commands) > MAX_COMMANDS:
            raise bad_request("too many commands")
        kept = []
        for command in commands:
            name = command["command"].removeprefix("/")
            if not NAME.fullmatch(name):
                raise bad_request("BOT_COMMAND_INVALID")
            if not 1 <= len(command["description"].strip()) <= 256:
                raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
            kept.append({"command": name, "description": command["description"]})
        self._lists[_key(scope, language)] = kept

    def delete(self, scope: Json | None, language: str) -> None:
        self._lists.pop(_key(scope, language), None)

    def get(self, scope: Json | None, language: str) -> list[Json]:
        return self._lists.get(_key(scope, language), [])

    def in_force(self, chat_id: int, user_id: int | None, language: str, *, is_group: bool) -> list[Json]:
        """The menu that an app shows: the narrowest scope wins, within it the person's language.

        Administrators' scopes are left out: an app shows them to administrators only."""
        scopes: list[tuple[str, int | None, int | None]] = [("chat", chat_id, None)]
        if is_group:
            scopes.insert(0, ("chat_member", chat_id, user_id))
            scopes.append(("all_group_chats", None, None))
        else:
            scopes.append(("all_private_chats", None, None))
        for scope in [*scopes, ("default", None, None)]:
            for code in (language, ""):
                if found := self._lists.get((*scope, code)):
                    return found
        return []


def _key(scope: Json | None, language: str) -> Key:
    if language and not re.fullmatch(r"[a-z]{2}", language):
        raise bad_request("invalid language code specified")
    scope = scope or {"type": "default"}
    chat_id = scope.get("chat_id")
    return scope["type"], None if chat_id is None else int(chat_id), scope.get("user_id"), language
