"""What an update may consist of, read from aiogram's types: every type and field of the installed Bot API version."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, ForwardRef, Literal, Union, get_args, get_origin

from aiogram.client.default import Default
from aiogram.types import Update
from aiogram.types.base import TelegramObject

Model = type[TelegramObject]
Place = tuple[Model, str]
"""A type and the name of one of its fields, as it stands in JSON."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a value may be: one of `words`, `plain` types (str, int, ...), objects of `models`, lists of `lists`."""

    words: tuple[object, ...] = ()
    plain: tuple[type, ...] = ()
    models: tuple[Model, ...] = ()
    lists: tuple[Shape, ...] = ()

    def reachable(self) -> Iterator[Model]:
        yield from self.models
        for inner in self.lists:
            yield from inner.reachable()

    def __or__(self, other: Shape) -> Shape:
        return Shape(
            self.words + other.words,
            self.plain + other.plain,
            self.models + other.models,
            self.lists + other.lists,
        )


@dataclass(frozen=True, slots=True)
class Field:
    shape: Shape
    required: bool


@dataclass(frozen=True)
class Atlas:
    """Every type that an update can contain, and the shortest way there from the update itself."""

    fields: dict[Model, dict[str, Field]] = field(default_factory=dict)
    ways: dict[Model, tuple[Place, ...]] = field(default_factory=dict)

    def places(self) -> list[Place]:
        return [(model, name) for model, fields in self.fields.items() for name in fields]


@cache
def atlas() -> Atlas:
    found = Atlas()
    found.ways[Update] = ()
    waiting = deque[Model]([Update])
    while waiting:
        model = waiting.popleft()
        found.fields[model] = fields_of(model)
        for name, each in found.fields[model].items():
            for inner in each.shape.reachable():
                if inner not in found.ways:
                    found.ways[inner] = (*found.ways[model], (model, name))
                    waiting.append(inner)
    return found


def fields_of(model: Model) -> dict[str, Field]:
    return {
        # A default other than None is the word by which a variant is told from the others: never left out.
        info.alias or name: Field(shape_of(info.annotation), info.is_required() or info.default is not None)
        for name, info in model.model_fields.items()
    }


def shape_of(annotation: Any) -> Shape:
    """Raises TypeError for what no JSON is known for: then this module has to learn it."""
    alias = getattr(annotation, "__value__", None)  # a named alias, which may contain itself
    if alias is not None:
        return shape_of(alias)
    if isinstance(
        annotation, str | ForwardRef
    ):  # an alias inside itself: texts in lists in lists, here one deep
        return Shape(plain=(str,))
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return shape_of(inner[0])
    if origin is Literal:
        return Shape(words=inner)
    if origin in (Union, UnionType):
        whole = Shape()
        for each in inner:
            if each not in (NoneType, Default):
                whole |= shape_of(each)
        return whole
    if origin is list:
        return Shape(lists=(shape_of(inner[0]),))
    if isinstance(annotation, type):
        return (
            Shape(models=(annotation,))
            if issubclass(annotation, TelegramObject)
            else Shape(plain=(annotation,))
        )
    raise TypeError(f"a shape of {annotation!r} is not known")
