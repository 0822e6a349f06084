"""/stats on a phone, in chromium: the picture comes, gives way to the parts in its place, and is readable in the dark.

`make screenshots` does it in all four languages and keeps what is seen; the README shows it.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from intake.counts import LANGUAGE, PERSONS, REQUESTS, earlier, month_of
from storage import staff, tallies
from storage.database import Tx
from tests import counted
from tests.browser.pictures import QUIET_MS, SCREENSHOTS, path_of, shrink
from tests.service.town import Town, town

async_api = pytest.importorskip(
    "playwright.async_api", reason="playwright is not installed: no browser tests"
)

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no {CHROMIUM}: install Debian's chromium")

LANGUAGES = ("en", "ru", "uk", "kk") if SCREENSHOTS else ("kk",)
PARTS = {
    "on-leave": 34, "called-up": 22, "serving": 15, "refusing": 9, "not-called-up": 8, "left-unit": 6, "held": 2,
}  # fmt: skip
ADMIN, PHONE = 301, {"width": 390, "height": 1240}


def _count(tx: Tx, language: str) -> None:
    """Two years of counts up to last month, some requests of this month, and an admin of this language."""
    this = month_of(int(time.time()))
    made = counted.months("status", PARTS)
    tallies.restore(
        tx, {earlier(this, back): made[month] for back, month in enumerate(sorted(made, reverse=True), 1)}
    )
    for _ in range(96):
        tallies.add(tx, this, [REQUESTS, PERSONS, "standard", LANGUAGE + "ru"])
    account = tx.vault.account(ADMIN)
    member = staff.by_account(tx, account)
    assert member is not None
    staff.enrol(tx, member.id, account, ADMIN, language)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_picture_gives_way_to_the_parts_and_is_readable_on_a_phone(
    tmp_path: Path, language: str
) -> None:
    async with town(tmp_path, operators=0) as place:
        await place.data(lambda tx: _count(tx, language), write=True)
        await place.admin.send("/stats")
        await place.admin.wait_for(lambda shown: shown[-1].media is not None, timeout=90)
        async with async_api.async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
            context = await browser.new_context(viewport=PHONE, color_scheme="light", device_scale_factor=2)
            page = await context.new_page()
            await page.goto(place.sandbox.base_url)
            await page.locator("[data-tab=admin]").click()
            await _keep(page, f"stats-{language}")
            before = await _picture(page)
            await _press(place, language)
            picture = page.locator(".media img").last  # the press is answered before it is drawn
            await async_api.expect(picture).not_to_have_attribute("src", before, timeout=60_000)
            await page.emulate_media(color_scheme="dark")
            await _keep(page, "stats-parts-dark" if language == "en" else "")
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            await browser.close()


async def _press(place: Town, language: str) -> None:
    question = place.questionnaire.question("status")
    await place.admin.press(question.label[language])


async def _picture(page: Any) -> str:
    return str(await page.locator(".media img").last.get_attribute("src"))


async def _keep(page: Any, name: str) -> None:
    """`name`: of the picture; empty: it is looked at only."""
    picture = page.locator(".media img").last
    await async_api.expect(picture).to_be_visible()
    width = await picture.evaluate("image => image.naturalWidth")
    assert width >= 1_000
    if SCREENSHOTS and name:
        await page.wait_for_timeout(QUIET_MS)
        await page.screenshot(path=path_of(name))
        shrink(name)
