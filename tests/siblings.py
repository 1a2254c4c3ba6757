"""Workers of pytest-xdist, forked from one process that has imported and collected everything already.

Each of them would do that for itself otherwise. Where anything stands in the way, they start as they usually do.
"""

import atexit
import gc
import os
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import xdist.remote  # type: ignore[import-untyped]  # says nothing of its types
from _pytest.config import _prepareconfig

from tests import sibling
from tests.processes import ROOT

READY_WITHIN_S = 120.0
BEGINS = "import sys; from tests import siblings; siblings.forked_from(sys.argv[1], sys.argv[2:])"
IMPORTED_LATER = (
    "app.adapters.google_calendar", "app.adapters.twilio_carrier", "app.commands.serve", "app.jobs.engine",
    "app.main.doctor", "app.main.shared", "anyio._backends._asyncio", "dbos._sys_db_sqlite", "httpcore",
    "uvicorn.lifespan.on", "uvicorn.loops.uvloop", "uvicorn.protocols.http.httptools_impl", "encodings.idna",
)  # fmt: skip
"""By nearly every worker, while tests run."""


class Siblings:
    """Has xdist start its workers as forks, where there is a process to fork from."""

    def __init__(self, specs: Sequence[Any], address: Path) -> None:
        for spec in specs:
            spec.python = f"{sys.executable} -I -S {sibling.__file__} {address}"

    def pytest_xdist_getremotemodule(self) -> ModuleType:
        return sibling


@contextmanager
def collected(arguments: Sequence[str], workers: int) -> Iterator[Path | None]:
    """Where the process that has collected can be asked for forks, while inside; None where there is no such."""
    with tempfile.TemporaryDirectory(prefix="readback-siblings-", ignore_cleanup_errors=True) as folder:
        address = Path(folder, "socket")
        command = [sys.executable, "-c", BEGINS, str(address), *arguments]
        environ = os.environ | {"PYTEST_XDIST_WORKER_COUNT": str(workers)}
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        assert process.stdin is not None
        until = time.monotonic() + READY_WITHIN_S
        while not address.exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        try:
            yield address if address.exists() else None
        finally:
            process.stdin.close()  # it ends when nobody holds that any more
            process.wait()


# --- the process that collects, and those that are forked from it -----------------------------------------------------


def forked_from(address: str, arguments: list[str]) -> None:
    """Collect what these arguments ask pytest for, then fork whenever somebody connects."""
    config: Any = _prepareconfig(arguments, None)
    xdist.remote.setup_config(config, None)
    config.workerinput, config.workeroutput = {}, {}
    config.pluginmanager.register(_Forking(address))
    sys.exit(config.hook.pytest_cmdline_main(config=config))


class _Forking:
    """Stands in the way of running what was collected: that is for the forks."""

    def __init__(self, address: str) -> None:
        self._address = address

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        for name in IMPORTED_LATER:
            __import__(name)
        if session.testsfailed or threading.active_count() > 1:
            pytest.exit("nothing to fork from", 1)
        session.config.pluginmanager.getplugin("capturemanager").stop_global_capturing()
        gc.collect()
        gc.freeze()
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"{self._address}.new")
            listener.listen(64)
            os.rename(f"{self._address}.new", self._address)
            while 0 not in select.select([listener.fileno(), 0], [], [])[0]:
                line, _ = listener.accept()
                _, pipes, _, _ = socket.recv_fds(line, 1, 2)
                if os.fork() == 0:
                    listener.close()
                    _live(session, pipes)
                for held in (*pipes, line.detach()):
                    os.close(held)
        with suppress(ChildProcessError):  # their time is ours, for whoever measures it
            while True:
                os.wait()
        return True


_SESSION: list[pytest.Session] = []
"""What was collected, in a process that was forked."""


def _live(session: pytest.Session, pipes: Sequence[int]) -> None:
    """What `python -c` does with execnet's first line; never returns."""
    try:
        for here, pipe in enumerate(pipes):
            os.dup2(pipe, here)
            os.close(pipe)
        sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)  # noqa: SIM115 - as Python's
        sys.modules["__main__"] = main = ModuleType("__main__")
        _SESSION.append(session)
        exec(eval(sys.stdin.readline()), main.__dict__)  # noqa: S102, S307 - it is how execnet begins
    except BaseException:  # noqa: BLE001 - a process that ends so shows its traceback
        sys.excepthook(*sys.exc_info())
    finally:
        with suppress(Exception):
            atexit._run_exitfuncs()
        os._exit(0)


def resumed(channel: Any) -> None:
    """In a fork, in place of xdist's own beginning: tells what was collected, runs what it is asked to, and ends."""
    [session] = _SESSION
    config: Any = session.config
    config.workerinput, _, options, _ = channel.receive()
    os.environ["PYTEST_XDIST_WORKER"] = config.workerinput["workerid"]
    os.environ["PYTEST_XDIST_TESTRUNUID"] = config.workerinput["testrunuid"]
    config._tmp_path_factory._given_basetemp = Path(options["basetemp"])
    capturing = config.pluginmanager.getplugin("capturemanager")
    capturing.start_global_capturing()
    capturing.suspend_global_capture()
    worker = xdist.remote.WorkerInteractor(config, channel)
    xdist.remote.interactor = worker  # as its own beginning does
    worker.pytest_sessionstart(session)
    worker.pytest_collection_finish(session)
    try:
        worker.pytest_runtestloop(session)
    finally:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED if session.testsfailed else pytest.ExitCode.OK
        config.hook.pytest_sessionfinish(session=session, exitstatus=session.exitstatus)
        config._ensure_unconfigure()
