"""The JSON bodies that the people's side takes."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.errors import PeopleError
from sandbox.faults import Kind


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Write(Body):
    user: int
    text: str = ""
    media: str | None = None
    caption: str | None = None
    file_name: str | None = None
    content_base64: str = ""
    reply_to: int | None = None
    forwarded: bool = False


class Edit(Body):
    user: int
    text: str


class Press(Body):
    user: int
    data: str = Field(min_length=1, max_length=64)
    wait: float = 10.0
    """Real seconds to wait for the bot's answer."""
    force: bool = False


class Start(Body):
    parameter: str = ""


class Block(Body):
    blocked: bool = True


class Inline(Body):
    user: int
    query: str = ""
    wait: float = 0.0


class Raw(Body):
    update: dict[str, Any]


class OpenFile(Body):
    file_id: str


class NewPerson(Body):
    id: int
    first_name: str = Field(min_length=1, max_length=64)
    username: str | None = None
    language_code: str | None = None
    role: str = ""


class NewGroup(Body):
    id: int
    title: str = Field(min_length=1, max_length=128)
    members: list[int]
    bot_is_admin: bool = False


class Membership(Body):
    user: int
    present: bool
    admin: bool | None = None
    """Whether the owner has made them an administrator; None: that stays as it is."""


class Rights(Body):
    """The bot's status; or whether it may send, which takes its status away and gives it back."""

    can_send: bool | None = None
    bot_status: Literal["administrator", "member", "restricted", "left", "kicked"] | None = None


class Advance(Body):
    advance: float


class NewFault(Body):
    method: str = Field(min_length=1)
    kind: Kind
    times: int = Field(1, ge=1)
    retry_after: int = Field(1, ge=1)
    chat_id: int | None = None
    seconds: float = Field(1.0, ge=0, le=120)


class SetLimits(Body):
    enforced: bool


class SetTopics(Body):
    enabled: bool


B = TypeVar("B", bound=Body)


async def read(request: web.Request, kind: type[B]) -> B:
    """The request's body; a `PeopleError` names the first thing wrong with it."""
    if request.content_type != "application/json":
        raise PeopleError("send application/json")
    try:
        return kind.model_validate_json(await request.read() or b"{}")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the body"
        raise PeopleError(f"{where}: {first['msg']}") from None
