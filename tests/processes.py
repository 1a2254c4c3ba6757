"""Runs the product as its own process, the way a person does, and waits for it to answer."""

import http.client
import os
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
READY_WITHIN_S = 60.0
STOPPED_WITHIN_S = 30.0
TLS = ssl.create_default_context()
"""For clients over plain HTTP too: each would make its own, which costs more than all that it asks."""


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def environment(**variables: str) -> dict[str, str]:
    """This process's environment without anything of the product's own, and `variables` on top."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("READBACK_")}
    return {**inherited, **variables}


@contextmanager
def started(command: list[str | Path], environ: Mapping[str, str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process group of its own, gone at the end whatever happens."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environ,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def answered(process: subprocess.Popen[str], port: int) -> None:
    """Wait until `/healthz` answers on `port`. Raises AssertionError with what the process said when it does not."""
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise AssertionError(f"exit code {process.returncode}: {process.communicate()}")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
        finally:
            connection.close()
    raise AssertionError("no answer in time")


def stopped(process: subprocess.Popen[str], how: signal.Signals) -> tuple[int, str, str]:
    """Ask the process to stop; its exit code, stdout and stderr."""
    process.send_signal(how)
    out, err = process.communicate(timeout=STOPPED_WITHIN_S)
    return process.returncode, out, err
