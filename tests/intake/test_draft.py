"""A draft outlasts being stored, fits its room in the database, and shows nothing of itself in a log."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from intake.draft import Draft, Page, Place
from intake.events import MAX_TEXT_BYTES
from intake.questionnaire import Answers, Kind, Questionnaire
from intake.questionnaire_check import MAX_ANSWERS_BYTES, worst_answers_bytes
from intake.sensitive import Sensitive
from storage import drafts, migrate, schema
from storage.database import Database
from storage.drafts import Conversation
from storage.opening import open_database
from storage.server_key import ServerKey
from storage.vault import Vault
from tests.strategies import SHIPPED, form_of, largest, options_of, question_of, shipped

LARGEST_ID = 2**63 - 1
ids = st.from_regex(r"[a-z][a-z0-9-]{0,31}", fullmatch=True)
any_draft = st.builds(
    Draft,
    place=st.sampled_from(Place),
    language=st.sampled_from(["en", "kk"]),
    serial=st.integers(0, 2**40),
    page=st.none() | st.sampled_from(Page),
    question=ids,
    picked=st.lists(ids, max_size=4).map(tuple),
    answers=st.dictionaries(ids, st.lists(ids, max_size=4).map(tuple), max_size=5),
    texts=st.dictionaries(ids, st.integers(0, MAX_TEXT_BYTES), max_size=1),
    noticed=st.lists(st.sampled_from(Sensitive), unique=True).map(tuple),
    from_review=st.booleans(),
    aside_from=st.none() | st.sampled_from(Place),
    case=st.just("ab" * 16),
    reference=st.sampled_from(["", "K7QM-4ZDP"]),
    fingerprint=ids,
    active_at=st.integers(0, 2**40),
)


@given(any_draft)
def test_what_is_read_back_is_what_was_written(draft: Draft) -> None:
    assert Draft.from_json(draft.to_json()) == draft


@given(any_draft)
def test_its_repr_tells_the_place_and_nothing_else(draft: Draft) -> None:
    assert repr(draft) == f"Draft(place={draft.place!r})"


def test_moving_to_another_screen_closes_the_page() -> None:
    draft = Draft(page=Page.HELP, picked=("a",)).moved(Place.REVIEW, picked=())
    assert (draft.place, draft.page, draft.picked) == (Place.REVIEW, None, ())


# Room in the database.


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'x.sqlite'}"
    await migrate.upgrade(url)
    key = ServerKey.generate()
    database = open_database(url, Vault.open(key, Vault.new_secrets(key)))
    yield database
    await database.close()


def most_answers(form: Questionnaire) -> Answers:
    """As much as can be chosen, were every question asked."""
    return {
        q.id: tuple(o.id for o in q.options)
        if q.kind is Kind.CHOICES
        else (max((o.id for o in q.options), key=len),)
        for q in form.questions
        if q.options
    }


def fullest(form: Questionnaire) -> Draft:
    answers = most_answers(form)
    widest = max(form.questions, key=lambda q: len(json.dumps(answers.get(q.id, ()))))
    return Draft(
        place=Place.CODE_ERASE,
        language="en",
        serial=2**40,
        page=Page.LANGUAGE,
        question=widest.id,
        picked=tuple(o.id for o in widest.options),
        answers=answers,
        texts={q.id: MAX_TEXT_BYTES for q in form.questions if not q.options},
        noticed=tuple(Sensitive),
        from_review=True,
        aside_from=Place.CODE_ERASE,
        case="ab" * 16,
        reference="K7QM-4ZDP",
        fingerprint="f" * 64,
        active_at=2**40,
    )


def many_short_ids() -> Questionnaire:
    """Most answers, and so most marks around them: 20 questions of 12 options with ids of one letter or two."""
    return form_of(
        *(question_of(f"q{n:x}", Kind.CHOICES, options_of("a b c d e f g h i j k l")) for n in range(20))
    )


def few_long_ids() -> Questionnaire:
    """Ids of 32 letters, the longest that are read, until the answers are at their limit."""
    found, questions = form_of(), []
    for number in range(20):
        letters = f"{number:x}".rjust(28, "q")
        options = options_of(" ".join(f"{i:x}".rjust(32, "o") for i in range(12)))
        questions.append(question_of(f"{letters}", Kind.CHOICES, options))
        form = form_of(*questions)
        if worst_answers_bytes(form) > MAX_ANSWERS_BYTES:
            break
        found = form
    return found


@pytest.mark.parametrize(
    "form",
    [*map(shipped, SHIPPED), largest(), many_short_ids(), few_long_ids()],
    ids=[*SHIPPED, "largest", "short-ids", "long-ids"],
)
async def test_the_fullest_draft_fits_and_takes_no_more_room_than_an_empty_one(
    db: Database, form: Questionnaire
) -> None:
    assert worst_answers_bytes(form) <= MAX_ANSWERS_BYTES
    full = Conversation(fullest(form), -LARGEST_ID, LARGEST_ID)
    await db.write(lambda tx: drafts.save(tx, b"full", full))
    await db.write(lambda tx: drafts.save(tx, b"empty", Conversation(Draft(), 1)))
    assert await db.read(lambda tx: drafts.load(tx, b"full")) == full
    states = await db.read(lambda tx: tx.conn.execute(select(schema.drafts.c.state)).scalars().all())
    assert len({len(state) for state in states}) == 1
