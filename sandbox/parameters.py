"""A call's parameters: decoded as the method declares them, and refused in Telegram's words.

The declarations are aiogram's method classes. What a form carries as strings (JSON for lists and objects,
"true", "5") is decoded by the declared type; then the class itself validates, nested objects included.
"""

from __future__ import annotations

import json
import re
import types
import typing
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import aiogram.methods
from aiogram.methods.base import TelegramMethod
from aiogram.types import (
    BufferedInputFile,
    ForceReply,
    InlineKeyboardMarkup,
    InputFile,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)
from pydantic import BaseModel, ValidationError

from sandbox.errors import ApiError, bad_request
from sandbox.files import Upload

Method = type[TelegramMethod[Any]]

MISSING = {
    "chat_id": "chat_id is empty",
    "text": "message text is empty",
    "message_id": "message identifier is not specified",
    "message_ids": "message identifiers are not specified",
    "user_id": "invalid user_id specified",
    "document": "there is no document in the request",
    "photo": "there is no photo in the request",
    "media": "media not found",
    "action": "wrong parameter action in request",
}
UNREADABLE = MISSING | {
    "chat_id": "chat not found",
    "reply_markup": "can't parse reply keyboard markup JSON object",
    "entities": "can't parse message entities JSON object",
    "caption_entities": "can't parse message entities JSON object",
}
YES, NO = ("true", "yes", "1"), ("false", "no", "0")


def known_methods() -> dict[str, Method]:
    """Every method of the Bot API that the installed aiogram declares, by its name in lower case."""
    classes = (getattr(aiogram.methods, name) for name in aiogram.methods.__all__)
    return {
        c.__api_method__.lower(): c
        for c in classes
        if isinstance(c, type) and issubclass(c, TelegramMethod) and isinstance(c.__api_method__, str)
    }


def read(method: Method, raw: Mapping[str, Any], files: Mapping[str, Upload]) -> dict[str, Any]:
    """The call's parameters as JSON values (and `Upload` for files), or an `ApiError`."""
    attached = {f"attach://{name}" for name in files}
    given = {**{name: upload for name, upload in files.items() if name in method.model_fields}, **raw}
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in method.model_fields:
            raise bad_request(f'unknown parameter "{name}"')
        shapes = _shapes(method.model_fields[name].annotation)
        decoded = _decode(name, value, shapes, files, attached)
        if decoded is not None:
            values[name] = decoded
    for name, declared in method.model_fields.items():
        if declared.is_required() and name not in values:
            raise bad_request(MISSING.get(name, f'parameter "{name}" is required'))
    values = _validated(method, values)
    if isinstance(media := values.get("media"), dict):
        values["media"] = _with_file(media, files)
    return values


def _with_file(media: dict[str, Any], files: Mapping[str, Upload]) -> dict[str, Any]:
    """The description of a medium, with the file that it attaches in its place."""
    given = str(media.get("media", ""))
    if not given.startswith("attach://"):
        return media
    upload = files.get(given.removeprefix("attach://"))
    if upload is None:
        raise bad_request("file must be non-empty")
    return media | {"media": upload}


def _decode(
    name: str, value: Any, shapes: frozenset[str], files: Mapping[str, Upload], attached: Iterable[str]
) -> Any:
    if value is None or isinstance(value, Upload):
        if isinstance(value, Upload) and "file" not in shapes:
            raise _unreadable(name)
        return value
    if isinstance(value, list | dict):
        if "json" not in shapes:
            raise _unreadable(name)
        return value
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if "file" in shapes and text.startswith("attach://"):
        if text not in attached:
            raise bad_request("file must be non-empty")
        return files[text.removeprefix("attach://")]
    if "json" in shapes and not ("str" in shapes and not text.startswith(("[", "{"))):
        return _decode_json(name, text)
    return _decode_plain(name, text, shapes)


def _decode_json(name: str, text: str) -> Any:
    if not text:
        return None
    try:
        value = json.loads(text)
    except ValueError:
        raise _unreadable(name) from None
    if value is not None and not isinstance(value, list | dict):
        raise bad_request("object expected as reply markup") if name == "reply_markup" else _unreadable(name)
    return value


def _decode_plain(name: str, text: str, shapes: frozenset[str]) -> Any:
    if shapes & {"int", "time"} and re.fullmatch(r"-?\d{1,18}", text):
        return int(text)
    if "float" in shapes and re.fullmatch(r"-?\d+(\.\d+)?", text):
        return float(text)
    if "bool" in shapes and text.lower() in YES + NO:
        return text.lower() in YES
    if "str" in shapes:
        return text
    if not text:
        return None
    raise _unreadable(name)


def _unreadable(name: str) -> ApiError:
    return bad_request(UNREADABLE.get(name, f'can\'t parse parameter "{name}"'))


def _shapes(annotation: Any) -> frozenset[str]:
    """Which of str, int, float, bool, time, json, file a declared type takes."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _shapes(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return frozenset().union(*(_shapes(a) for a in typing.get_args(annotation)))
    if origin in (list, dict):
        return frozenset({"json"})
    if not isinstance(annotation, type) or annotation is type(None):
        return frozenset()
    if issubclass(annotation, InputFile):
        return frozenset({"file"})
    for base, shape in ((bool, "bool"), (int, "int"), (float, "float"), (str, "str")):
        if issubclass(annotation, base):
            return frozenset({shape})
    if issubclass(annotation, datetime | timedelta):
        return frozenset({"time"})
    return frozenset({"json"}) if issubclass(annotation, BaseModel) else frozenset()


def _validated(method: Method, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as the declared types hold them ("5" in a list of numbers is 5)."""
    stand_ins = {
        n: BufferedInputFile(v.content, v.name) if isinstance(v, Upload) else v for n, v in values.items()
    }
    try:
        if markup := stand_ins.get("reply_markup"):
            stand_ins["reply_markup"] = _markup_class(markup).model_validate(markup)
    except ValidationError as error:
        raise _misshapen("reply_markup", error) from None
    try:
        call = method.model_validate(stand_ins)
    except ValidationError as error:
        raise _misshapen("", error) from None
    for name in values:
        _refuse_extras(name, getattr(call, name))
    return {n: _plain(getattr(call, n)) if isinstance(v, list | dict) else v for n, v in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.model_dump(mode="json", exclude_unset=True) if isinstance(value, BaseModel) else value


def _markup_class(markup: Any) -> type[BaseModel]:
    """Which of the kinds of markup this is; each has one field of its own."""
    for kind in (InlineKeyboardMarkup, ReplyKeyboardMarkup, ReplyKeyboardRemove, ForceReply):
        if next(iter(kind.model_fields)) in markup:
            return kind
    raise bad_request("object expected as reply markup")


def _misshapen(within: str, error: ValidationError) -> ApiError:
    first = error.errors(include_url=False, include_input=False)[0]
    where, kind = [str(part) for part in first["loc"]], first["type"]
    name = within or where[0]
    if "inline_keyboard" in where and len(where) > 1:
        fault = "Can't find field" if kind == "missing" else "Wrong type of field"
        return bad_request(f'can\'t parse inline keyboard button: {fault} "{where[-1]}"')
    if name in UNREADABLE:
        return _unreadable(name)
    return bad_request(f'can\'t parse parameter "{name}": {".".join(where)}: {kind}')


def _refuse_extras(where: str, value: Any) -> None:
    """A field that the Bot API does not have is most likely misspelt; Telegram would silently ignore it."""
    if isinstance(value, list):
        for item in value:
            _refuse_extras(where, item)
    elif isinstance(value, BaseModel):
        if value.model_extra:
            raise bad_request(f'unknown field "{next(iter(value.model_extra))}" in parameter "{where}"')
        for name in value.model_fields_set:
            _refuse_extras(f"{where}.{name}", getattr(value, name))
