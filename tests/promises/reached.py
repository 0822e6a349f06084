"""`make reached`: every branch of what seals, of what an intake is and of the way in is tested, or this fails.

python -m tests.promises.reached
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULES = ("storage.sealing", "intake", "handlers.turn")
TESTS = (
    "tests/storage/test_sealing.py",
    "tests/intake",
    *(
        f"tests/handlers/test_{name}.py"
        for name in (
            "turn",
            "enrolment",
            "admission",
            "flooded",
            "operator_turn",
            "admin",
            "stats",
            "canned",
            "referring",
            "files",
        )
    ),
    "tests/bot/test_report.py",
)


def main() -> int:
    command = [sys.executable, "-m", "pytest", "-n", "auto", *TESTS]
    command += [f"--cov={module}" for module in MODULES]
    command += ["--cov-branch", "--cov-fail-under=100", "--cov-report=term-missing:skip-covered"]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
