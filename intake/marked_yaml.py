"""YAML text to nodes that know their line, with a bound on everything that a hostile file could blow up.

Plain data only: no anchors or aliases (a few lines of them unfold into gigabytes), no tags, little nesting.
"""

from __future__ import annotations

import yaml

MAX_FILE_CHARS = 200_000
"""Room for all questions and options that there may be, in four languages; PyYAML reads it in a second."""
MAX_DEPTH = 12
"""Levels of nesting. A questionnaire needs 7; composing is recursive."""


class Unreadable(Exception):
    """The text is not YAML that we accept; the message is a predicate, "line 3" stands apart from it."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


class _Loader(yaml.SafeLoader):
    """Composes nodes, counting depth, and refuses what a questionnaire has no use for."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line + 1
        if event.anchor is not None:
            raise Unreadable(
                line, "anchors (&) and aliases (*) are not allowed; write the text out, or put it in quotes"
            )
        if getattr(event, "tag", None) is not None:
            raise Unreadable(line, "tags (!) are not allowed; put a text that begins with ! in quotes")
        if self.depth == MAX_DEPTH:
            raise Unreadable(line, f"nested more than {MAX_DEPTH} levels deep; check the indentation")
        self.depth += 1
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node


def compose(text: str) -> yaml.Node:
    """The root node of the one document in `text`. Raises `Unreadable`, and nothing else."""
    if len(text) > MAX_FILE_CHARS:
        raise Unreadable(1, f"the file is longer than {MAX_FILE_CHARS:,} characters; shorten it")
    try:
        loader = _Loader(text)
        try:
            root: yaml.Node | None = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        advice = "check the indentation, and put a text with a colon in quotes"
        raise Unreadable(line, f"not readable as YAML ({error.problem or error.context}); {advice}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Unreadable(
            line, "a character that cannot be shown; delete it and type the line again"
        ) from None
    except (yaml.YAMLError, ValueError, OverflowError):  # e.g. an escape beyond Unicode in a quoted text
        raise Unreadable(1, "not readable as YAML; check the quoted texts for stray backslashes") from None
    if root is None:
        raise Unreadable(1, "the file is empty; begin with a copy of one that works")
    return root


def line_of(node: yaml.Node) -> int:
    """The line on which the node starts, counted from 1."""
    return int(node.start_mark.line) + 1
