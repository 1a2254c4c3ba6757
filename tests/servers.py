"""The real servers the suite runs against: ones that are there already, else ones started for this run alone."""

import getpass
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

POSTGRES_VARIABLE = "READBACK_TEST_POSTGRES_URL"
REDIS_VARIABLE = "READBACK_TEST_REDIS_URL"
START_WITHIN_S = 30.0
REDIS_DATABASES = 64
SPARING = {
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": 200,
}
"""What a PostgreSQL does not do whose databases live for a second, and need not outlive a crash of the machine."""


class UnavailableError(Exception):
    """Why a server can neither be found nor started here."""


def nothing_to_stop() -> None:
    """What stops a server that somebody else started."""


def postgres() -> tuple[str, Callable[[], None]]:
    """The URL of a PostgreSQL that lets us create databases, and what stops it. Raises UnavailableError.

    One of our own is preferred: it waits for no disk, and leaves no databases among somebody's when a run is killed.
    """
    named = os.environ.get(POSTGRES_VARIABLE)
    if named:
        if not _may_create_databases(named):
            raise UnavailableError(f"{POSTGRES_VARIABLE} names a server that refuses us or our CREATE DATABASE")
        return named, nothing_to_stop
    try:
        return _own_postgres()
    except UnavailableError as why:
        for url in _likely_postgres_urls():
            if _may_create_databases(url):
                return url, nothing_to_stop
        raise why


def redis_server() -> tuple[str, Callable[[], None]]:
    """The URL of a Redis (without a database number) whose databases may be emptied, and what stops it.

    One of our own is preferred: a server that happens to run may hold what somebody needs.
    """
    named = os.environ.get(REDIS_VARIABLE)
    if named:
        return named, nothing_to_stop
    if shutil.which("redis-server"):
        return _own_redis()
    with _redis_client("redis://127.0.0.1:6379/15") as client:
        try:
            if client.dbsize() == 0:
                return "redis://127.0.0.1:6379", nothing_to_stop
        except redis.RedisError:
            pass
    raise UnavailableError(
        "redis-server is not installed and no Redis with an empty database 15 runs on 127.0.0.1:6379"
    )


def with_database(url: str, name: str) -> str:
    """`url` with its database replaced by `name`."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _likely_postgres_urls() -> Iterator[str]:
    for user in dict.fromkeys((getpass.getuser(), "root", "postgres")):
        yield f"postgresql://{user}@/postgres"
        yield f"postgresql://{user}@127.0.0.1:5432/postgres"


def _may_create_databases(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=3) as connection:
            row = connection.execute(
                "select rolsuper or rolcreatedb from pg_roles where rolname = current_user"
            ).fetchone()
    except psycopg.Error:
        return False
    return bool(row and row[0])


def _own_postgres() -> tuple[str, Callable[[], None]]:
    initdb, server = _binary("initdb"), _binary("postgres")
    if not initdb or not server:
        raise UnavailableError("the programs of PostgreSQL (initdb, postgres) are not installed, and none answers")
    folder = Path(tempfile.mkdtemp(prefix="readback-postgres-"))
    user = _unprivileged_user()
    if user:
        shutil.chown(folder, user.pw_uid, user.pw_gid)
    identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    port = _free_port()
    made = subprocess.run(  # type: ignore[call-overload]  # the identity is spread over three keywords
        [initdb, "-D", folder / "data", "-U", "readback", "-A", "trust", "-E", "UTF8", "--no-sync"],
        cwd=folder,
        capture_output=True,
        text=True,
        **identity,
    )
    if made.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        raise UnavailableError(f"initdb refuses: {made.stderr.strip().splitlines()[-1:]}")
    options = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "", **SPARING}
    process = subprocess.Popen(  # type: ignore[call-overload]  # as above
        [server, "-D", folder / "data", *(part for key, value in options.items() for part in ("-c", f"{key}={value}"))],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **identity,
    )
    url = f"postgresql://readback@127.0.0.1:{port}/postgres"
    stop = _stopper(process, folder)
    return _when(lambda: _may_create_databases(url), url, stop)


def _own_redis() -> tuple[str, Callable[[], None]]:
    folder = Path(tempfile.mkdtemp(prefix="readback-redis-"))
    port = _free_port()
    options = {"port": port, "bind": "127.0.0.1", "save": "", "dir": folder, "databases": REDIS_DATABASES}
    process = subprocess.Popen(
        ["redis-server", *(part for key, value in options.items() for part in (f"--{key}", str(value)))],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"redis://127.0.0.1:{port}"
    return _when(lambda: _redis_answers(url), url, _stopper(process, folder))


def _when(ready: Callable[[], bool], url: str, stop: Callable[[], None]) -> tuple[str, Callable[[], None]]:
    until = time.monotonic() + START_WITHIN_S
    while time.monotonic() < until:
        if ready():
            return url, stop
        time.sleep(0.05)
    stop()
    raise UnavailableError(f"a server was started for {url} and did not answer within {START_WITHIN_S:.0f} s")


def _redis_client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0))


def _redis_answers(url: str) -> bool:
    with _redis_client(url) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False


def _stopper(process: subprocess.Popen[bytes], folder: Path) -> Callable[[], None]:
    def stop() -> None:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)

    return stop


def _binary(name: str) -> str | None:
    """A PostgreSQL program; Debian keeps most of them out of PATH."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(installed[-1]) if installed else None)


def _unprivileged_user() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root; None when we are not root anyway."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise UnavailableError("PostgreSQL refuses to run as root and there is no other user to run it as")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
