"""The whole way through `postern demo`, in chromium: ask, see the card, claim, open, reply, close, count.

`SCREENSHOTS=docs/images make screenshots` keeps what is seen on the way; the README shows it.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from handlers.texts import Texts, load_texts
from tests.browser.pictures import QUIET_MS, SCREENSHOTS, path_of, shrink
from tests.service.requester import CODE

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: no browser tests")

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no {CHROMIUM}: install Debian's chromium")

OWN_WORDS = "My leave ends on Friday. I have not told anyone."
REPLY = "We have read your request. A lawyer writes to you here tomorrow before noon."


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running demo's address. Afterwards: Ctrl-C ends it cleanly and leaves nothing behind."""
    temporary = tmp_path_factory.mktemp("demo")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("POSTERN_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "bot.cli", "demo", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        env={**environment, "TMPDIR": str(temporary), "HOME": str(temporary)},
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert found, line
    yield found[0]
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert list(temporary.iterdir()) == []


@pytest.fixture(scope="module")
def page(address: str) -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 1600, "height": 1000}, color_scheme="light").new_page()
        page.set_default_timeout(30_000)
        page.goto(address)
        yield page
        browser.close()


@pytest.fixture(scope="module")
def texts() -> Texts:
    return load_texts()


def column(page: Any, name: str) -> Any:
    return page.locator(f"[data-column={name}]")


def press(page: Any, name: str, label: str) -> None:
    column(page, name).locator("[data-part=keyboard]").get_by_role("button", name=label).last.click()


def write(page: Any, name: str, text: str) -> None:
    column(page, name).get_by_role("textbox").fill(text)
    column(page, name).get_by_role("button", name="Send").click()


def keep(page: Any, name: str) -> None:
    if SCREENSHOTS:
        page.wait_for_timeout(QUIET_MS)
        page.screenshot(path=path_of(name))
        shrink(name)


def test_a_request_is_asked_claimed_opened_answered_closed_and_counted(page: Any, texts: Texts) -> None:
    expect = sync_api.expect

    def say(name: str) -> str:
        return texts.say("en", name)

    requester, operator = column(page, "requester"), column(page, "operator")
    requester.get_by_role("button", name="Start", exact=True).click()
    press(page, "requester", "English")
    expect(requester.get_by_text(say("begin-button")).last).to_be_visible()
    keep(page, "notice")
    press(page, "requester", say("begin-button"))
    press(page, "requester", "On leave or in hospital")
    press(page, "requester", "Within 3 days")
    expect(requester.get_by_text("Armenia")).to_be_visible()
    keep(page, "question")
    press(page, "requester", "Armenia")
    press(page, "requester", "The phone may be checked")
    expect(requester.get_by_role("button", name="☑ The phone may be checked")).to_be_visible()
    press(page, "requester", say("done-button"))
    press(page, "requester", "A lawyer's advice")
    expect(requester.get_by_role("button", name="☑ A lawyer's advice")).to_be_visible()
    press(page, "requester", say("done-button"))
    write(page, "requester", OWN_WORDS)
    expect(requester.get_by_role("button", name=say("send-button"))).to_be_visible()
    expect(requester.get_by_role("log")).not_to_contain_text(OWN_WORDS)
    press(page, "requester", say("send-button"))
    press(page, "requester", say("channel-chat-button"))
    reference = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}")
    expect(requester.get_by_role("log")).to_contain_text(reference)
    group = column(page, "group")
    expect(group.get_by_role("log")).to_contain_text("Armenia")
    expect(group.get_by_role("log")).not_to_contain_text(OWN_WORDS)
    keep(page, "card")

    press(page, "group", say("claim-button"))
    opening = operator.get_by_role("button", name=re.compile("^Open on"))
    opening.click()
    device = page.get_by_role("dialog")
    expect(device).to_contain_text(OWN_WORDS)
    expect(device).to_contain_text("Situation: On leave or in hospital")
    keep(page, "opened")
    device.get_by_role("button", name="Close").click()

    reply_to_the_file(page)
    write(page, "operator", REPLY)
    expect(requester.get_by_role("log")).to_contain_text(REPLY)
    expect(operator.get_by_role("log")).not_to_contain_text(REPLY)

    send_sealed(page, texts)

    press(page, "operator", say("close-button"))
    press(page, "operator", say("outcome-helped"))
    expect(opening).to_have_count(0, timeout=20_000)  # it can be undone for some seconds
    expect(group.get_by_role("log")).to_contain_text(say("outcome-helped"))

    write(page, "admin", "/stats")
    month = re.compile(r"\d{4} \(so far\): 1")
    expect(column(page, "admin").get_by_role("log")).to_contain_text(
        month, timeout=60_000
    )  # a picture is drawn first


def reply_to_the_file(page: Any) -> None:
    sealed = (
        column(page, "operator").locator("[data-message-id]").filter(has=page.get_by_text(".postern")).last
    )
    sealed.hover()
    sealed.locator("[data-part=reply]").click()


def send_sealed(page: Any, texts: Texts) -> None:
    """A document from the holder, which waits for the code that they tell the requester in another way."""
    expect, requester, operator = sync_api.expect, column(page, "requester"), column(page, "operator")
    log, theirs = operator.get_by_role("log"), requester.get_by_role("log")
    reply_to_the_file(page)
    operator.locator("[data-part=attach]").click()
    operator.get_by_role("menuitem", name="Document").click()
    expect(log).to_contain_text("Nothing is sent yet")
    press(page, "operator", texts.say("en", "attach-sealed-button"))
    expect(log).to_contain_text(CODE)
    digits = CODE.search(log.inner_text())
    assert digits is not None
    press(page, "operator", texts.say("en", "code-written-button"))
    expect(log).not_to_contain_text(digits[0])
    expect(theirs).to_contain_text("has left something sealed for you")
    write(page, "requester", digits[0])
    expect(theirs.get_by_text("document.txt")).to_be_visible()
    expect(theirs).not_to_contain_text("has left something sealed for you")
    expect(theirs).not_to_contain_text(digits[0])
    expect(log).to_contain_text(re.compile("a sealed file\\s*Delivered"))


def test_the_page_can_be_read_in_the_dark_and_on_a_phone(page: Any, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    page.goto(address)
    sync_api.expect(column(page, "requester").get_by_role("log")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    keep(page, "phone-dark")
