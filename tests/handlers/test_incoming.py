"""Reading updates: every kind is recognised, nothing raises, nothing personal is kept or shown."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.incoming import MAX_TEXT_CHARS, Incoming, Kind, lane_of, parse

PRIVATE = {"id": 7, "type": "private", "first_name": "Natalia", "username": "natalia_p"}
GROUP = {"id": -100, "type": "supergroup", "title": "Operators"}
PERSON = {"id": 7, "is_bot": False, "first_name": "Natalia", "username": "natalia_p", "language_code": "uk"}


def read(**content: Any) -> Incoming:
    """A message with this content, in a private chat unless it says otherwise."""
    return of("message", {"message_id": 3, "date": 0, "chat": PRIVATE, "from": PERSON} | content)


def of(name: str, body: Any, username: str = "Our_Bot") -> Incoming:
    incoming = parse({"update_id": 11, name: body}, username)
    assert incoming
    return incoming


def test_a_text_is_read_with_its_place_and_sender() -> None:
    found = read(text="hello", reply_to_message={"message_id": 2})
    assert found == Incoming(
        update_id=11,
        kind=Kind.TEXT,
        chat_id=7,
        chat_type="private",
        user_id=7,
        language_code="uk",
        message_id=3,
        text="hello",
        reply_to=2,
    )


@pytest.mark.parametrize(
    ("text", "kind", "command", "argument"),
    [
        ("/start", Kind.COMMAND, "start", ""),
        ("/Start@our_bot  abc-_9 ", Kind.COMMAND, "start", "abc-_9"),
        ("/stop\nnow", Kind.COMMAND, "stop", "now"),
        ("/queue@other_bot", Kind.COMMAND, "queue", ""),  # in a private chat nobody else could be meant
        ("/", Kind.TEXT, "", ""),
        ("/home/me", Kind.TEXT, "", ""),
        ("/стоп", Kind.TEXT, "", ""),
        (" /start", Kind.TEXT, "", ""),
    ],
)
def test_commands(text: str, kind: Kind, command: str, argument: str) -> None:
    found = read(text=text)
    assert (found.kind, found.command, found.argument) == (kind, command, argument)


def test_in_a_group_a_command_for_another_bot_is_not_ours() -> None:
    body = {"message_id": 3, "chat": {"id": -5, "type": "group"}, "from": PERSON, "text": "/queue@other_bot"}
    assert of("message", body).kind is Kind.IGNORED


def test_without_knowing_its_own_name_the_bot_takes_every_command() -> None:
    body = {"message_id": 3, "chat": PRIVATE, "from": PERSON, "text": "/start@any_bot"}
    assert of("message", body, username="").kind is Kind.COMMAND


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ({"contact": {"phone_number": "+77011234567", "first_name": "Natalia"}}, Kind.CONTACT),
        ({"location": {"latitude": 43.2, "longitude": 76.9}}, Kind.LOCATION),
        ({"venue": {"title": "x"}, "location": {"latitude": 43.2}}, Kind.LOCATION),
        ({"photo": [{}], "caption": "secret"}, Kind.FILE),
        ({"animation": {}, "document": {}}, Kind.FILE),
        ({"voice": {}}, Kind.FILE),
        ({"video_note": {}}, Kind.FILE),
        ({"sticker": {}}, Kind.FILE),
        ({"poll": {}}, Kind.OTHER_MESSAGE),
        ({"dice": {}}, Kind.OTHER_MESSAGE),
        ({"pinned_message": {}}, Kind.OTHER_MESSAGE),
        ({"message_auto_delete_timer_changed": {}}, Kind.OTHER_MESSAGE),
        ({"forum_topic_created": {"name": "secret"}, "message_thread_id": 3}, Kind.IGNORED),
        ({"forum_topic_edited": {"name": "secret"}, "message_thread_id": 3}, Kind.IGNORED),
        ({"forum_topic_closed": {}, "message_thread_id": 3}, Kind.IGNORED),
        ({"chat": GROUP, "migrate_to_chat_id": -1007}, Kind.GROUP_EVENT),
        ({"text": "x", "chat": {"id": -5, "type": "channel"}}, Kind.IGNORED),
        ({"text": "x", "chat": GROUP, "sender_chat": GROUP}, Kind.IGNORED),
        ({"text": "x", "from": PERSON | {"is_bot": True}}, Kind.IGNORED),
        ({"text": "x", "from": None}, Kind.IGNORED),
    ],
)
def test_kinds_of_message(content: dict[str, Any], kind: Kind) -> None:
    found = read(**content)
    assert found.kind is kind
    assert found.text == ""


def test_a_forwarded_message_is_marked() -> None:
    assert read(text="x", forward_origin={"type": "user"}).forwarded
    assert read(text="x", forward_date=1).forwarded
    assert not read(text="x").forwarded


def test_an_edited_text_is_no_command_and_a_moving_location_is_no_edit() -> None:
    body = {"message_id": 3, "chat": PRIVATE, "from": PERSON}
    edited = of("edited_message", body | {"text": "/start"})
    assert (edited.kind, edited.text, edited.command) == (Kind.EDITED, "/start", "")
    assert of("edited_message", body | {"location": {}}).kind is Kind.IGNORED


def test_a_press_is_its_presser_its_data_and_the_message_it_is_on() -> None:
    message = {"message_id": 5, "chat": GROUP, "from": {"id": 1, "is_bot": True, "language_code": "en"}}
    query = {"id": "q9", "from": PERSON, "data": "claim:K7QM", "message": message}
    found = of("callback_query", query)
    assert (found.kind, found.user_id, found.chat_id, found.message_id) == (Kind.PRESS, 7, -100, 5)
    assert (found.data, found.query_id, found.language_code) == ("claim:K7QM", "q9", "uk")
    without = of("callback_query", {"id": "q9", "from": PERSON, "data": "x"})
    assert (without.kind, without.chat_id, without.message_id) == (Kind.PRESS, 0, None)
    assert lane_of(without) == 7


def test_data_too_long_for_a_button_is_none_of_ours() -> None:
    assert of("callback_query", {"id": "q", "from": PERSON, "data": "x" * 65}).data == ""


@pytest.mark.parametrize(
    ("chat", "status", "kind"),
    [
        (PRIVATE, "kicked", Kind.BLOCKED),
        (PRIVATE, "member", Kind.UNBLOCKED),
        (PRIVATE, "odd", Kind.IGNORED),
        (GROUP, "administrator", Kind.GROUP_EVENT),
        ({"id": -5, "type": "channel"}, "administrator", Kind.IGNORED),
    ],
)
def test_changes_of_the_bots_standing(chat: dict[str, Any], status: str, kind: Kind) -> None:
    found = of("my_chat_member", {"chat": chat, "from": PERSON, "new_chat_member": {"status": status}})
    assert found.kind is kind
    assert found.data == (status if kind is Kind.GROUP_EVENT else "")


def test_a_message_in_a_topic_of_a_private_chat_is_like_any_other() -> None:
    inside: dict[str, Any] = {"message_thread_id": 7, "is_topic_message": True}
    opened = {"message_id": 7, "chat": PRIVATE, "forum_topic_created": {"name": "secret"}}
    contents: list[dict[str, Any]] = [
        {"text": "hello"},
        {"text": "/start x"},
        {"photo": [{}]},
        {"contact": {}},
    ]
    for content in contents:
        assert read(**content, **inside, reply_to_message=opened) == read(**content)
    answered = {"message_id": 5, "chat": PRIVATE, **inside}
    assert read(text="x", **inside, reply_to_message=answered).reply_to == 5


def test_a_group_that_moves_says_where() -> None:
    assert read(chat=GROUP, migrate_to_chat_id=-1007).migrate_to == -1007


def test_an_inline_query_is_recognised_and_not_read() -> None:
    found = of("inline_query", {"id": "q", "from": PERSON, "query": "secret", "offset": ""})
    assert (found.kind, found.query_id, found.text) == (Kind.INLINE, "q", "")


def test_other_updates_are_ignored() -> None:
    assert of("poll_answer", {}).kind is Kind.IGNORED
    assert of("channel_post", {"text": "x"}).kind is Kind.IGNORED


@pytest.mark.parametrize(
    "value", [None, 1, "x", [], {}, {"update_id": "1"}, {"update_id": True}, {"update_id": 2**70}]
)
def test_what_is_no_update_is_none(value: object) -> None:
    assert parse(value) is None


def test_no_name_and_no_captions_phones_or_places_are_kept() -> None:
    rich = read(contact={"phone_number": "+77011234567"}, location={"latitude": 43.2}, caption="secret")
    kept = json.dumps(asdict(rich))
    assert not [word for word in ("Natalia", "natalia_p", "+7701", "43.2", "secret") if word in kept]


def test_its_repr_shows_neither_content_nor_ids() -> None:
    query = {"id": "query-555", "from": PERSON | {"id": 777}, "data": "answer", "message": {"chat": PRIVATE}}
    shown = repr(read(text="/start secret", chat=PRIVATE | {"id": 888})) + repr(of("callback_query", query))
    assert not [word for word in ("secret", "start", "answer", "555", "777", "888", "uk") if word in shown]


def test_what_no_database_can_hold_does_not_come_in() -> None:
    found = read(text="a\ud800b\x00c" + "x" * 50_000, chat={"id": 2**63, "type": "private"})
    assert found.text.startswith("a\ufffdb\ufffdc")
    assert len(found.text) == MAX_TEXT_CHARS
    assert found.chat_id == 0
    assert found.text.encode()


NAMES = re.findall(
    r"\w+",
    "update_id message edited_message callback_query my_chat_member inline_query chat from id type text data "
    "message_id reply_to_message new_chat_member status contact location photo poll sender_chat is_bot "
    "migrate_to_chat_id forward_date language_code private supergroup",
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(NAMES),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(), inner, max_size=6)
    ),
    max_leaves=25,
)


@given(JSON, st.sampled_from(NAMES), JSON)
def test_any_json_is_read_without_an_exception(value: object, name: str, body: object) -> None:
    for update in (value, {"update_id": 1, name: body}):
        incoming = parse(update, "our_bot")
        if incoming is not None:
            assert isinstance(lane_of(incoming), int)
            assert len(incoming.text) <= MAX_TEXT_CHARS
            json.dumps(asdict(incoming)).encode()
