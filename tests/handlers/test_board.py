"""What lies of the board in the clear: where it is, and a digest that says nothing of its text."""

from __future__ import annotations

from hashlib import blake2b

from handlers import board
from storage import meta
from tests.handlers.desk import GROUP, World

TEXT = "3 requests are waiting"


async def test_the_boards_digest_cannot_be_tried_out_without_the_servers_key(world: World) -> None:
    await world.write(lambda tx: board.remember(tx, GROUP, 5, TEXT, world.now))
    row = (await world.read(lambda tx: meta.get(tx, meta.BOARD)) or b"").decode()
    assert row.startswith(f"{GROUP} 5 ")
    digest = bytes.fromhex(row.split(" ")[2])
    assert all(digest[:8] != blake2b(TEXT.encode(), digest_size=n).digest()[:8] for n in (8, 16, 32))
