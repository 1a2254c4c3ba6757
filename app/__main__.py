"""The command line. Exit code 0 = holds, 1 = does not hold, 2 = wrong use or wrong configuration; no traceback."""

import argparse
import errno
import os
import signal
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Final

from app.commands import COMMANDS
from app.commands.answers import DOES_NOT_HOLD, WRONG_USE, complain
from app.errors import ConfigurationError
from app.jobs.dead_letters import LetterError
from app.watch.incidents import IncidentError, WordingError

UNWRITTEN: Final = (errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EBADF)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    parser = argparse.ArgumentParser(prog="readback", description="The backend voice and SMS agents call.")
    parser.add_argument("--version", action="version", version=f"readback {version('readback')}")
    _fill_closed()
    commands = parser.add_subparsers(dest="command", metavar="command", required=True)
    for add in COMMANDS:
        add(commands)
    try:
        chosen = _parsed(parser, arguments)
        code: int = chosen.run(chosen)
        sys.stdout.flush()  # at the exit it would be too late to say that nothing was written
    except KeyboardInterrupt:
        # As whoever waits for it expects: a shell that runs a loop of commands ends it then.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
        return DOES_NOT_HOLD
    except (ConfigurationError, WordingError) as error:
        complain(str(error))
        return WRONG_USE
    except (LetterError, IncidentError) as error:
        return complain(str(error))
    except OSError as error:
        if error.errno not in UNWRITTEN:
            raise
        # What is still buffered has nowhere to go. Whoever reads through a pipe, `head` say, has enough of it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DOES_NOT_HOLD if error.errno == errno.EPIPE else complain(f"It cannot be written: {error.strerror}.")
    return code


def _parsed(parser: argparse.ArgumentParser, arguments: Sequence[str] | None) -> argparse.Namespace:
    """What was asked. Help and the version are answers too, so that they could not be written is told as of those."""
    try:
        return parser.parse_args(arguments)
    except SystemExit:
        sys.stdout.flush()
        raise


def _fill_closed() -> None:
    """Something in the place of an output that is closed (`>&-`), where else the next file opened would be written to.

    What is answered there nobody hears, so it takes no writing; complaints are lost as with `2>/dev/null`.
    """
    if sys.stdout is None:
        sys.stdout = os.fdopen(_null(1, os.O_RDONLY), "w", encoding="utf-8", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(_null(2, os.O_WRONLY), "w", encoding="utf-8", closefd=False)


def _null(number: int, flags: int) -> int:
    opened = os.open(os.devnull, flags)
    if opened != number:
        os.dup2(opened, number)
        os.close(opened)
    return number


if __name__ == "__main__":
    sys.exit(main())
