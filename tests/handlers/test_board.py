"""The board: what lies of it in the clear, and what it stands for."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b

from handlers import board
from intake.roles import Role
from storage import cases, grouped, meta, outbox
from storage.database import Tx
from tests.handlers.desk import GROUP, Person, World, ask, join
from tests.handlers.test_requester_turn import only_case

TEXT = "3 requests are waiting"


async def test_the_boards_digest_cannot_be_tried_out_without_the_servers_key(world: World) -> None:
    await world.write(lambda tx: board.remember(tx, GROUP, 5, TEXT, world.now))
    row = (await world.read(lambda tx: meta.get(tx, meta.BOARD)) or b"").decode()
    assert row.startswith(f"{GROUP} 5 ")
    digest = bytes.fromhex(row.split(" ")[2])
    assert all(digest[:8] != blake2b(TEXT.encode(), digest_size=n).digest()[:8] for n in (8, 16, 32))


async def test_a_request_that_the_board_counted_has_a_card_once_it_is_an_emergency(world: World) -> None:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    await ask(Person(world, 5551), until="chat")

    def on_the_board_only(tx: Tx) -> None:
        case = only_case(tx)
        for job_id, _ in outbox.about(tx, {case.case.hex()}):
            outbox.done(tx, job_id)
        cases.save_facts(tx, case, replace(case.facts, grouped=True, near_empty=True))

    await world.write(on_the_board_only)
    case = await world.read(only_case)
    await heron.press_data(f"claim.{case.reference}", world.put(heron.id, "old"))
    for _ in range(2):
        await heron.press_data(f"up.danger.{case.reference}", world.put(heron.id, "old"))
    await world.write(lambda tx: outbox.drop_about(tx, {case.case.hex()}))  # the card is not out yet
    await heron.press_data(f"release.{case.reference}", world.put(heron.id, "old"))
    await world.deliver()
    cards = [m for m in world.shown(GROUP) if world.say("claim-button") in m.labels]
    assert [case.reference in m.text for m in cards] == [True]
    assert not (await world.read(grouped.read)).total()
