"""Starts processes of the product from one that has imported it already, which spares each of them two seconds.

A child is forked before it has done anything: it gets its own environment, folder and output, and runs the same module
that `python -m` would. What starts in some other way (the first run, the demo, several workers) is tested as it is.
"""

import atexit
import contextlib
import fcntl
import gc
import importlib
import os
import runpy
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import orjson

from tests.processes import ROOT, environment

READY_WITHIN_S = 60.0
ENDED_WITHIN_S = 100.0
PREPARED = (
    "app.main", "app.commands.serve", "app.jobs.engine", "app.main.shared", "uvicorn", "uvloop", "httptools",
    "app.adapters.google_calendar", "app.adapters.twilio_carrier", "tests.jobs.worker",
    "app.main.doctor", "anyio._backends._asyncio", "dbos._sys_db_sqlite", "httpcore", "encodings.idna",
    "encodings.utf_8_sig", "uvicorn.lifespan.on", "uvicorn.loops.uvloop", "uvicorn.protocols.http.httptools_impl",
)  # fmt: skip
"""What a server and the commands import sooner or later."""
PLACE_VARIABLE = "READBACK_TEST_NURSERY"
"""The folder where the workers of a run find the one nursery they share; the first that needs it starts it."""
_LENGTH = struct.Struct("!i")


class Child:
    """A process, asked and ended as those of `subprocess` are."""

    def __init__(self, line: socket.socket, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._line = line

    def poll(self) -> int | None:
        """Its exit code (negative: the signal that ended it); None while it runs."""
        return self._ended(0.0)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code. Raises subprocess.TimeoutExpired."""
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it without warning."""
        self.send_signal(signal.SIGKILL)

    def _ended(self, within_s: float | None) -> int | None:
        if self.returncode is None and select.select([self._line], [], [], within_s)[0]:
            (self.returncode,) = _LENGTH.unpack(_exactly(self._line, _LENGTH.size))
            self._line.close()
        return self.returncode


class Told(NamedTuple):
    """What a command answered."""

    returncode: int
    stdout: str
    stderr: str


def readback(*arguments: str, **variables: str) -> Told:
    """Run `readback` to its end, with these variables of the product's own and no others."""
    return ended("app", arguments, environment(**variables))


def ended(module: str, arguments: Iterable[str], environ: Mapping[str, str]) -> Told:
    """Run a module, or a program by its file, to its end."""
    with tempfile.TemporaryDirectory(prefix="readback-told-") as folder:
        out, errors = Path(folder, "out"), Path(folder, "errors")
        code = begun(module, arguments, environ, out, errors).wait(ENDED_WITHIN_S)
        return Told(code, out.read_text(encoding="utf-8"), errors.read_text(encoding="utf-8"))


def begun(
    module: str, arguments: Iterable[str], environ: Mapping[str, str], log: Path, errors: Path | None = None
) -> Child:
    """Start `python -m module`, or a program by its file, with what it says appended to `log`.

    Its errors too, unless they go elsewhere.
    """
    asked = {
        "module": module,
        "arguments": list(arguments),
        "environ": dict(environ),
        "log": str(log),
        "errors": str(errors or log),
    }
    body = orjson.dumps(asked)
    line = socket.socket(socket.AF_UNIX)
    line.connect(_nursery())
    line.sendall(_LENGTH.pack(len(body)) + body)
    (pid,) = _LENGTH.unpack(_exactly(line, _LENGTH.size))
    return Child(line, pid)


@contextlib.contextmanager
def place() -> Iterator[None]:
    """Where this process and those it starts share a nursery, which ends with the context, or with this process."""
    with tempfile.TemporaryDirectory(prefix="readback-nursery-", ignore_cleanup_errors=True) as folder:
        os.mkfifo(Path(folder, "alive"))
        held = os.open(Path(folder, "alive"), os.O_RDWR)  # reading it ends when nobody holds it any more
        os.environ[PLACE_VARIABLE] = folder
        try:
            yield
        finally:
            os.environ.pop(PLACE_VARIABLE, None)
            os.close(held)


@cache
def _nursery() -> str:
    """The address of the one this run shares, started if nobody has yet; a process that is no run has its own."""
    if PLACE_VARIABLE not in os.environ:
        own = contextlib.ExitStack()
        own.enter_context(place())
        atexit.register(own.close)
    folder = Path(os.environ[PLACE_VARIABLE])
    address = folder / "socket"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not address.exists():
            command = [sys.executable, "-m", "tests.nursery", str(address)]
            with (folder / "alive").open("rb") as alive:
                process = subprocess.Popen(command, cwd=ROOT, stdin=alive, start_new_session=True)
            _KEPT.append(process)
            until = time.monotonic() + READY_WITHIN_S
            while not address.exists():
                if time.monotonic() > until or process.poll() is not None:
                    raise RuntimeError("the nursery does not come up")
                time.sleep(0.02)
    return str(address)


_KEPT: list[subprocess.Popen[bytes]] = []


def _exactly(line: socket.socket, size: int) -> bytes:
    body = b""
    while len(body) < size:
        part = line.recv(size - len(body))
        if not part:
            raise ConnectionError("the nursery is gone")
        body += part
    return body


# --- the process that begets ------------------------------------------------------------------------------------------


def _serve(address: str) -> None:
    for name in PREPARED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # else each child walks all of it once, and has it copied for that
    woken, wakes = socket.socketpair()
    woken.setblocking(False)
    wakes.setblocking(False)
    signal.set_wakeup_fd(wakes.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    lines: dict[int, socket.socket] = {}
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{address}.new")
        listener.listen(64)
        os.rename(f"{address}.new", address)
        while True:
            ready = select.select([listener, woken, sys.stdin], [], [])[0]
            if sys.stdin in ready:  # whoever started us has ended
                break
            if woken in ready:
                with contextlib.suppress(BlockingIOError):
                    woken.recv(4096)
                _reap(lines)
            if listener in ready:
                line, _ = listener.accept()
                with contextlib.suppress(ConnectionError):  # a worker that was killed over it; the others go on
                    _beget(line, lines, (listener, woken, wakes))
    for pid in lines:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _beget(line: socket.socket, lines: dict[int, socket.socket], ours: Iterable[socket.socket]) -> None:
    asked = orjson.loads(_exactly(line, _LENGTH.unpack(_exactly(line, _LENGTH.size))[0]))
    pid = os.fork()
    if pid == 0:
        for other in (*ours, line, *lines.values()):
            other.close()
        _live(**asked)
    lines[pid] = line
    try:
        line.sendall(_LENGTH.pack(pid))
    except ConnectionError:
        os.kill(pid, signal.SIGKILL)
        raise


def _reap(lines: dict[int, socket.socket]) -> None:
    while lines:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        if (line := lines.pop(pid, None)) is not None:
            with contextlib.suppress(OSError):  # nobody waits for it any more
                line.sendall(_LENGTH.pack(os.waitstatus_to_exitcode(status)))
            line.close()


def _live(module: str, arguments: list[str], environ: dict[str, str], log: str, errors: str) -> None:
    """The child: becomes what was asked for, and never returns."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.environ.clear()
        os.environ.update(environ)
        time.tzset()
        os.chdir(ROOT)
        out, err = (os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND) for file in (log, errors))
        nothing = os.open(os.devnull, os.O_RDONLY)
        for there, here in ((nothing, 0), (out, 1), (err, 2)):
            os.dup2(there, here)
        sys.argv = [module, *arguments]
        if module.endswith(".py"):
            sys.path.insert(0, str(Path(module).parent))
            runpy.run_path(module, run_name="__main__")
        else:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:  # noqa: BLE001 - a process that ends so shows its traceback
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]  # in an except clause there is one
    finally:
        with contextlib.suppress(Exception):
            import atexit  # noqa: PLC0415 - only here

            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve(sys.argv[1])
