"""The chat page in chromium, against the real sandbox and a small bot that speaks the Bot API over HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.place import COLLEAGUE, GROUP, QUESTION, REQUESTER, Json, Place

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: no browser tests")

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no {CHROMIUM}: install Debian's chromium")

WIDE, NARROW = {"width": 1600, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture
def place() -> Iterator[Place]:
    place = Place()
    place.start()
    yield place
    place.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def viewport() -> Json:
    return WIDE


@pytest.fixture
def page(browser: Any, place: Place, viewport: Json, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The page, open. Afterwards: nothing was asked of anyone but the sandbox, and nothing was reported wrong."""
    context = browser.new_context(viewport=viewport, color_scheme=getattr(request, "param", "light"))
    page = context.new_page()
    page.set_default_timeout(8000)
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda r: asked.append(r.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
    page.goto(place.sandbox.base_url)
    expect(page.locator("[data-part=bot]")).to_have_text("Bot online")
    yield page
    assert [url for url in asked if not url.startswith(place.sandbox.base_url + "/")] == []
    assert [
        text for text in complaints if "ERR_CONNECTION" not in text and "ERR_INCOMPLETE" not in text
    ] == []
    context.close()


def expect(locator: Any) -> Any:
    return sync_api.expect(locator)


def column(page: Any, key: str) -> Any:
    return page.locator(f"[data-column={key}]")


def focused(page: Any) -> str:
    return str(page.evaluate("document.activeElement.textContent.trim()"))


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def tab_to(page: Any, text: str) -> None:
    """Tab onwards until the focus is on the control with this text or label."""
    for _ in range(60):
        page.keyboard.press("Tab")
        label = page.evaluate("document.activeElement.getAttribute('aria-label')") or focused(page)
        if label == text:
            return
    pytest.fail(f"the Tab key never came to {text!r}")


def test_the_whole_way_by_keyboard_alone(page: Any) -> None:
    requester, group, operator = (column(page, key) for key in ("requester", "group", "operator"))
    press(page, "Tab")
    assert focused(page) == "Skip to Requester’s phone"
    press(page, "Enter")
    tab_to(page, "Start")
    press(page, "Enter")
    expect(requester.get_by_text(QUESTION)).to_be_visible()
    tab_to(page, "До трёх дней")
    press(page, "Enter")
    expect(requester.get_by_role("button", name="Нужен врач")).to_be_focused()  # the first of the new ones
    expect(requester.get_by_role("status")).to_contain_text("Saved.")
    press(page, "Tab", "Enter")
    expect(requester.get_by_role("button", name="✓ Со мной дети")).to_be_focused()
    tab_to(page, "Готово")
    press(page, "Enter")
    expect(group.get_by_text("K7QM-4ZDP · urgent")).to_be_visible()
    page.locator(".skips a").nth(1).focus()
    press(page, "Enter")
    tab_to(page, "Claim")
    press(page, "Enter")
    expect(operator.get_by_text("K7QM-4ZDP.postern")).to_be_visible()
    tab_to(page, "Open on the laptop")
    press(page, "Enter")
    device = page.get_by_role("dialog", name="the laptop")
    expect(device).to_contain_text("sealed -> Тбилиси")
    press(page, "Escape")
    expect(device).to_have_count(0)
    assert focused(page) == "Open on the laptop"


def test_an_alert_is_a_dialog_that_gives_the_focus_back(page: Any) -> None:
    requester = column(page, "requester")
    requester.get_by_role("button", name="Start").click()
    stop = requester.get_by_role("button", name="Остановиться")
    stop.press("Enter")
    dialog = page.get_by_role("alertdialog")
    expect(dialog).to_contain_text("Nothing was kept.")
    expect(dialog.get_by_role("button", name="OK")).to_be_focused()
    press(page, "Enter")
    expect(dialog).to_have_count(0)
    expect(stop).to_be_focused()


def test_the_composer_sends_replies_edits_commands_and_samples(page: Any) -> None:
    group, requester = column(page, "group"), column(page, "requester")
    text = group.get_by_role("textbox")
    text.press_sequentially("one")
    press(page, "Shift+Enter")
    page.keyboard.type("two")
    press(page, "Enter")
    mine = group.locator("[data-from=own]")
    expect(mine.locator(".text")).to_have_text("one\ntwo")
    press(page, "ArrowUp")
    page.keyboard.type(" three")
    press(page, "Enter")
    expect(mine.get_by_text("edited", exact=True)).to_be_visible()
    group.get_by_label("Writing as").select_option(str(COLLEAGUE))
    group.locator("[data-message-id]").last.press("Enter")
    page.keyboard.type("agreed")
    press(page, "Enter")
    expect(group.get_by_role("button", name="one two three")).to_be_visible()
    requester.get_by_role("button", name="Commands").press("Enter")
    press(page, "ArrowDown", "ArrowUp", "Enter")
    expect(requester.get_by_text(QUESTION)).to_be_visible()
    for sample in ("Photo", "Document", "Contact", "Location", "Voice", "Sticker"):
        requester.get_by_role("button", name="Attach a sample").click()
        requester.get_by_role("menuitem", name=sample).click()
    expect(requester.locator("[data-message-id]")).to_have_count(2)  # the bot deletes them all


def test_a_reply_carries_a_file_of_ones_own(page: Any, place: Place, tmp_path: Path) -> None:
    group, world = column(page, "group"), place.sandbox.telegram.world
    (tmp_path / "letter.pdf").write_bytes(b"%PDF a letter")
    group.get_by_role("textbox").press_sequentially("which letter?")
    press(page, "Enter")
    expect(group.locator("[data-from=own]")).to_have_text(re.compile("which letter?"))
    group.locator("[data-message-id]").last.press("Enter")
    group.get_by_role("button", name="Attach a sample").click()
    with page.expect_file_chooser() as chooser:
        group.get_by_role("menuitem", name="A file…").click()
    chooser.value.set_files(tmp_path / "letter.pdf")
    expect(group.get_by_text("letter.pdf")).to_be_visible()
    expect(group.locator("[data-part=reference]")).to_be_hidden()
    asked, sent = list(world.chats[GROUP].messages.values())[-2:]
    assert (asked.text, sent.reply_to) == ("which letter?", asked.id)
    assert sent.media is not None
    kept = place.sandbox.telegram.files.get(sent.media.file_id or "")
    assert kept is not None
    assert kept.content == b"%PDF a letter"


def test_an_edit_changes_the_message_in_place(page: Any) -> None:
    requester = column(page, "requester")
    requester.get_by_role("button", name="Start").click()
    message = requester.locator("[data-from=bot]")
    expect(message).to_have_count(1)
    message.evaluate("node => { node.same = true; }")
    requester.get_by_role("button", name="Меньше суток").click()
    expect(message.locator(".text")).to_have_text("Что верно?")
    assert message.evaluate("node => node.same")


def test_the_log_stays_at_the_bottom_unless_one_reads_further_up(page: Any, place: Place) -> None:
    requester = column(page, "requester")
    log, text = requester.get_by_role("log"), requester.get_by_role("textbox")
    below = "node => Math.round(node.scrollHeight - node.scrollTop - node.clientHeight)"
    text.fill("many")
    text.press("Enter")
    expect(requester.get_by_text("Line 29")).to_be_in_viewport()
    assert log.evaluate(below) <= 1
    log.evaluate("node => { node.scrollTop = 0; }")
    place.run(place.sandbox.phone(REQUESTER).send("/start"))  # from another of one's devices
    expect(requester.get_by_text(QUESTION)).to_be_in_viewport()  # one's own message leads down
    log.evaluate("node => { node.scrollTop = 0; }")
    requester.get_by_role("button", name="Меньше суток").evaluate("button => button.click()")
    requester.get_by_role("button", name="New messages").click()
    expect(requester.get_by_text("Что верно?")).to_be_in_viewport()
    assert log.evaluate(below) <= 1


def test_what_people_write_is_text_and_nothing_else(page: Any) -> None:
    group = column(page, "group")
    hostile = "<img src=x onerror=alert(1)> javascript:alert(1) <b>x</b>"
    group.get_by_role("textbox").fill(hostile)
    press(page, "Enter")
    expect(group.locator("[data-from=own] .text")).to_have_text(hostile)
    assert group.locator("[data-message-id] :is(img, b, a)").count() == 0


def test_a_deep_link_to_the_bot_starts_it_here(page: Any, place: Place) -> None:
    username = page.evaluate("fetch('/sandbox/world').then(r => r.json())")["bot"]["username"]
    group = column(page, "group")
    group.get_by_role("textbox").fill(f"https://t.me/{username}?start=invitation-7")
    press(page, "Enter")
    group.locator(".text .link").click()
    expect(column(page, "operator").get_by_text("/start invitation-7").first).to_be_visible()
    assert page.url.startswith(place.sandbox.base_url)


@pytest.mark.parametrize("viewport", [NARROW])
def test_a_narrow_screen_shows_one_chat_with_tabs_and_dots(page: Any, place: Place) -> None:
    visible = page.locator("[data-column]:visible")
    expect(visible).to_have_count(1)
    tab = page.get_by_role("tab", name="Group")
    expect(tab.locator(".dot")).to_be_hidden()
    place.run(place.sandbox.phone(COLLEAGUE, GROUP).send("I am here"))
    expect(tab.locator(".dot")).to_be_visible()
    page.get_by_role("tab", name="Requester").focus()
    press(page, "ArrowRight")
    expect(tab).to_be_focused()
    expect(tab.locator(".dot")).to_be_hidden()
    expect(visible).to_have_attribute("data-column", "group")
    expect(visible.get_by_text("I am here")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]


@pytest.mark.parametrize("page", ["light", "dark"], indirect=True)
def test_both_themes_are_readable_and_the_choice_is_kept(page: Any) -> None:
    requester = column(page, "requester")
    requester.get_by_role("button", name="Start").click()
    expect(requester.get_by_role("button", name="Остановиться")).to_be_visible()
    page.wait_for_timeout(1600)  # the flash of a changed message is over
    before = contrasts(page)
    page.locator("[data-part=theme]").click()
    page.wait_for_timeout(300)
    after = contrasts(page)
    assert min(before.values()) >= 4.5, before
    assert min(after.values()) >= 4.5, after
    chosen = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == chosen


def contrasts(page: Any) -> dict[str, float]:
    """WCAG contrast of every visible piece of text against the ground under it, the least for each class."""
    pairs = page.evaluate(
        """() => [...document.querySelectorAll('body *')].filter(n => n.checkVisibility() && n.clientWidth > 1
             && [...n.childNodes].some(c => c.nodeType === 3 && c.data.trim())).map(n => {
               let ground = n;
               while (ground.parentElement && getComputedStyle(ground).backgroundColor === 'rgba(0, 0, 0, 0)')
                 ground = ground.parentElement;
               return [n.className || n.localName, getComputedStyle(n).color, getComputedStyle(ground).backgroundColor];
             })"""
    )
    found: dict[str, float] = {}
    for name, ink, ground in pairs:
        bright, dark = sorted((luminance(ink), luminance(ground)), reverse=True)
        found[name] = min(found.get(name, 21.0), (bright + 0.05) / (dark + 0.05))
    return found


def luminance(colour: str) -> float:
    parts = [int(number) / 255 for number in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_reduced_motion_is_respected(page: Any) -> None:
    page.emulate_media(reduced_motion="reduce")
    requester = column(page, "requester")
    requester.get_by_role("button", name="Start").click()
    requester.get_by_role("button", name="Меньше суток").click()
    changed = requester.locator(".changed .bubble")
    expect(changed).to_be_visible()
    assert changed.evaluate("node => getComputedStyle(node).animationName") == "none"


def test_the_controls_move_the_clock_set_faults_and_list_every_call(page: Any, place: Place) -> None:
    page.get_by_text("Sandbox controls", exact=True).click()
    before = page.locator("[data-part=now]").get_attribute("datetime")
    page.get_by_role("button", name="+47 h").click()
    expect(page.locator("[data-part=now]")).not_to_have_attribute("datetime", before)
    page.get_by_role("button", name="500, server error").click()
    expect(page.locator("[data-part=outcome]")).to_have_text("The next sendMessage fails with 500.")
    assert place.sandbox.telegram.faults.waiting
    page.get_by_role("button", name="No faults").click()
    expect(page.locator("[data-part=outcome]")).to_have_text("No faults are set.")
    page.get_by_text("Every call recorded").click()
    expect(page.locator("[data-part=call-rows]")).to_contain_text("setMyCommands")


def test_it_says_when_the_sandbox_is_gone_and_comes_back_by_itself(page: Any, place: Place) -> None:
    port = int(place.sandbox.base_url.rpartition(":")[2])
    place.run(place.close())
    expect(page.locator("[data-part=connection]")).to_have_text("Reconnecting…")
    place.sandbox = place.run(place.furnish(port))
    expect(page.locator("[data-part=connection]")).to_be_hidden(timeout=15000)
    expect(page.locator("[data-part=bot]")).to_have_text("Bot online")
