"""What every command shares: exit codes, and how its answer is written."""

import getpass
import os
import sys
from argparse import Namespace
from typing import Any, Final

import orjson

from app.clock import moment as moment
from app.clock import utc as utc

HOLDS: Final = 0
DOES_NOT_HOLD: Final = 1
WRONG_USE: Final = 2


def say(asked: Namespace, told: Any, plain: str) -> None:
    """The answer: one JSON document with `--json`, else words."""
    sys.stdout.write(f"{orjson.dumps(told).decode() if asked.json else plain}\n")


def complain(problem: str) -> int:
    """Say why something does not hold."""
    sys.stderr.write(f"{problem}\n")
    return DOES_NOT_HOLD


def operator() -> str:
    """Who runs the command, for the audit log."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        return f"uid {os.getuid()}"
