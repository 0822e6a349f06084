"""The plain bots' questions: those of six.yaml, so that both sides show the same words and buttons."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml


@dataclass(frozen=True)
class Question:
    label: str
    ask: str
    why: str
    options: tuple[str, ...]


def load_questions() -> list[Question]:
    found = yaml.safe_load(Path(__file__).with_name("six.yaml").read_text())
    return [
        Question(
            each["label"]["en"],
            each["ask"]["en"],
            each["why"]["en"],
            tuple(option["label"]["en"] for option in each["options"]),
        )
        for each in found["questions"]
    ]
