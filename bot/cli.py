"""The command line. Results go to standard output, messages to standard error; exit 0, 1 (failed), 2 (usage).

Commands import what they need when they run: `--help`, `keygen` and `open` must not wait for a bot library.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from bot import (
    commands_audit,
    commands_keys,
    commands_moving,
    commands_questionnaire,
    commands_report,
    commands_rotation,
    commands_setup,
    commands_staff,
)
from bot.commands import settings, tell
from intake.errors import PosternError

DEMO_PORT = 8765


def main() -> None:
    """Run one command and exit. A mistake gives one line; a fault of ours its place in the code, never its data."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a narrow locale must not stop a case from being read
            stream.reconfigure(errors="backslashreplace")
    try:
        build()(prog_name="postern")
    except PosternError as error:
        tell(str(error))
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()  # the reader has gone: nobody to tell
        sys.exit(1)
    except OSError as error:
        tell(f"{error.filename}: {error.strerror}" if error.filename else f"{error.strerror or error}")
        sys.exit(1)
    except Exception as error:
        tell(_fault(error))
        sys.exit(1)


def build() -> typer.Typer:
    """All commands."""
    app = _group("Postern: a secure intake for people at risk.")
    app.command()(commands_setup.init)
    app.command()(run)
    app.command()(demo)
    app.command()(check)
    app.command()(commands_staff.invite)
    operators = _group("Who may act, and whose keys open cases.")
    operators.command("list")(commands_staff.list_operators)
    operators.command()(commands_staff.add)
    operators.command()(commands_staff.confirm)
    operators.command()(commands_staff.revoke)
    app.add_typer(operators, name="operators")
    app.command()(commands_keys.keygen)
    app.command("open")(commands_keys.open_case)
    app.command()(commands_audit.audit)
    app.command()(commands_report.report)
    app.command()(commands_setup.pause)
    app.command()(commands_setup.resume)
    app.command()(commands_setup.purge)
    app.command()(commands_rotation.rotate_server_key)
    app.command()(commands_moving.migrate_database)
    questionnaire = _group("For whoever writes a questionnaire.")
    questionnaire.command()(commands_questionnaire.check)
    questionnaire.command()(commands_questionnaire.preview)
    app.add_typer(questionnaire, name="questionnaire")
    return app


def _group(summary: str) -> typer.Typer:
    return typer.Typer(
        help=summary,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,  # would print locals
        rich_markup_mode=None,
    )


def run() -> None:
    """Run the service, until it is told to stop."""
    import asyncio
    import gc

    gc.disable()  # what is imported stays: looking through it for garbage again and again took a fifth of the start
    import uvloop

    from bot.models_when_used import models_when_used

    with models_when_used():
        from bot.app import serve

    gc.freeze()  # and without this, a stop would end with a second of looking
    gc.enable()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings()))


def demo(
    *,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where the page is served; 0 takes any free one.")
    ] = (DEMO_PORT),
    walk: Annotated[
        bool, typer.Option("--walk", help="Play it through without a browser and print it.")
    ] = False,
) -> None:
    """Try the whole thing here, without a token.

    It starts the service and a local Telegram, with a chat page in the browser.
    """
    from bot.demo import demo as play

    raise typer.Exit(play(port, walk))


def check() -> None:
    """Say what is wrong here, and what to do."""
    from bot.check import examine

    serious = 0
    for finding in examine(settings()):
        typer.echo(str(finding))
        serious += finding.serious
    tell(f"Problems: {serious}." if serious else "No problems found.")
    raise typer.Exit(1 if serious else 0)


def _fault(error: Exception) -> str:
    from bot.logs import reduce_exception

    reduced = reduce_exception(None, "", {"exc_info": error})
    return f"This is a fault in Postern, please report it: {reduced['error']} at {reduced['where']}"


if __name__ == "__main__":
    main()
