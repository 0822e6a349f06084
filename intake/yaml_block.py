"""Blocks of `key: value` lines in a questionnaire file, read with an eye for what people mistype.

A value that cannot be read is reported once, and an empty stand-in is returned, so that reading goes on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar

import yaml

from intake.fault import MAX_QUOTED, Fault, Path, clipped, listed, quoted
from intake.marked_yaml import line_of
from intake.questionnaire_texts import LANGUAGES

MAX_ID = 32
ID = re.compile(rf"[a-z0-9-]{{1,{MAX_ID}}}")
NULL = "tag:yaml.org,2002:null"

E = TypeVar("E", bound=StrEnum)


@dataclass
class Notes:
    """What was noticed while reading: the faults, and the line on which each part stands."""

    faults: list[Fault] = field(default_factory=list)
    lines: dict[Path, int] = field(default_factory=dict)

    def line(self, fault: Fault) -> int:
        """The line of a fault: its own, or that of the nearest part around it."""
        around = (fault.path[:length] for length in range(len(fault.path), 0, -1))
        return fault.line or next((self.lines[path] for path in around if path in self.lines), 1)

    def and_found(self, found: Iterable[Fault]) -> list[Fault]:
        """What could not be read has been reported; of what checks have `found`, that about its stand-in is noise."""
        broken = {fault.path for fault in self.faults}
        sound = (each for each in found if broken.isdisjoint(_around(each)))
        return [*self.faults, *sound]

    def told(self, faults: Iterable[Fault], filename: str, said: Callable[[Fault], str] = str) -> list[str]:
        """A line for each, which begins with its place, in the order of the file."""
        lines = sorted((self.line(fault), said(fault)) for fault in faults)
        return [f"{filename}:{line}: {problem}" for line, problem in lines]


def _around(fault: Fault) -> list[Path]:
    return [fault.path[:length] for length in range(len(fault.path) + 1)]


class Block:
    """One block, with known keys only, each once. `required` keys that are missing are reported."""

    def __init__(
        self,
        notes: Notes,
        node: yaml.Node | None,
        path: Path,
        required: Collection[str] = (),
        optional: Collection[str] | None = (),
    ) -> None:
        """No node makes an empty block; with `optional=None` any key will do."""
        self._notes = notes
        self._path = path
        self._found: dict[str, yaml.Node] = {}
        if node is None:
            return
        if not isinstance(node, yaml.MappingNode):
            self._fault(path, f'{_where(path)}must be lines of the form "key: value"', node)
            return
        for key, value in node.value:
            self._take(key, value, None if optional is None else (*required, *optional))
        for name in required:
            if name not in self._found:
                self._fault((*path, name), f"{_where(path)}has no {name}; add a line {name}: …")

    def _take(self, key: yaml.Node, value: yaml.Node, known: Collection[str] | None) -> None:
        name = _name(key)
        path = (*self._path, name)
        if known is not None and name not in known:
            close = get_close_matches(name, known, n=1)
            advice = f'did you mean "{close[0]}"?' if close else f"known here are{listed(known)}"
            self._fault(path, f"{_where(self._path)}has an unknown key {quoted(name)}; {advice}", key)
        elif name in self._found:
            self._fault(path, f"{_where(self._path)}has {quoted(name)} twice; keep one", key)
        else:
            self._found[name] = value
            self._notes.lines[path] = line_of(key)

    def _fault(self, path: Path, message: str, node: yaml.Node | None = None) -> None:
        self._notes.faults.append(Fault(path, message, line_of(node) if node else None))

    @property
    def place(self) -> str:
        """What stands for the id where there is none."""
        return self._path[-1]

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self._found)

    def word(self, key: str) -> str:
        """A text, just as it is written: `no` and `2` are texts too. "" if there is none."""
        node = self._found.get(key)
        return "" if node is None else self._word(node, (*self._path, key))

    def _word(self, node: yaml.Node, path: Path) -> str:
        if not isinstance(node, yaml.ScalarNode):
            self._fault(path, f"{_where(path)}must be one text; put quotes around it", node)
        elif node.tag == NULL or not node.value.strip():
            self._fault(path, f"{_where(path)}is empty; fill it in, or take the line away", node)
        else:
            return str(node.value).strip()
        return ""

    def identifier(self, key: str) -> str:
        """An id; one that breaks the rules is reported and returned, so that what names it still finds it."""
        word = self.word(key)
        if word and not ID.fullmatch(word):
            self._fault(
                (*self._path, key),
                f"has the {key} {quoted(word)}; use 1 to {MAX_ID} of a-z, 0-9 and hyphens",
            )
        return clipped(word, MAX_QUOTED)

    def mention(self, key: str) -> str | None:
        """The id of something else; whether that exists is for the checks to say."""
        return clipped(self.word(key), MAX_QUOTED) or None

    def number(self, key: str, most: int) -> int:
        """A whole number from 1; 0 if there is none."""
        word = self.word(key)
        if re.fullmatch(r"[0-9]{1,9}", word) and 1 <= int(word) <= most:
            return int(word)
        if word:
            self._fault((*self._path, key), f"has {key} {quoted(word)}; use a whole number, 1 to {most}")
        return 0

    def one_of(self, key: str, choices: type[E]) -> E | None:
        word = self.word(key)
        if word in list(choices):
            return choices(word)
        if word:
            self._fault((*self._path, key), f"has {key} {quoted(word)}; use one of{listed(choices)}")
        return None

    def yes(self, key: str) -> bool:
        word = self.word(key).lower()
        if word not in ("", "yes", "true", "no", "false"):
            self._fault((*self._path, key), f"has {key} {quoted(word)}; use yes, or take the line away")
        return word in ("yes", "true")

    def texts(self, key: str, languages: Collection[str]) -> dict[str, str]:
        """A text in several languages. Missing ones, and ones too many, are for the checks to say."""
        block = self.block(key, optional={*languages, *LANGUAGES})
        return {language: block.word(language) for language in block.keys}

    def words(self, key: str) -> list[str]:
        """A list of short texts; a single one counts as a list."""
        node = self._found.get(key)
        if isinstance(node, yaml.ScalarNode):
            return [clipped(self.word(key), MAX_QUOTED)]
        path = (*self._path, key)
        words = [clipped(self._word(item, path), MAX_QUOTED) for item in self._items(key)]
        if isinstance(node, yaml.SequenceNode) and not words:
            self._fault(path, f"{_where(path)}is empty; fill it in, or take the line away")
        return words

    def block(self, key: str, required: Collection[str] = (), optional: Collection[str] | None = ()) -> Block:
        """The block under `key`; an empty one if there is none."""
        return Block(self._notes, self._found.get(key), (*self._path, key), required, optional)

    def blocks(self, key: str, required: Collection[str], optional: Collection[str] = ()) -> list[Block]:
        """A list of blocks. Where they have an `id`, their path has it, and it must be each one's own."""
        found: dict[str, Block] = {}
        for number, node in enumerate(self._items(key), start=1):
            place = str(number) if "id" not in required else _id_of(node) or f"#{number}"
            if place in found:
                self._fault(
                    (*self._path, key, f"#{number}"),
                    f"has the id of an earlier one, {quoted(place)}; choose another",
                    node,
                )
                continue
            path = (*self._path, key, place)
            self._notes.lines[path] = line_of(node)
            found[place] = Block(self._notes, node, path, required, optional)
        return list(found.values())

    def _items(self, key: str) -> list[yaml.Node]:
        node = self._found.get(key)
        if node is None or isinstance(node, yaml.SequenceNode):
            return list(node.value) if node else []
        path = (*self._path, key)
        self._fault(path, f"{_where(path)}must be a list; begin each entry with a hyphen", node)
        return []


def _name(key: yaml.Node) -> str:
    """A key as a word; one that is a list or a block matches nothing."""
    return clipped(key.value.strip(), MAX_QUOTED) if isinstance(key, yaml.ScalarNode) else "[…]"


def _id_of(node: yaml.Node) -> str:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((_name(value) for key, value in pairs if _name(key) == "id" and value.tag != NULL), "")


def _where(path: Path) -> str:
    """`under "label": `, for what lies deeper than the part that a message names."""
    match path:
        case ("questions", _, "options" | "ladder", _, *deeper) | (
            "questions" | "levels" | "replies" | "referrals",
            _,
            *deeper,
        ):
            return _under(deeper)
        case _:
            return _under(list(path))


def _under(keys: list[str]) -> str:
    return f"under {', '.join(keys)}: " if keys else ""
