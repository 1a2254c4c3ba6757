"""Listening to PostgreSQL: what is committed is told, and who cannot be sure to hear knows it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import Connection
from sqlalchemy.engine import make_url

from app.clock import SystemClock
from app.db import listening
from app.db.engine import Database
from app.db.listening import EVERYTHING, Listening
from tests.fakes.databases import cut_off, executed, opened, soon

CHANNEL = "readback_test"


class Wire:
    """A stretch of wire to the server that can be made to swallow what comes back."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self.swallows = False

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(*self._to)
        try:
            await asyncio.gather(self._pour(reader, back, answers=False), self._pour(there, writer, answers=True))
        finally:
            for side in (writer, back):
                side.close()
                with contextlib.suppress(OSError):
                    await side.wait_closed()

    async def _pour(self, source: asyncio.StreamReader, into: asyncio.StreamWriter, *, answers: bool) -> None:
        while chunk := await source.read(65_536):
            if not (answers and self.swallows):
                into.write(chunk)
        into.close()


@asynccontextmanager
async def wired(url: str) -> AsyncIterator[tuple[Wire, str]]:
    """The same database behind a `Wire`."""
    parsed = make_url(url)
    wire = Wire(parsed.host or "127.0.0.1", parsed.port or 5432)
    carried: list[asyncio.Task[None]] = []
    server = await asyncio.start_server(
        lambda r, w: carried.append(asyncio.create_task(wire.carry(r, w))), "127.0.0.1", 0
    )
    port = server.sockets[0].getsockname()[1]
    try:
        yield wire, parsed.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
    finally:
        server.close()
        await asyncio.wait(carried, timeout=5.0)


@asynccontextmanager
async def heard(database: Database, through: str = "") -> AsyncIterator[tuple[Listening, list[str]]]:
    """A listener, and what it is told."""
    told: list[str] = []
    listener = Listening(database, SystemClock(), CHANNEL, told.append)
    if through:
        listener._url = through
    listener.start()
    try:
        yield listener, told
    finally:
        await listener.stop()


def tell(url: str, subject: str) -> None:
    executed(url, f"SELECT pg_notify('{CHANNEL}', '{subject}')")


async def test_what_is_committed_is_told_in_order(postgres_url: str) -> None:
    async with opened(postgres_url) as database, heard(database) as (listener, told):
        assert not listener.sure
        await soon(lambda: listener.sure)
        assert told == [EVERYTHING]
        for subject in ("one", "two"):
            tell(postgres_url, subject)
        await soon(lambda: told == [EVERYTHING, "one", "two"])
        assert listener.sure


async def test_a_connection_that_is_cut_is_noticed_and_another_one_told_of_everything(postgres_url: str) -> None:
    async with opened(postgres_url) as database, heard(database) as (listener, told):
        await soon(lambda: listener.sure)
        cut_off(postgres_url)
        await soon(lambda: not listener.sure)
        await soon(lambda: listener.sure)
        assert told == [EVERYTHING, EVERYTHING], "something may have been committed meanwhile"


async def test_what_comes_back_no_more_makes_unsure_until_it_does(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "PROVE_EVERY_S", 0.05)
    monkeypatch.setattr(listening, "SURE_FOR_S", 0.3)
    monkeypatch.setattr(listening, "AGAIN_AFTER_S", 0.5)
    monkeypatch.setattr(listening, "UNHEARD_REST_S", 0.2)
    async with (
        wired(postgres_url) as (wire, url),
        opened(postgres_url) as database,
        heard(database, url) as (ear, told),
    ):
        await soon(lambda: ear.sure)
        wire.swallows = True
        await soon(lambda: not ear.sure)
        tell(postgres_url, "unheard")
        await asyncio.sleep(0.3)
        assert "unheard" not in told
        assert not ear.sure
        wire.swallows = False
        await soon(lambda: ear.sure)
        assert told[-1] == EVERYTHING


async def test_on_sqlite_nobody_is_ever_sure(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database, heard(database) as (listener, told):
        await asyncio.sleep(0.1)
        assert not listener.sure
        assert told == []


async def test_a_database_that_is_away_is_tried_again(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "PROVE_EVERY_S", 0.05)
    async with opened(postgres_url) as database, heard(database, postgres_url + "_is_not_there") as (listener, told):
        await asyncio.sleep(0.3)
        assert not listener.sure
        listener._url = postgres_url
        await soon(lambda: listener.sure)
        assert told == [EVERYTHING]


async def test_a_fault_in_who_is_told_ends_no_listening(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "PROVE_EVERY_S", 0.05)
    async with opened(postgres_url) as database, heard(database) as (listener, told):
        await soon(lambda: listener.sure)

        def fails(subject: str) -> None:
            told.append(subject)
            if subject == "bad":
                raise ValueError(subject)

        listener._told = fails
        tell(postgres_url, "bad")
        await soon(lambda: told[-2:] == ["bad", EVERYTHING])
        await soon(lambda: listener.sure)


async def test_what_a_pooler_tells_the_wrong_connection_is_not_kept(postgres_url: str) -> None:
    def listens(connection: Connection) -> list[object]:
        connection.exec_driver_sql(f"LISTEN {CHANNEL}")
        for number in range(3):
            connection.exec_driver_sql(f"SELECT pg_notify('{CHANNEL}', '{number}')")
        connection.exec_driver_sql(f"UNLISTEN {CHANNEL}")
        return list(connection.connection.dbapi_connection._notifies_backlog)  # type: ignore[union-attr]  # psycopg's

    async with opened(postgres_url) as database:
        assert await database.read(listens) == []
