"""How the sandbox says no: Telegram's codes and wording to the bot, one plain line to people."""

from __future__ import annotations


class ApiError(Exception):
    """A Bot API call is refused. `parameters` is Telegram's ResponseParameters object."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


class PeopleError(Exception):
    """Something that a person's app would not let them do; the message says why."""


def bad_request(text: str) -> ApiError:
    return ApiError(400, f"Bad Request: {text}")


def forbidden(text: str) -> ApiError:
    return ApiError(403, f"Forbidden: {text}")


def conflict(text: str) -> ApiError:
    return ApiError(409, f"Conflict: {text}")


def too_many_requests(seconds: int) -> ApiError:
    return ApiError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


def upgraded(new_chat_id: int) -> ApiError:
    return ApiError(
        400,
        "Bad Request: group chat was upgraded to a supergroup chat",
        migrate_to_chat_id=new_chat_id,
    )


def not_modelled(what: str) -> ApiError:
    """Telegram may know this, the sandbox does not: say so rather than pretend."""
    return ApiError(501, f"Not Implemented: the sandbox does not model {what}")
