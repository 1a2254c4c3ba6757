"""What the doctor says to do about a calendar follows from what is the matter, on stand-ins of each kind."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from app.adapters.embedded_calendar import EmbeddedCalendar
from app.db.engine import Database
from app.main.doctor import State, calendars
from app.main.doctor.calendars import looked_at
from app.main.doctor.examination import AilingError
from app.main.doctor.remedies import BY_SCHEME, remedy
from tests.doctor.examining import finding
from tests.fakes import google_faults as faults
from tests.fakes.caldav_server import FakeCaldav
from tests.fakes.clock import FakeClock
from tests.fakes.databases import held_up, opened
from tests.fakes.google_calendar import FakeGoogle
from tests.flows.businesses import acme, written
from tests.processes import free_port

DANA = "dana@acme.example"
LATE = "It is slow, or something on the way drops it"
NO_NAME = "This machine finds no such name"
NO_TRUST = "no certificate that this machine trusts"
NOTHING_THERE = "Nothing takes a connection there"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A question is given up before the test is."""
    monkeypatch.setattr(calendars, "ASK_S", 1.0)


@pytest.fixture
async def plain() -> AsyncIterator[int]:
    """The port of somebody who speaks no TLS, and speaks first."""

    async def speak(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ready\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def advised(address: str, folder: Path, database_url: str, **variables: str) -> tuple[str, str]:
    """What the doctor saw of a calendar, and what is to be done."""
    given = {"READBACK_DATABASE_URL": database_url, **variables}
    state, seen, done = await finding("calendar of acme/dana", given, written(folder, acme((address,))))
    assert state is State.FAILED, seen
    return seen, done


def account(folder: Path, grant: str = "refresh-1") -> str:
    """A file of credentials."""
    file = folder / "account.json"
    user = {"type": "authorized_user", "client_id": "a", "client_secret": "b", "refresh_token": grant}
    file.write_text(json.dumps(user))
    return str(file)


def google(server: FakeGoogle, folder: Path, **other: str) -> dict[str, str]:
    return {
        "READBACK_GOOGLE_API_URL": server.url,
        "READBACK_GOOGLE_TOKEN_URL": server.token_url,
        "GOOGLE_APPLICATION_CREDENTIALS": account(folder),
        **other,
    }


@pytest.mark.parametrize(
    ("operations", "fault", "done"),
    [
        ("freebusy list", faults.FORBIDDEN, "Share it with the service account's e-mail address"),
        ("insert", faults.FORBIDDEN, "It may be read and not written: give the service account's e-mail address"),
        ("freebusy", faults.calendar_errors(DANA, "notFound"), "it is not shared with us"),
        ("freebusy", faults.QUOTA_EXCEEDED, "Google asks for fewer requests"),
        ("list", faults.status(403, "accessNotConfigured"), "Enable the Google Calendar API"),
        ("freebusy list", faults.UNAVAILABLE, "Google has trouble itself"),
        ("freebusy", faults.NEVER, LATE),
        ("insert", faults.NEVER, LATE),
    ],
)
async def test_what_is_done_about_google_follows_from_what_it_says(
    sqlite_url: str, tmp_path: Path, operations: str, fault: faults.Fault, done: str
) -> None:
    async with FakeGoogle([DANA]) as server:
        for operation in operations.split():
            server.fail_always(operation, fault)
        seen, advice = await advised(f"google:{DANA}", tmp_path, sqlite_url, **google(server, tmp_path))

    assert done in advice, seen


async def test_a_google_calendar_that_is_not_shared_is_one_that_is_not_there(sqlite_url: str, tmp_path: Path) -> None:
    async with FakeGoogle([DANA]) as server:
        seen, done = await advised("google:lee@acme.example", tmp_path, sqlite_url, **google(server, tmp_path))

    assert seen == "it cannot be read: 404 notFound"
    assert "check `calendar` in the business file, and share it with the service account's e-mail address" in done


async def test_credentials_that_google_does_not_take_are_made_anew(sqlite_url: str, tmp_path: Path) -> None:
    async with FakeGoogle([DANA], needs_token=True) as server:
        revoked = google(server, tmp_path) | {"GOOGLE_APPLICATION_CREDENTIALS": account(tmp_path, "revoked")}
        for seen, done in (
            await advised(f"google:{DANA}", tmp_path, sqlite_url, **revoked),
            (await finding("google credentials", revoked))[1:],
        ):
            assert seen.endswith("invalid_grant")
            assert "make a new key for the service account" in done

        loopback = {"READBACK_GOOGLE_API_URL": server.url}
        seen, done = await advised(f"google:{DANA}", tmp_path, sqlite_url, **loopback)
        assert "401" in seen
        assert "make a new key for the service account" in done


async def test_a_google_that_cannot_be_reached_is_looked_for_where_it_is_lost(
    sqlite_url: str, tmp_path: Path, plain: int
) -> None:
    async with FakeGoogle([DANA]) as server:
        for url, done in (
            (f"https://127.0.0.1:{plain}", NO_TRUST),
            (f"http://127.0.0.1:{free_port()}", NOTHING_THERE),
        ):
            variables = google(server, tmp_path, READBACK_GOOGLE_API_URL=url)
            seen, advice = await advised(f"google:{DANA}", tmp_path, sqlite_url, **variables)
            assert done in advice, seen

        lost = google(server, tmp_path, READBACK_GOOGLE_TOKEN_URL=f"http://127.0.0.1:{free_port()}/token")
        assert "address for tokens" in (await advised(f"google:{DANA}", tmp_path, sqlite_url, **lost))[1]
        assert "address for tokens" in (await finding("google credentials", lost))[2]

    nothing_set = {"READBACK_GOOGLE_API_URL": "https://calendar.invalid"}
    seen, advice = await advised(f"google:{DANA}", tmp_path, sqlite_url, **nothing_set)
    assert advice.startswith("Set GOOGLE_APPLICATION_CREDENTIALS"), seen


@pytest.mark.parametrize(
    ("operation", "fault", "done"),
    [
        ("*", faults.status(401), "Correct user and password for this address in READBACK_CALDAV_CREDENTIALS"),
        ("*", faults.status(403), "Have its owner share it with this user"),
        ("put", faults.status(403), "It may be read and not written: have its owner allow this user"),
        ("*", faults.status(404), "There is no such calendar"),
        ("*", faults.status(301), "Put the address that it moved to"),
        ("put", faults.status(507), "Make room on the server"),
        ("query", faults.status(500), "The server has trouble itself"),
        ("query", faults.NEVER, LATE),
        ("query", faults.CLOSE, LATE),
        ("query", faults.HTML, "Check that its address is that of a CalDAV calendar"),
    ],
)
async def test_what_is_done_about_caldav_follows_from_what_the_server_says(
    sqlite_url: str, tmp_path: Path, operation: str, fault: faults.Fault, done: str
) -> None:
    async with FakeCaldav() as server:
        server.fail_always(operation, fault)
        address = server.url("dana")
        credentials = {"READBACK_CALDAV_CREDENTIALS": f"{address} ann s3cr3t"}
        seen, advice = await advised(f"caldav:{address}", tmp_path, sqlite_url, **credentials)

    assert done in advice, seen


@pytest.mark.parametrize("code", [401, 403])
@pytest.mark.parametrize("given", [{}, {"READBACK_CALDAV_CREDENTIALS": "https://caldav.example.com/ ann s3cr3t"}])
async def test_a_caldav_calendar_without_a_line_of_its_own_is_to_get_one(
    sqlite_url: str, tmp_path: Path, given: dict[str, str], code: int
) -> None:
    async with FakeCaldav() as server:
        server.fail_always("*", faults.status(code))
        address = server.url("dana")
        seen, advice = await advised(f"caldav:{address}", tmp_path, sqlite_url, **given)

    assert f"{code}: no line of READBACK_CALDAV_CREDENTIALS is at or above {address}" in seen
    assert advice.startswith("Add a line with this address, a user and a password")
    assert "or to the file that READBACK_CALDAV_CREDENTIALS_FILE names" in advice


async def test_a_caldav_server_that_cannot_be_reached_is_looked_for_where_it_is_lost(
    sqlite_url: str, tmp_path: Path, plain: int
) -> None:
    for url, done in (
        (f"https://127.0.0.1:{plain}/dana/", NO_TRUST),
        (f"http://127.0.0.1:{free_port()}/dana/", NOTHING_THERE),
    ):
        seen, advice = await advised(f"caldav:{url}", tmp_path, sqlite_url)
        assert done in advice, seen


@pytest.mark.parametrize("scheme", ["google", "caldav"])
@pytest.mark.parametrize(
    ("error", "done"),
    [
        (aiohttp.ClientConnectorDNSError, NO_NAME),
        (aiohttp.ClientConnectorCertificateError, NO_TRUST),
        (aiohttp.ClientConnectorSSLError, NO_TRUST),
        (aiohttp.ClientConnectorError, NOTHING_THERE),
    ],
)
def test_what_a_connection_fails_with_has_its_remedy(scheme: str, error: type[Exception], done: str) -> None:
    assert done in remedy(scheme, f"it cannot be read: cannot connect: {error.__name__}")


async def test_an_embedded_calendar_is_looked_for_in_its_database(sqlite_url: str) -> None:
    async def advised_on(database: Database) -> str:
        with pytest.raises(AilingError) as raised:
            await looked_at(EmbeddedCalendar(database, FakeClock()), "dana", FakeClock(), read_only=False)
        return remedy("embedded", str(raised.value))

    async with opened(sqlite_url) as database:
        async with held_up(database):
            assert (await advised_on(database)).startswith("The database is kept busy or its disk is slow")
        os.unlink(sqlite_url.removeprefix("sqlite:///"))
        # What is open already is still read, and nobody would find again what is written.
        assert "see that the database's file is where it was" in await advised_on(database)


@pytest.mark.parametrize(
    ("seen", "done"),
    [
        ("it cannot be read: the database did not answer in time", "The database is kept busy"),
        ("it cannot be written: too many database writes are waiting", "The database is kept busy"),
        ("nobody knows whether an event was written: DatabaseError: not committed", "It can be read and not written"),
        ("it cannot be read: OperationalError", "See that the database that READBACK_DATABASE_URL names is there"),
        ("anything else", "Check the database."),
    ],
)
def test_what_is_done_about_an_embedded_calendar(seen: str, done: str) -> None:
    assert remedy("embedded", seen).startswith(done)


def test_every_kind_has_a_word_for_what_nobody_thought_of() -> None:
    for scheme in BY_SCHEME:
        assert remedy(scheme, "the moon is full").endswith(".")
    assert remedy("", "no adapter for  calendars") == "Check `calendar` in the business file."
