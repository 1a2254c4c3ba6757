"""The command line. Exit code 0 = holds, 1 = does not hold, 2 = wrong use or wrong configuration; no traceback.

`serve` checks everything that can be checked before it hands over to uvicorn, so that a wrong value is one sentence.
"""

import argparse
import contextlib
import errno
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from types import FrameType
from typing import Any

import orjson
import uvicorn
from starlette.applications import Starlette
from uvicorn.supervisors import Multiprocess

from app.audit.anchors import usual_file
from app.audit.log import head
from app.audit.reading import exported, reading, verified
from app.booking.business_file import load_businesses
from app.errors import ConfigurationError
from app.main import create
from app.metrics import MULTIPROCESS_DIR
from app.settings import Settings, from_environment

HOLDS, DOES_NOT_HOLD, WRONG_USE = 0, 1, 2
BACKLOG = 2048
KEEP_ALIVE_S = 75
"""Longer than platforms keep an idle connection, so that it is never us who close it under a request."""
GRACE_S = 5
"""Beyond the tool deadline, for what is under way when the process is asked to stop."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    parser = argparse.ArgumentParser(prog="readback", description="The backend voice and SMS agents call.")
    parser.add_argument("--version", action="version", version=f"readback {version('readback')}")
    commands = parser.add_subparsers(dest="command", metavar="command", required=True)
    for add in COMMANDS:
        add(commands)
    chosen = parser.parse_args(arguments)
    try:
        code: int = chosen.run(chosen)
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return WRONG_USE
    return code


def _add_serve(commands: Any) -> None:
    parser = commands.add_parser("serve", help="serve on READBACK_HOST:READBACK_PORT", description=_serve.__doc__)
    parser.set_defaults(run=_serve)


def _serve(_: argparse.Namespace) -> int:
    """Serve until asked to stop by SIGINT or SIGTERM; what is under way is finished first."""
    chosen = from_environment()
    load_businesses(chosen.businesses, chosen.daily_call_caps)
    with _listener(chosen.host, chosen.port) as listener:
        application = create()  # also for several workers, which make their own: here a wrong value is one sentence
        return _run(_config(chosen, application), listener)


def _config(chosen: Settings, application: Starlette) -> uvicorn.Config:
    several = chosen.web_workers > 1
    return uvicorn.Config(
        "app.main:create" if several else application,
        factory=several,
        host=chosen.host,
        port=chosen.port,
        workers=chosen.web_workers,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=chosen.tool_deadline_ms // 1000 + GRACE_S,
    )


def _run(config: uvicorn.Config, listener: socket.socket) -> int:
    """Serve on `listener`, in one process or several. uvicorn exits where it fails to start; that becomes a code."""
    signal.signal(signal.SIGTERM, _leave)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            if config.workers > 1:
                with _one_set_of_figures():
                    Multiprocess(config, sockets=[listener]).run()
            else:
                uvicorn.Server(config).run(sockets=[listener])
    except SystemExit as stop:
        return HOLDS if stop.code in (None, 0) else DOES_NOT_HOLD
    return HOLDS


@contextlib.contextmanager
def _one_set_of_figures() -> Iterator[None]:
    """A folder in which the workers add up their metrics; whichever of them is asked shows all of them."""
    if os.environ.get(MULTIPROCESS_DIR):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="readback-metrics-") as folder:
        os.environ[MULTIPROCESS_DIR] = folder
        yield


def _leave(_signal: int, _frame: FrameType | None) -> None:
    """Being asked to stop is no failure: uvicorn raises the signal once more when it is done."""
    raise SystemExit(0)


def _listener(host: str, port: int) -> socket.socket:
    """A listening socket, so that a taken port is known before anything starts. Raises ConfigurationError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        raise ConfigurationError(f'READBACK_HOST is "{host}", which is no address of this machine.') from None
    family, *_, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise ConfigurationError(_not_listening(host, port, error)) from None
    listener.set_inheritable(True)
    return listener


def _not_listening(host: str, port: int, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"READBACK_PORT is {port}, and on {host} something listens there already; it must be a free port."
        case errno.EACCES:
            return f"READBACK_PORT is {port}, which this user may not listen on; it must be a port from 1024 on."
        case errno.EADDRNOTAVAIL:
            return f'READBACK_HOST is "{host}", which is no address of this machine.'
        case _:
            return f"READBACK_HOST and READBACK_PORT: {host} port {port} cannot be listened on: {error.strerror}."


def _add_audit(commands: Any) -> None:
    parser = commands.add_parser("audit", help="check, head or export of what happened")
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    for name, run in (("verify", _audit_verify), ("head", _audit_head), ("export", _audit_export)):
        action = actions.add_parser(name, help=run.__doc__, description=run.__doc__)
        action.add_argument("--json", action="store_true", help="answer with one JSON document")
        action.set_defaults(run=run)


def _audit_verify(asked: argparse.Namespace) -> int:
    """Walk the whole log: 0 when it holds, 1 when a row was changed, removed, reordered or cut off."""
    chosen = from_environment()
    with reading(chosen.database_url) as connection:
        verdict, anchors = verified(connection, chosen.audit_anchors or usual_file(chosen.database_url))
    told = {
        "holds": verdict.holds,
        "rows": verdict.rows,
        "head": {"seq": verdict.head.seq, "hash": verdict.head.hash},
        "anchors": anchors,
        "broken_at": verdict.broken_at,
        "why": verdict.why,
    }
    state = "The audit log holds" if verdict.holds else f"The audit log does NOT hold: {verdict.why}"
    _say(asked, told, f"{state} ({verdict.rows} rows in order, {anchors} anchors, head {verdict.head.hash}).")
    return HOLDS if verdict.holds else DOES_NOT_HOLD


def _audit_head(asked: argparse.Namespace) -> int:
    """The newest row's number and hash: noted somewhere safe, they show later whether the end was cut off."""
    with reading(from_environment().database_url) as connection:
        newest = head(connection)
    _say(asked, {"seq": newest.seq, "hash": newest.hash}, f"{newest.seq} {newest.hash}")
    return HOLDS


def _audit_export(asked: argparse.Namespace) -> int:
    """Every row from the first: one JSON object per line, or with --json one list."""
    opening, between, closing = ("[\n", ",\n", "\n]\n") if asked.json else ("", "\n", "\n")
    with reading(from_environment().database_url) as connection:
        sys.stdout.write(opening)
        written = False
        for row in exported(connection):
            sys.stdout.write((between if written else "") + orjson.dumps(row).decode())
            written = True
        sys.stdout.write(closing if written or asked.json else "")
    return HOLDS


def _say(asked: argparse.Namespace, told: Any, plain: str) -> None:
    sys.stdout.write(f"{orjson.dumps(told).decode() if asked.json else plain}\n")


COMMANDS = (_add_serve, _add_audit)
"""Every command of `readback`, each a function that adds its own parser, with `run` returning the exit code."""


if __name__ == "__main__":
    sys.exit(main())
