"""`postern run` in a process of its own whose clock can be moved from outside: `python -m tests.fire.alone`.

The group's twenty calls a minute are counted twice, by the service's clock (`bot.pace.GroupRoom`) and once more by the
machine's (`bot.postman`). Where minutes pass in a second the latter would count as one what are many: it is set aside.
"""

from __future__ import annotations

import sys

import bot.postman
from bot import cli
from tests.fire import child

if __name__ == "__main__":
    child.prepare()
    vars(bot.postman).update(GROUP_SECONDS=1.0)
    sys.argv = ["postern", "run"]
    cli.main()
