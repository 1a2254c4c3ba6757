"""What `make run` starts: writes `.env` if there is none, becomes the server, and shows one curl command.

The server replaces this process, so that Ctrl-C and SIGTERM reach it directly. The command is shown by a process of its
own, which nobody has to wait for and which goes away when it has shown it or the server is gone.
"""

import http.client
import json
import os
import shlex
import signal
import socket
import sys
import time
from collections.abc import Mapping

import env_file

READY_WITHIN_S = 60.0
POLL_EVERY_S = 0.05
UNSPECIFIED = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - looked up, not listened on


def main() -> None:
    os.chdir(env_file.ROOT)
    written = env_file.ensure()
    environ = env_file.merged(os.environ)
    if written:
        print("Wrote .env with generated secrets; only you can read it.", flush=True)
    if not _somebody_listens(environ):
        _in_background(os.getpid(), environ)
    os.execve(sys.executable, [sys.executable, "-m", "app", "serve"], environ)  # noqa: S606 - no shell is wanted


def _somebody_listens(environ: Mapping[str, str]) -> bool:
    """Whether the port is taken, so that another server's answer is not mistaken for ours."""
    host = environ.get("READBACK_HOST") or "127.0.0.1"
    try:
        port = int(environ.get("READBACK_PORT") or "8080")
        with socket.create_connection((UNSPECIFIED.get(host, host), port), timeout=0.5):
            return True
    except (OSError, ValueError, OverflowError):
        return False  # a wrong value included: the server says so


def _in_background(server: int, environ: Mapping[str, str]) -> None:
    """Show the command from a grandchild: an orphan, so the server never has a child it does not know of."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    if os.fork():
        os._exit(0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        _show_command(server, environ)
    finally:
        sys.stdout.flush()
        os._exit(0)


def _show_command(server: int, environ: Mapping[str, str]) -> None:
    # Loaded here, beside the server's own start, so that the start does not wait for it.
    from app.booking.business_file import load_businesses  # noqa: PLC0415 - as said above
    from app.errors import ConfigurationError  # noqa: PLC0415 - as said above
    from app.settings import load  # noqa: PLC0415 - as said above

    try:
        settings = load(environ)
        businesses = load_businesses(settings.businesses, settings.daily_call_caps)
    except ConfigurationError:
        return  # the server says it
    host = UNSPECIFIED.get(settings.host, settings.host)
    if not _answers(server, host, settings.port):
        return
    base = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
    if not settings.tools_secrets:
        print(f"Readback serves on {base}; without READBACK_TOOLS_SECRETS it refuses every tool call.")
        return
    print(f"Readback serves on {base} (Ctrl-C stops it). Try it:\n")
    business = next(iter(businesses.by_id.values()))
    question: dict[str, object] = {"arguments": {"service": business.services[0].id}}
    if len(businesses.by_id) > 1 and business.lines:
        question["line"] = business.lines[0]
    print(curl(base, settings.tools_secrets[0], question) + "\n")
    if settings.admin_token:
        print(f"For people: {base}/dashboard, the token is READBACK_ADMIN_TOKEN (in .env, unless set elsewhere).\n")


def curl(base: str, secret: str, question: Mapping[str, object]) -> str:
    """One line for a shell that asks for open slots."""
    words = ["curl", "-sS", f"{base}/tools/check_availability", "-H", f"Authorization: Bearer {secret}"]
    return shlex.join([*words, "-H", "Content-Type: application/json", "-d", json.dumps(question)])


def _answers(server: int, host: str, port: int) -> bool:
    """Wait until callers can be served; False when the server is gone or takes too long."""
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until:
        try:
            os.kill(server, 0)
        except OSError:
            return False
        connection = http.client.HTTPConnection(host, port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == http.HTTPStatus.OK:
                return True
        except (OSError, http.client.HTTPException):
            pass  # not listening yet
        finally:
            connection.close()
        time.sleep(POLL_EVERY_S)
    return False


if __name__ == "__main__":
    main()
