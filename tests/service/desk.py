"""What the tests at the desk share: the settings of their town, what is asked for there, and an operator's hands."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from pathlib import Path

from nacl.public import PrivateKey

from sandbox.client import Answer, Bubble, Phone
from storage import keyfile, staff
from storage.argon import Cost
from tests.bot.installed import Done
from tests.service.requester import REFERENCE, Picks, Requester, Sent
from tests.service.town import DELAY, Operator, Town, said_to

HOUR = 3_600
HOLD_LIMIT = 3
PASSPHRASE = "correct horse battery"
PLAIN: Picks = {"status": ("on-leave",), "where": ("armenia",), "danger": ("phone",)}
SOON: Picks = {"status": ("on-leave",), "time-left": ("three-days",), "where": ("armenia",)}
REFERRALS = """\
referrals:
  - id: legal-centre
    name: {en: Legal centre, ru: Юридический центр, uk: Юридичний центр, kk: Заң орталығы}
    text: {en: "Call 112-233.", ru: "Звоните: 112-233.", uk: "Телефон: 112-233.", kk: "Телефон: 112-233."}
"""
REPLIES = Path(__file__).parents[2] / "questionnaires" / "replies" / "neutral.yaml"


def settings(home: Path) -> dict[str, str]:
    """Of a desk with everything switched on, and limits that a test can reach."""
    (home / "referrals.yaml").write_text(REFERRALS, "utf-8")
    return {
        "REFERRALS": str(home / "referrals.yaml"),
        "CANNED_REPLIES": str(REPLIES),
        "UNDO_SECONDS": "60",
        "LEASE_HOURS": "4",
        "HOLD_LIMIT": str(HOLD_LIMIT),
        "OPENINGS_PER_HOUR": "5",
    }


async def reads(phone: Phone, *words: str, after: int = 0, file: bool = False, button: str = "") -> Bubble:
    """The newest message of the bot's with all these words, as soon as there is one."""

    def is_meant(m: Bubble) -> bool:
        return (
            m.id > after
            and all(word in m.text for word in words)
            and bool(m.media or not file)
            and (not button or any(button in label for label in m.labels))
        )

    try:
        return await said_to(phone, is_meant)
    except TimeoutError as late:
        raise AssertionError(f"not read: {words} {button}; {late}") from None


async def gone(phone: Phone, message: int) -> None:
    await phone.wait_for(lambda shown: all(m.id != message for m in shown), timeout=DELAY)


async def press(phone: Phone, label: str, on: Bubble) -> Answer:
    """The button whose label holds this."""
    whole = next((each for each in on.labels if label in each), None)
    assert whole is not None, f"no button “{label}” among {on.labels}"
    answer = await phone.press(whole, message_id=on.id)
    assert answer.answered, f"the press on “{label}” was never answered"
    return answer


async def emergency(town: Town, language: str = "en") -> tuple[Requester, str]:
    ann = await town.requester(language)
    await ann.begin()
    await ann.tap(ann.label(ann.questionnaire.question("status"), "held"))
    screen = await ann.shows(lambda m: REFERENCE.search(m.text), "the reference")
    reference = reference_in(screen.text)
    await town.card(reference, "emergency")
    return ann, reference


def reference_in(text: str) -> str:
    found = REFERENCE.search(text)
    assert found is not None, text
    return found[0]


async def claimed(town: Town, seat: Operator, sent: Sent) -> Bubble:
    answer = await seat.group.press("Claim", message_id=await town.card(sent.reference))
    assert "is yours" in answer.text, answer
    return await reads(seat.phone, sent.reference, file=True)


async def name_of(town: Town, seat: Operator) -> str:
    public = bytes(seat.private.public_key)
    member = await town.data(lambda tx: staff.by_key(tx, public))
    assert member is not None
    return member.name


async def opened(town: Town, seat: Operator, document: bytes, folder: Path, *more: str) -> Done:
    """`postern open` on the operator's own device, with their key under its passphrase."""
    return await asyncio.to_thread(_opened, town, seat.private, document, folder, more)


def _opened(town: Town, private: PrivateKey, document: bytes, folder: Path, more: Sequence[str]) -> Done:
    folder.mkdir()
    sealed, key, words = folder / "sealed.postern", folder / "my.key", folder / "words"
    sealed.write_bytes(document)
    words.write_text(f"{PASSPHRASE}\n")
    # As `postern keygen` keeps it, at less cost.
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(24)
    key.write_text(keyfile._seal(private, PASSPHRASE, Cost(1, 8192), salt=salt, nonce=nonce))
    key.chmod(0o600)
    return town.place.run("open", str(sealed), "--key", str(key), "--passphrase-file", str(words), *more)
