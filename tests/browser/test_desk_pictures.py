"""The desk at phone width, as an operator and an admin see it: taken for the README by `make screenshots`.

What is on these pictures is tested elsewhere, over HTTP (`tests/service/test_desk.py`).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.pictures import QUIET_MS, SCREENSHOTS, path_of, shrink
from tests.service.desk import PLAIN, SOON, emergency, reads
from tests.service.town import town as open_town

playwright = pytest.importorskip(
    "playwright.async_api", reason="playwright is not installed: no browser tests"
)

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(
    not (SCREENSHOTS and CHROMIUM.exists()), reason="takes pictures: make screenshots"
)
REPLIES = Path(__file__).parents[2] / "questionnaires" / "replies" / "neutral.yaml"


async def test_pictures_of_the_desk(tmp_path: Path) -> None:
    async with (
        open_town(tmp_path, {"CANNED_REPLIES": str(REPLIES)}, operators=2) as town,
        playwright.async_playwright() as driver,
    ):
        browser = await driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        context = await browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="light")
        page = await context.new_page()
        await page.goto(town.sandbox.base_url)
        ann, operator = await town.requester("ru"), town.operators[0]

        async def press(label: str, who: str = "operator") -> None:
            column = page.locator(f"[data-column={who}]")
            await column.locator("[data-part=keyboard]").get_by_role("button", name=label).last.click()
            await page.wait_for_timeout(QUIET_MS)

        async def keep(name: str) -> None:
            await page.wait_for_timeout(QUIET_MS)
            await page.screenshot(path=path_of(name))
            shrink(name)

        await operator.phone.send("/duty")
        await operator.phone.press("Go on duty", message_id=(await reads(operator.phone, "off duty")).id)
        await (await town.requester()).ask_for_help("chat", PLAIN, "")
        sent = await ann.ask_for_help("chat", SOON, "")
        await town.card(sent.reference)
        await emergency(town)
        await reads(operator.group, "3 requests", "emergency: 1", "urgent: 1", "On duty:")
        await page.locator("[data-tab=group]").click()
        await keep("desk-group")
        await operator.group.press("Claim", message_id=await town.card(sent.reference))
        await page.locator("[data-tab=operator]").click()
        file = next(
            m
            for m in await operator.phone.wait_for(lambda ms: any(m.media for m in ms), timeout=60)
            if m.media
        )
        await page.wait_for_timeout(QUIET_MS)
        await press("Prepared replies")
        await press("We are working on it")
        await keep("desk-prepared")
        await press("Send this")
        read = (await ann.wait_for(lambda ms: any("Мы прочли" in m.text for m in ms), timeout=60))[-1]
        await ann.press(read.labels[0], message_id=read.id)
        await ann.block()
        await operator.phone.send("Приходите в среду к десяти.", reply_to=file.id)
        await operator.phone.wait_for(lambda ms: any("Not delivered" in m.text for m in ms), timeout=60)
        await keep("desk-replies")
        await page.locator("[data-tab=admin]").click()
        await town.admin.send("/audit")
        await keep("desk-audit")
        await browser.close()
