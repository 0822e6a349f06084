"""`postern demo`: the real service against a local Telegram, on this machine, for as long as it is wanted.

Everything lies in a temporary folder that is removed at the end. The operator's private key is made in a folder
of its own, as on a device of the operator's: the service is never told where.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from nacl.public import PrivateKey

from bot import setup
from bot.commands import tell
from bot.demo_walk import ORGANISATION, play
from bot.opening import open_attached, open_text, visible
from bot.settings import load_settings
from intake.errors import PosternError
from sandbox.client import Control, Phone
from sandbox.devices import Device
from sandbox.server import Sandbox, start_sandbox
from storage import keyfile
from storage.public_key import encode_public

REQUESTER, OPERATOR, ADMIN = 1001, 2001, 3001
GROUP = -1_001_000_000_001
STOP_SECONDS = 10.0
WAIT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Stage:
    """The running demo: where its page is, and where its service logs."""

    base_url: str
    log: Path


def demo(port: int, walk: bool) -> int:
    """Run until Ctrl-C, or play one request through. Returns the exit code; PosternError for a clear line."""
    return asyncio.run(_demo(port, walk=walk))


async def _demo(port: int, *, walk: bool) -> int:
    stop = asyncio.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(one, stop.set)
    folder = _folder()
    try:
        async with _stage(folder, 0 if walk else port) as stage:
            if walk:
                code = await play(stage.base_url, REQUESTER, OPERATOR, ADMIN, GROUP)
                if code:
                    tell("What the service logged:\n" + await asyncio.to_thread(stage.log.read_text, "utf-8"))
                return code
            print(f"Postern is running. Open {stage.base_url} in a browser; Ctrl-C ends it.", flush=True)
            await stop.wait()
            return 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _folder() -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix="postern-demo-", dir=os.environ.get("TMPDIR")))
    except OSError:
        raise PosternError(
            f"No folder can be made in {os.environ.get('TMPDIR', 'the temporary folder')}: "
            "set TMPDIR to one that you may write to."
        ) from None


def _shown(content: bytes, private: PrivateKey) -> str:
    attached = open_attached(content, private)
    if attached is None:
        return open_text(content, private)
    return f"{attached.reference}: a file, {len(attached.content)} bytes, {visible(attached.kind)}"


@asynccontextmanager
async def _stage(folder: Path, port: int) -> AsyncIterator[Stage]:
    device = folder / "operators-device"
    device.mkdir(mode=0o700)
    passphrase = secrets.token_urlsafe(12)
    public = encode_public(bytes(keyfile.create(device / "my.key", passphrase)))

    async def open_file(name: str, content: bytes) -> str:
        private = await asyncio.to_thread(keyfile.load, device / "my.key", passphrase)
        shown = await asyncio.to_thread(_shown, content, private)
        return f"$ postern open {name} --key my.key\n{shown}"

    token = f"{secrets.randbelow(9 * 10**9) + 10**9}:{secrets.token_urlsafe(32)}"
    sandbox = await _sandbox(port, token, {OPERATOR: Device("the operator’s laptop", open_file)})
    environment = await _install(folder, sandbox.base_url, token)
    try:
        await _people(sandbox.base_url)
        async with _service(environment, folder / "service.log"):
            await _come_on_duty(sandbox.base_url, environment, public)
            yield Stage(sandbox.base_url, folder / "service.log")
    finally:
        await sandbox.close()


async def _sandbox(port: int, token: str, devices: dict[int, Device]) -> Sandbox:
    try:
        return await start_sandbox(port=port, token=token, devices=devices)
    except OSError:
        raise PosternError(f"Port {port} is taken: choose another with --port, or make demo PORT=…") from None


async def _install(folder: Path, base_url: str, token: str) -> dict[str, str]:
    """What `postern init` does, and the environment that the service and the commands run in."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("POSTERN_")}
    environment = kept | {
        "POSTERN_BOT_TOKEN": token,
        "POSTERN_BOT_API_URL": base_url,
        "POSTERN_DATA_DIR": str(folder / "data"),
        "POSTERN_SERVER_KEY_FILE": str(folder / "server" / "server.key"),
        "POSTERN_OPERATORS_CHAT": str(GROUP),
        "POSTERN_ORGANISATION": ORGANISATION,
        # Alone on this machine nobody has to be hidden among others, and nobody wants to wait for a card.
        "POSTERN_ANONYMITY_K": "1",
        "POSTERN_CARD_DELAY_MINUTES": "0",
        "POSTERN_UNDO_SECONDS": "5",
    }
    recovery = bytes(PrivateKey.generate().public_key)
    await setup.create(load_settings(environment), recovery)
    return environment


async def _people(base_url: str) -> None:
    control = Control(base_url)
    await control.add_person(REQUESTER, first_name="Requester", role="requester")
    await control.add_person(OPERATOR, first_name="Operator", role="operator")
    await control.add_person(ADMIN, first_name="Admin", role="admin")
    await control.add_group(GROUP, title="Operators", members=[OPERATOR, ADMIN], bot_is_admin=True)


@asynccontextmanager
async def _service(environment: dict[str, str], log: Path) -> AsyncIterator[None]:
    """`postern run` as a process of its own; its log goes to a file, and is shown if it dies."""
    with log.open("wb") as sink:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot.cli",
            "run",
            env=environment,
            stderr=sink,
            stdin=asyncio.subprocess.DEVNULL,
        )
    watch = asyncio.create_task(_wait_until_up(environment["POSTERN_BOT_API_URL"], process, log))
    try:
        await watch
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()


async def _wait_until_up(base_url: str, process: asyncio.subprocess.Process, log: Path) -> None:
    control = Control(base_url)
    for _ in range(600):
        if (await control.world())["online"]:
            return
        if process.returncode is not None:
            said = await asyncio.to_thread(log.read_text, "utf-8", "replace")
            raise PosternError(f"The service did not start:\n{said.strip()}")
        await asyncio.sleep(0.1)
    raise PosternError("The service did not start within a minute.")


async def _come_on_duty(base_url: str, environment: dict[str, str], public: str) -> None:
    """Enrolment as the README tells it: two invitations, a public key, and an admin who compares its words."""
    admin, operator = Phone(base_url, ADMIN), Phone(base_url, OPERATOR)
    await admin.start(await _invite(environment, "admin"))
    await _from_bot(admin, "")
    await operator.start(await _invite(environment, "operator"))
    await _from_bot(operator, "postern-pub-1")
    await operator.send(public)
    await admin.wait_for(lambda messages: any(m.buttons for m in messages), timeout=WAIT_SECONDS)
    question = await admin.screen()
    if question is None:
        raise PosternError("The operator's key never reached the admin.")
    await admin.press(question.labels[0])
    await _from_bot(operator, "/queue")


async def _from_bot(phone: Phone, words: str) -> None:
    await phone.wait_for(
        lambda messages: any(m.from_bot and words in m.text for m in messages), timeout=WAIT_SECONDS
    )


async def _invite(environment: dict[str, str], role: str) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.cli", "invite", role, env=environment, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    if process.returncode:
        raise PosternError("postern invite failed: see the line above.")
    return printed.decode().strip().partition("?start=")[2]
