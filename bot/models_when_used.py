"""aiogram, without the seconds that it takes to get ready for calls which nobody makes.

Importing aiogram builds a validator for each of its 450 types, though we read answers ourselves and make two dozen
kinds of calls. pydantic can build one when it is first used, and aiogram asks for that (`defer_build`), but then has
`model_rebuild` called for all of them at the end of its import. Inside `models_when_used` that call only notes where
the types find each other's names; afterwards pydantic finds them there when a type is used for the first time. That
takes milliseconds, once for each type.

Outside of it aiogram is imported as it always is, and behaves the same: tests/bot/test_models_when_used.py makes
every call both ways. Where this ends: it leans on `BotContextController` being below all of aiogram's types and
methods, and on `model_rebuild` being what its import calls. Were either to change, the import would be slow again, or
that test red. See docs/decisions/0022.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def models_when_used() -> Iterator[None]:
    """Import aiogram in here, for the first time. Not for several threads."""
    if "aiogram" in sys.modules:
        yield
        return
    from pydantic import BaseModel  # not at the top: commands that need neither must not pay for it

    names: dict[str, Any] = {}
    as_it_was: Any = BaseModel.__dict__["model_rebuild"]

    def note(_: type[BaseModel], /, *, _types_namespace: dict[str, Any] | None = None, **__: Any) -> None:
        names.update(_types_namespace or {})

    def build(
        model: type[BaseModel], /, *, _types_namespace: dict[str, Any] | None = None, **given: Any
    ) -> Any:
        given.pop("_parent_namespace_depth", None)  # of a caller that is no longer there
        return as_it_was.__func__(model, _types_namespace=_types_namespace or names, **given)

    BaseModel.model_rebuild = classmethod(note)  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        BaseModel.model_rebuild = as_it_was  # type: ignore[method-assign]
        if "aiogram" in sys.modules:
            from aiogram.client.context_controller import BotContextController

            BotContextController.model_rebuild = classmethod(build)  # type: ignore[method-assign, assignment]
