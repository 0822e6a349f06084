"""Messages, buttons and answers as an app shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Button:
    text: str
    data: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class Bubble:
    """A message as the app shows it."""

    raw: Json

    @property
    def id(self) -> int:
        return int(self.raw["id"])

    @property
    def from_bot(self) -> bool:
        return bool(self.raw["from"] == "bot")

    @property
    def sender(self) -> int | str:
        """ "bot", or the person's id."""
        sender: int | str = self.raw["from"]
        return sender

    @property
    def text(self) -> str:
        """Text or caption."""
        return self.raw["text"] or self.raw["caption"] or ""

    @property
    def rows(self) -> list[list[Button]]:
        return [[Button(b["text"], b.get("data"), b.get("url")) for b in row] for row in self.raw["buttons"]]

    @property
    def buttons(self) -> list[Button]:
        return [button for row in self.rows for button in row]

    @property
    def labels(self) -> list[str]:
        return [button.text for button in self.buttons]

    @property
    def media(self) -> Json | None:
        media: Json | None = self.raw["media"]
        return media

    @property
    def file_id(self) -> str | None:
        return self.media["file_id"] if self.media else None

    def find(self, label_or_data: str) -> Button | None:
        """The button with this label or data, or the only one whose label contains it."""
        exact = [b for b in self.buttons if label_or_data in (b.text, b.data)]
        close = [b for b in self.buttons if label_or_data.lower() in b.text.lower()]
        found = exact[:1] or (close if len(close) == 1 else [])
        return found[0] if found else None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a press brought: whether the bot answered at all, and with which words."""

    answered: bool
    text: str = ""
    alert: bool = False
    url: str = ""
