"""`readback serve` and `readback work`: what can be checked is checked first, so that a wrong value is one sentence."""

import asyncio
import contextlib
import errno
import os
import signal
import socket
import tempfile
import threading
from argparse import Namespace
from collections.abc import Callable, Iterator
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Any

from app import log
from app.booking.business import Businesses
from app.clock import SystemClock
from app.commands.answers import DOES_NOT_HOLD, HOLDS
from app.commands.production import check_production
from app.db.away import DatabaseAwayError
from app.errors import ConfigurationError
from app.metrics import MULTIPROCESS_DIR
from app.settings import Settings, from_environment

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette

BACKLOG = 2048
KEEP_ALIVE_S = 75
"""Longer than platforms keep an idle connection, so that it is never us who close it under a request."""
GONE_WITHIN_S = 3.0
"""After everything is stopped."""
GRACE_S = 5
"""Beyond the tool deadline, for what is under way when the process is asked to stop."""
WORK_NICE = 15
"""On one machine those who answer callers get the processor first; a read-back may wait for a moment of it."""


def add_serve(commands: Any) -> None:
    parser = commands.add_parser("serve", help="serve on READBACK_HOST:READBACK_PORT", description=_serve.__doc__)
    parser.add_argument("--production", action="store_true", help="only when nothing is wrong in `readback checklist`")
    parser.add_argument(
        "--force", metavar="REASON", help="with --production: start all the same; the audit log says why"
    )
    parser.set_defaults(run=_serve)


def _serve(asked: Namespace) -> int:
    """Serve until asked to stop by SIGINT or SIGTERM; what is under way is finished first.

    A database that is away is waited for: callers are told, and `/status` says what was known last.
    """
    from app.main import checked  # noqa: PLC0415 - a second that no other command need wait

    if asked.force is not None and not asked.production:
        raise ConfigurationError("--force belongs to --production.")
    chosen = from_environment()
    businesses = checked(chosen)
    with _listener(chosen.host, chosen.port) as listener:
        signal.signal(signal.SIGTERM, _leave)
        try:
            with contextlib.suppress(KeyboardInterrupt):
                application = _once_there(partial(_begun, chosen, businesses, asked), chosen, businesses, listener)
                _run(_config(chosen, application, chosen.web_workers), listener)
        except SystemExit as stop:
            return _gone_soon(HOLDS if stop.code in (None, 0) else DOES_NOT_HOLD)
    return _gone_soon(HOLDS)


def _begun(chosen: Settings, businesses: Businesses, asked: Namespace) -> "Starlette":
    """The application, its start noted. Raises `ConfigurationError`, and `DatabaseAwayError` to be asked once more."""
    from app.main import create  # noqa: PLC0415 - as above
    from app.main.starts import SERVE, started  # noqa: PLC0415 - as above

    forced = check_production(chosen, businesses, asked.force) if asked.production else None
    application = create()  # also for several workers, which make their own: here a wrong value is one sentence
    started(chosen, businesses, SERVE, forced)
    return application


def _once_there(
    begin: Callable[[], "Starlette"], chosen: Settings, businesses: Businesses, listener: socket.socket
) -> "Starlette":
    """What `begin` comes to; meanwhile a process that waits for its database answers on `listener`."""
    import uvicorn  # noqa: PLC0415 - as above

    from app.main.away import Waiting  # noqa: PLC0415 - as above
    from app.main.page_receivers import warn  # noqa: PLC0415 - as above

    try:
        return begin()
    except DatabaseAwayError:
        log.configure(chosen.log_level)
        warn(chosen, businesses)  # now, for nothing else may be said for hours, and it is no page either
        waiting = Waiting(chosen, businesses, SystemClock(), begin)
    server = uvicorn.Server(_config(chosen, waiting.application(), 1))
    waiting.over = partial(setattr, server, "should_exit", True)
    server.run(sockets=[listener.dup()])  # it closes what it is given; who comes meanwhile waits in the queue of ours
    return waiting.begun()


def add_work(commands: Any) -> None:
    parser = commands.add_parser("work", help="work on background jobs only", description=_work.__doc__)
    parser.set_defaults(run=_work)


def _work(_: Namespace) -> int:
    """Work on background jobs, without serving, until asked to stop; what is not done by then is left to others."""
    from app.main import work  # noqa: PLC0415 - as above

    chosen = from_environment()
    log.configure(chosen.log_level)
    os.nice(WORK_NICE)
    asyncio.run(work(chosen, SystemClock()))
    return _gone_soon(HOLDS)


def _config(chosen: Settings, application: "Starlette", workers: int) -> "uvicorn.Config":
    import uvicorn  # noqa: PLC0415 - as above

    from app.web.one_write import OneWriteProtocol  # noqa: PLC0415 - as above

    several = workers > 1
    return uvicorn.Config(
        "app.main:create" if several else application,
        factory=several,
        host=chosen.host,
        port=chosen.port,
        workers=workers,
        loop="uvloop",
        http=OneWriteProtocol,
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


def _run(config: "uvicorn.Config", listener: socket.socket) -> None:
    """Serve on `listener`, in one process or several. uvicorn exits where it fails to start."""
    import uvicorn  # noqa: PLC0415 - as above
    from uvicorn.supervisors import Multiprocess  # noqa: PLC0415 - as above

    if config.workers > 1:
        with _one_set_of_figures():
            Multiprocess(config, sockets=[listener]).run()
    else:
        uvicorn.Server(config).run(sockets=[listener])


@contextlib.contextmanager
def _one_set_of_figures() -> Iterator[None]:
    """A folder in which the workers add up their metrics; whichever of them is asked shows all of them."""
    if os.environ.get(MULTIPROCESS_DIR):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="readback-metrics-") as folder:
        os.environ[MULTIPROCESS_DIR] = folder
        yield


def _gone_soon(code: int) -> int:
    """The code, and the process's end within a moment: all that was promised is done, and a thread that waits for an
    answer of a database that hangs would keep Python from ending for as long as that.
    """
    end = threading.Timer(GONE_WITHIN_S, os._exit, (code,))
    end.daemon = True
    end.start()
    return code


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
