"""What admins do: counts, people, the pause; and a service that nobody could open a case of."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from tests.service.town import Town, said_to
from tests.service.town import town as open_town

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _counted(town: Town) -> int:
    asked = await town.admin.send("/stats")
    answer = await said_to(town.admin, lambda m: "(so far)" in m.text, after=asked)
    found = re.search(r"\(so far\): ([\d,]+)", answer.text)
    assert found
    return int(found[1].replace(",", ""))


async def test_a_request_is_counted_once_even_when_it_is_erased(town: Town) -> None:
    before = await _counted(town)
    ann = await town.requester()
    await ann.ask_for_help()
    assert await _counted(town) == before + 1
    await ann.send("/erase")
    await ann.tap(ann.say("erase-yes-button"))
    await ann.reads(ann.say("erased"))
    assert await _counted(town) == before + 1


async def test_people_lists_the_staff_as_the_shell_does(town: Town) -> None:
    asked = await town.admin.send("/people")
    answer = await said_to(town.admin, lambda m: "on the staff" in m.text, after=asked)
    listed = await asyncio.to_thread(town.place.run, "operators", "list")
    for line in answer.text.splitlines():
        name, dot, _ = line.partition(" · ")
        if dot:
            assert re.search(rf"^ ?{name}\b", listed.out, re.MULTILINE)
        elif re.fullmatch(r"[a-z]+( [a-z]+){5,}", line):
            assert line in listed.out


async def test_a_pause_in_the_chat_closes_the_intake_with_its_notice_and_lets_the_begun_finish(
    town: Town,
) -> None:
    begun = await town.requester()
    await begun.begin()
    await begun.answer_all()
    asked = await town.admin.send("/pause We are back on Monday.")
    await said_to(town.admin, lambda m: "is paused" in m.text, after=asked)
    ann = await town.requester("uk")
    await ann.start()
    await ann.reads("We are back on Monday.")
    await begun.submit()
    asked = await town.admin.send("/resume")
    await said_to(town.admin, lambda m: "again" in m.text, after=asked)
    await ann.begin()


async def test_a_pause_from_the_shell_closes_the_intake_of_the_running_service(town: Town) -> None:
    coded = await town.requester()
    sent = await coded.ask_for_help("code")
    done = await asyncio.to_thread(town.place.run, "pause", "Closed for the holidays.")
    assert done.code == 0
    ann = await town.requester()
    await ann.start()
    await ann.reads("Closed for the holidays.")
    await ann.send(sent.code)  # who has a code is not turned away
    await ann.reads(ann.say("code-no-reply"))
    assert (await asyncio.to_thread(town.place.run, "resume")).code == 0
    await ann.tap(ann.say("back-button"))
    await ann.begin()


async def test_without_any_recipient_the_intake_is_closed_politely_and_check_says_what_to_do(
    tmp_path: Path,
) -> None:
    async with open_town(tmp_path, operators=0, recovery=False, runs=False) as town:
        await town.service.start()
        ann = await town.requester("kk")
        await ann.start()
        await ann.reads(ann.say("closed", organisation=town.place.settings["ORGANISATION"]))
        checked = await asyncio.to_thread(town.place.run, "check")
        assert checked.code == 1
        assert "The intake is closed" in checked.out
        assert "postern invite operator" in checked.out
        added = await asyncio.to_thread(town.place.run, "operators", "add", "Alder", town_key())
        assert added.code == 0, added.err
        await ann.begin()
        assert town.service.new_errors() == []


def town_key() -> str:
    from tests.bot.installed import new_key

    return new_key()
