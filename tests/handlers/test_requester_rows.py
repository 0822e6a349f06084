"""What a request leaves in the tables: rows of one size, no account beside a code, nothing that can be exchanged."""

from __future__ import annotations

from dataclasses import asdict, is_dataclass, replace

import pytest
from nacl.public import PrivateKey
from sqlalchemy import select, text, update

from intake.errors import Tampered
from intake.questionnaire import Kind, Option, Question
from intake.roles import Role
from storage import outbox, traces
from storage.database import Tx
from storage.schema import blocks, metadata
from storage.schema import cases as cases_table
from storage.sealing import BOX_BYTES
from tests.handlers.desk import GROUP, OWN_WORDS, Person, World, ask, join, questionnaire
from tests.handlers.test_requester_turn import code_of, only_case

# What is stored, and of what size.


async def test_every_case_has_the_same_number_of_boxes_of_one_size(world: World) -> None:
    for number, words in enumerate(("", OWN_WORDS, "ж" * 1_400)):
        await ask(Person(world, 100 + number), text=words, held=number == 2, until="chat")
    await ask(Person(world, 200), until="code")
    await Person(world, 300).send("/start")
    halfway = Person(world, 301)
    await halfway.send("/start")
    await halfway.answer_all("English", world.say("begin-button"))
    tables = await world.tables()
    per_lock: dict[object, int] = {}
    for row in tables["blocks"]:
        per_lock[row[0]] = per_lock.get(row[0], 0) + 1
        assert len(row[2]) == BOX_BYTES  # type: ignore[arg-type]
    assert set(per_lock.values()) == {2}
    assert len(per_lock) == len(tables["locks"]) == 5
    for name, column in (("drafts", 1), ("outbox", 2), ("traces", 3), ("cases", 7)):
        assert len({len(row[column]) for row in tables[name]}) == 1, name  # type: ignore[arg-type]


async def test_the_largest_summary_that_a_questionnaire_allows_can_be_sent(world: World) -> None:
    names = [f"q{n:02}" for n in range(19)]
    wide = tuple(Option(f"o{i}", {"en": "Ж" * 38 + f"{i:02}", "ru": "Ж" * 38 + f"{i:02}"}) for i in range(12))
    label = {"en": "Ж" * 30, "ru": "Ж" * 30}
    many = tuple(Question(n, Kind.CHOICES, label, label, label, in_summary=True, options=wide) for n in names)
    world.change(questionnaire=replace(questionnaire(), questions=many))
    ann = Person(world, 5551)
    await ann.send("/start")
    await ann.answer_all("English", world.say("begin-button"))
    for _ in names:
        await ann.answer_all(*(option.label["en"] for option in wide), world.say("done-button"))
    await ann.press(world.say("send-button"))
    await ann.press(world.say("channel-chat-button"))
    await world.deliver()
    assert len(world.shown(GROUP)[0].text.encode("utf-16-le")) // 2 <= 4_096
    assert world.shown(GROUP)[0].text.count("\n") > 2


async def test_no_column_tells_the_hour_of_anything_a_requester_did(world: World) -> None:
    heron, ann, ben = await join(world, 900, Role.OPERATOR, "Heron"), Person(world, 5551), Person(world, 5552)
    await ask(ann, held=True, until="chat")
    await ask(ben, until="code")
    await world.deliver()
    await heron.press("Claim", chat=GROUP)
    await world.deliver()
    await ann.send("more")
    world.wait(60)
    tables = await world.tables()
    numbers = {
        (name, value)
        for name, rows in tables.items()
        if name not in {"invites", "staff"}
        for row in rows
        for column, value in zip(metadata.tables[name].columns.keys(), row, strict=True)
        if (name, column) != ("cases", "version")  # random, and another one after each change
        if isinstance(value, int) and not isinstance(value, bool)
    }
    today = world.now // 86_400
    assert {value for _, value in numbers if value > 1_000} <= {today, today + 1, today + 2}


# Return codes.


async def test_a_request_with_a_code_is_read_answered_and_erased_by_the_code_alone(world: World) -> None:
    heron, ann = await join(world, 900, Role.OPERATOR, "Heron"), Person(world, 5551)
    await ask(ann, until="code")
    code = await code_of(ann)
    await heron.press("Claim", chat=GROUP)
    await world.deliver()
    await heron.send("Go to the office at nine 🕘", reply_to=world.shown(900)[-1].id)
    await world.deliver()
    assert not any("office at nine" in m.text for m in world.shown(5551))
    stranger = Person(world, 6661)
    await stranger.send(code.replace(" ", "-"))
    assert any("office at nine" in m.text for m in world.shown(6661))
    assert not any(code in m.text or code.replace(" ", "-") in m.text for m in world.shown(6661))
    await stranger.send("1234 5678 9012 3456")
    assert world.say("hint-code-unknown") in stranger.screen.text
    await stranger.send("/erase")
    await stranger.send("1234 5678 9012 3456")
    assert len((await world.tables())["cases"]) == 1
    await stranger.send("/erase")
    await stranger.send(code)
    tables = await world.tables()
    assert [tables[name] for name in ("cases", "locks", "blocks", "thread")] == [[], [], [], []]
    await world.deliver()
    assert any("withdrawn" in m.text for m in world.shown(900))
    assert not any(m.document for m in world.shown(900))


def readable(chat: int, tx: Tx) -> dict[str, list[str]]:
    """What the server's own key opens of jobs, cases, and the traces of a chat."""
    return {
        "outbox": [repr_all(list(row)) for row in outbox.waiting(tx)],
        "cases": [repr_all(only_case(tx))],
        "traces": [repr_all(list(row)) for row in traces.of_chat(tx, chat)],
    }


def repr_all(value: object) -> str:
    """All that is in it, also what a `repr` hides."""
    if is_dataclass(value) and not isinstance(value, type):
        return repr(asdict(value))
    return repr([repr_all(each) for each in value]) if isinstance(value, list | tuple) else repr(value)


@pytest.mark.parametrize("held", [False, True])
async def test_no_account_is_stored_in_or_leads_to_a_request_with_a_code(world: World, held: bool) -> None:
    heron, ann = await join(world, 900, Role.OPERATOR, "Heron"), Person(world, 5_550_001)
    await ask(ann, held=held)
    if held:  # an answer to the chat is still on its way when the code is chosen
        await world.deliver()
        await heron.press("Claim", chat=GROUP)
        await world.deliver()
        await heron.send("on its way", reply_to=next(m.id for m in world.shown(900) if m.document))
    seen = await world.tables()
    await ann.press(world.say("send-button"))
    await ann.press(world.say("channel-code-button"))
    waiting = await world.read(outbox.waiting)
    assert [job.case for _, job in waiting if job.chat == ann.id] == [""], (
        "the code; no reply goes to the chat"
    )
    await world.deliver()
    tables = await world.tables()
    case = await world.read(only_case)
    who = [ann.account, str(ann.id).encode(), ann.id.to_bytes(8, "big")]
    for name, rows in tables.items():
        holds = [row for row in rows if any(isinstance(v, bytes) and any(w in v for w in who) for v in row)]
        assert not holds or name == "traces"
    opened = await world.read(lambda tx: readable(ann.id, tx))
    assert str(ann.id) not in "".join(opened["cases"] + opened["outbox"])
    names = (case.case.hex(), repr(case.case), case.reference)
    assert not any(each in line for line in opened["traces"] for each in names)
    assert tables["drafts"] == []
    # And the old rows, in which the two stood together, are nowhere in SQLite's files either.
    assert await world.desk.db.tidy()
    if not (world.folder / "x.sqlite").exists():
        return  # PostgreSQL keeps them until their pages are rewritten: docs/threat-model.md says so
    files = b"".join(path.read_bytes() for path in world.folder.iterdir())
    old = [row[1] for row in seen["drafts"]] + ([row[7] for row in seen["cases"]] if held else [])
    assert old
    for box in old:
        assert isinstance(box, bytes)
        assert box[40:80] not in files


async def test_a_code_case_does_not_stop_the_same_person_from_asking_again(world: World) -> None:
    ann = Person(world, 5551)
    await ask(ann, until="code")
    await ask(ann, until="code")
    await ask(ann, until="chat")
    assert len((await world.tables())["cases"]) == 3


# Rows that were tampered with.


async def test_a_draft_of_somebody_else_is_never_shown(world: World) -> None:
    ann, ben = Person(world, 1), Person(world, 2)
    await ask(ann)
    await ask(ben, text="")
    swap = text(
        "UPDATE drafts SET state = (SELECT state FROM drafts WHERE account = :ann) WHERE account = :ben"
    )
    await world.write(lambda tx: tx.conn.execute(swap, {"ann": ann.account, "ben": ben.account}))
    shown = len(world.posted)
    with pytest.raises(Tampered):
        await ben.send("/start")
    assert len(world.posted) == shown


async def test_a_case_put_in_somebody_elses_name_is_not_shown_to_them(world: World) -> None:
    ann, ben = Person(world, 1), Person(world, 2)
    await ask(ann, until="chat")
    await world.write(lambda tx: tx.conn.execute(update(cases_table).values(account=ben.account)))
    with pytest.raises(Tampered):
        await ben.send("/start")


async def test_replies_are_not_sealed_to_a_code_key_that_was_exchanged(world: World) -> None:
    heron, ann = await join(world, 900, Role.OPERATOR, "Heron"), Person(world, 5551)
    await ask(ann, until="code")
    await world.deliver()
    await heron.press("Claim", chat=GROUP)
    await world.deliver()
    mine = bytes(PrivateKey.generate().public_key)
    await world.write(lambda tx: tx.conn.execute(update(cases_table).values(code_key=mine)))
    await heron.send("an answer", reply_to=world.shown(900)[-1].id)
    assert world.say("operator-reply-how") in world.shown(900)[-1].text
    assert (await world.tables())["thread"] == []


async def test_a_file_with_a_box_of_another_case_is_not_made(world: World) -> None:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    for number in (1, 2):
        await ask(Person(world, number), until="chat")
    await world.deliver()
    await heron.press("Claim", chat=GROUP)
    boxes = await world.read(lambda tx: tx.conn.execute(select(blocks).where(blocks.c.position == 0)).all())
    for one, other in zip(boxes, reversed(boxes), strict=True):
        here = (blocks.c.case_id == one.case_id) & (blocks.c.position == 0)
        await world.write(
            lambda tx, h=here, o=other: tx.conn.execute(update(blocks).where(h).values(box=o.box))
        )
    with pytest.raises(Tampered):
        await world.deliver()
    assert not any(m.document for m in world.shown(900))
