"""Valid updates over all types and fields: each next one is steered to a field that none has had yet.

Everything is drawn from one seeded generator, so a run can be repeated. Every text and every id of a person is
recognisable (`PLANTED`, `IDS`): what of it turns up in a log was leaked.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from datetime import datetime
from random import Random
from typing import Any

from aiogram.types import Update

from tests.hell.shapes import Model, Place, Shape, atlas

PLANTED = "Plantedword"
FIRST_ID = 7_731_000_000
IDS = re.compile(r"7731\d{6}")
DEEPEST = 7
"""Levels of objects; below that only what is required, and of that as little as there can be."""
_LIKELIHOOD = (0.25, 0.15, 0.1, 0.05)
"""Of an optional field, by depth."""
_ALPHABET = "aZ09 -_/@.\n\t\r\u0416\u0456\u049b\u4e2d\U0001f600\u200f\u202e\u0301\x7f\u2028%{}[]<&"


class Updates:
    """An endless source of updates that aiogram's types take."""

    def __init__(self, seed: int, first_id: int = 1) -> None:
        self.random = Random(seed)
        self.seen: set[Place] = set()
        self._next_id = first_id
        self._places = atlas().places()
        self._goals = deque(self._places)

    def make(self) -> dict[str, Any]:
        """The next one: of one kind, with an id of its own."""
        made = self._make(Update, self._way(), 0)
        made["update_id"] = self._next_id
        self._next_id += 1
        return made

    def missing(self) -> list[str]:
        """The fields that no update has had so far."""
        return [f"{model.__name__}.{name}" for model, name in self._places if (model, name) not in self.seen]

    def text(self, longest: int = 40) -> str:
        drawn = "".join(self.random.choices(_ALPHABET, k=self.random.randrange(longest)))
        return f"{PLANTED}{self.random.randrange(1000)}{drawn}"

    def number(self) -> int:
        return self.random.choice(
            (0, 1, 2, self.random.randrange(1000), FIRST_ID + self.random.randrange(10**6), -FIRST_ID)
        )

    def _way(self) -> Iterator[Place]:
        """To the next field that was never drawn; to any, once all have been."""
        while self._goals and self._goals[0] in self.seen:
            self._goals.popleft()
        model, name = self._goals[0] if self._goals else self.random.choice(self._places)
        return iter((*atlas().ways[model], (model, name)))

    def _make(self, model: Model, way: Iterator[Place], depth: int) -> dict[str, Any]:
        fields = atlas().fields[model]
        onwards = next(way, (model, ""))[1]
        if model is Update:
            chosen = [onwards if onwards != "update_id" else self.random.choice(list(fields))]
        else:
            likelihood = _LIKELIHOOD[min(depth, len(_LIKELIHOOD) - 1)] if depth < DEEPEST else 0
            chosen = [
                name
                for name, field in fields.items()
                if field.required or name == onwards or self.random.random() < likelihood
            ]
        self.seen.update((model, name) for name in chosen)
        target = next(way, None) if onwards else None
        return {
            name: self._value(fields[name].shape, target if name == onwards else None, way, depth + 1)
            for name in chosen
        }

    def _value(self, shape: Shape, target: Place | None, way: Iterator[Place], depth: int) -> Any:
        """`target`: the place that this value must lead to."""
        if target is not None:
            if target[0] in shape.models:
                return self._make(target[0], _before(target, way), depth)
            inner = next((one for one in shape.lists if target[0] in one.reachable()), None)
            if inner is not None:
                return [self._value(inner, target, way, depth)]
        branches: list[Any] = [*shape.words, *shape.plain]
        if depth < DEEPEST or not branches:
            branches += [*shape.models, *shape.lists]
        return self._branch(self.random.choice(branches), depth)

    def _branch(self, branch: Any, depth: int) -> Any:
        if isinstance(branch, Shape):
            count = self.random.choice((0, 1, 1, 2, 3)) if depth < DEEPEST else 0
            return [self._value(branch, None, iter(()), depth) for _ in range(count)]
        if branch in atlas().fields:
            return self._make(branch, iter(()), depth)
        if branch is bool:
            return self.random.random() < 0.5
        if branch is int:
            return self.number()
        if branch is float:
            return self.random.uniform(-90, 90)
        if branch is datetime:
            return 1_790_000_000 + self.random.randrange(10**6)
        return self.text() if branch is str else branch


def _before(first: Place, rest: Iterator[Place]) -> Iterator[Place]:
    yield first
    yield from rest
