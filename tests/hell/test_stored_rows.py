"""Jobs, traces and cases as another version may have stored them: sound boxes, and fields that make no sense here."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from intake.errors import Tampered
from intake.questionnaire import Level
from storage import cases, facts, outbox, traces
from storage.facts import Facts
from storage.outbox import Job, Task
from storage.traces import Trace
from tests.hell.examples import JSON, many
from tests.hell.test_drafts import tx, vault

KEY = b"k" * 16
JOB = asdict(Job(Task.SEND, 1, text="Unspokenword"))
TRACE = asdict(Trace(5, 6, 7, 8))
FACTS = asdict(Facts(Level.URGENT, 1, "en", ("Unspokenword",)))


class Row:
    """A row of `cases`, as far as reading it looks."""

    case_id = KEY
    reference = "K7QM-4ZDP"
    account = code_tag = code_key = contact = holder = outcome = None
    status = "open"
    received_day = 1

    def __init__(self, facts: bytes) -> None:
        self.facts = facts


def changed(fields: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Some fields missing, some new, some with another value; or no fields at all."""
    names = st.sampled_from(list(fields))
    return JSON | st.tuples(
        st.sets(names, max_size=2), st.dictionaries(names | st.sampled_from(["newer", ""]), JSON, max_size=3)
    ).map(lambda drawn: {n: v for n, v in fields.items() if n not in drawn[0]} | drawn[1])


def read_or_tampered(read: Callable[[], object], kind: type) -> None:
    try:
        found = read()
    except Tampered as error:
        below = error.__context__
    else:
        below = None
        assert isinstance(found, kind)
    assert below is None, "an error below it would hold what was stored"


@many
@given(changed(JOB))
def test_any_job_is_read_or_tampered(job: Any) -> None:
    box = vault().wrap_padded(outbox.JOB, KEY, json.dumps(job).encode(), outbox.JOB_BYTES)
    read_or_tampered(lambda: outbox._unwrap(tx(), KEY, box), Job)


@many
@given(changed(TRACE))
def test_any_trace_is_read_or_tampered(trace: Any) -> None:
    box = vault().wrap_padded(traces.TRACE, KEY, json.dumps(trace).encode(), 8_192)
    read_or_tampered(lambda: traces._trace(tx(), KEY, box), Trace)


@many
@given(changed(FACTS))
def test_any_facts_are_a_case_or_tampered(stored: Any) -> None:
    bound = facts.bound_to(KEY, Row.reference, None, None, None)
    row = Row(vault().wrap_padded(facts.FACTS, bound, json.dumps(stored).encode(), facts.FACTS_BYTES))
    read_or_tampered(lambda: cases.read(tx(), row), cases.Case)  # type: ignore[arg-type]
