"""The people, chats and messages of the sandbox: plain state, changed by whoever holds it.

Times are whole seconds since 1970 and always arguments. Ids follow Telegram's rules: a private chat has its
person's id, groups are negative, supergroups begin with -100; private chats and basic groups share one
counter of message ids, each supergroup has its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.errors import PeopleError
from sandbox.signals import Signal

Json = dict[str, Any]

SUPERGROUPS_BELOW = -1_000_000_000_000


@dataclass(frozen=True, slots=True)
class BotAccount:
    id: int
    name: str
    username: str


@dataclass(slots=True)
class Person:
    id: int
    first_name: str
    username: str | None = None
    language_code: str | None = None
    role: str = ""
    """A word for the page ("requester"); it means nothing here."""
    started: bool = False
    """Has written to the bot, so the bot may write back."""
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class Media:
    kind: str
    fields: Json
    """The Bot API's fields of a message with this media: `{"document": {...}}`."""
    file_id: str | None = None
    file_name: str | None = None
    size: int = 0


@dataclass(slots=True)
class Message:
    id: int
    chat_id: int
    sender: int
    at: int
    text: str | None = None
    entities: list[Json] = field(default_factory=list)
    caption: str | None = None
    caption_entities: list[Json] = field(default_factory=list)
    media: Media | None = None
    markup: Json | None = None
    """The Bot API's reply_markup, of any kind."""
    reply_to: int | None = None
    thread: int | None = None
    """The topic that it belongs to: the id of the note that opened it."""
    protected: bool = False
    silent: bool = False
    edited_at: int | None = None
    forward_origin: Json | None = None
    service: Json | None = None
    """The Bot API's fields of a service message (`pinned_message`, `new_chat_members`)."""
    note: str = ""
    """What an app shows for a service message."""
    reactions: list[Json] = field(default_factory=list)

    @property
    def keyboard(self) -> list[list[Json]] | None:
        """The rows of buttons under the message, if it has an inline keyboard."""
        return self.markup.get("inline_keyboard") if self.markup else None


@dataclass(slots=True)
class Chat:
    id: int
    type: str
    title: str
    members: list[int] = field(default_factory=list)
    messages: dict[int, Message] = field(default_factory=dict)
    pinned: list[int] = field(default_factory=list)
    """Ids of pinned messages, the latest last."""
    bot_status: str = "member"
    """administrator, member, restricted (may not send), left or kicked."""
    status_before: str = "member"
    """The last status that was not restricted."""
    migrated_to: int | None = None
    admins: list[int] = field(default_factory=list)
    """Members whom the owner has made administrators; not the owner, not the bot."""

    @property
    def is_group(self) -> bool:
        return self.type != "private"

    @property
    def bot_is_in(self) -> bool:
        return self.bot_status not in ("left", "kicked")


class World:
    def __init__(self, bot: BotAccount) -> None:
        self.bot = bot
        self.people: dict[int, Person] = {}
        self.chats: dict[int, Chat] = {}
        self.revision = 0
        self.changed = Signal()
        self._shared_counter = 0
        self._own_counters: dict[int, int] = {}

    def touch(self) -> None:
        """Something that people can see has changed."""
        self.revision += 1
        self.changed.fire()

    def add_person(self, person: Person) -> None:
        """A person, with the (still empty) private chat that the app shows for the bot."""
        if not 0 < person.id < 2**52 or person.id == self.bot.id:
            raise PeopleError("a person's id is a positive number and not the bot's")
        if person.id in self.people:
            raise PeopleError(f"there already is a person with id {person.id}")
        self.people[person.id] = person
        self.chats[person.id] = Chat(person.id, "private", person.first_name, [person.id])
        self.touch()

    def add_group(self, group_id: int, title: str, members: list[int], bot_status: str) -> Chat:
        if group_id >= 0:
            raise PeopleError("a group's id is a negative number")
        if group_id in self.chats:
            raise PeopleError(f"there already is a chat with id {group_id}")
        for member in members:
            self.person(member)
        kind = "supergroup" if group_id < SUPERGROUPS_BELOW else "group"
        chat = Chat(group_id, kind, title, list(dict.fromkeys(members)), bot_status=bot_status)
        self.chats[group_id] = chat
        self.touch()
        return chat

    def person(self, person_id: int) -> Person:
        if person_id not in self.people:
            raise PeopleError(f"there is no person with id {person_id}")
        return self.people[person_id]

    def chat_of(self, chat_id: int, person_id: int) -> Chat:
        """The chat as this person sees it: it exists, and they are in it."""
        self.person(person_id)
        chat = self.chats.get(chat_id)
        if chat is None or person_id not in chat.members:
            raise PeopleError("this person is not in that chat")
        if chat.migrated_to is not None:
            raise PeopleError(f"the group became a supergroup; its id is now {chat.migrated_to}")
        return chat

    def post(self, chat: Chat, sender: int, at: int, **content: Any) -> Message:
        """Store a new message; `content` are fields of `Message`."""
        message = Message(self._next_id(chat), chat.id, sender, at, **content)
        chat.messages[message.id] = message
        self.touch()
        return message

    def remove(self, chat: Chat, message_id: int) -> None:
        chat.messages.pop(message_id, None)
        if message_id in chat.pinned:
            chat.pinned.remove(message_id)
        self.touch()

    def shares_group(self, person_id: int) -> bool:
        """Whether the bot has met this person in a group."""
        return any(c.is_group and c.bot_is_in and person_id in c.members for c in self.chats.values())

    def _next_id(self, chat: Chat) -> int:
        if chat.type != "supergroup":
            self._shared_counter += 1
            return self._shared_counter
        self._own_counters[chat.id] = self._own_counters.get(chat.id, 0) + 1
        return self._own_counters[chat.id]
