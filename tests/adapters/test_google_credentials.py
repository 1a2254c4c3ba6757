"""Tokens for Google against a token endpoint over a real socket."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app.adapters.google_calendar import GoogleCalendar, GoogleOptions
from app.adapters.google_credentials import GoogleCredentials, TokenError
from app.booking.calendar import Event, Refused, Unknown
from app.clock import SystemClock
from app.errors import ConfigurationError
from tests.fakes import google_faults as faults
from tests.fakes.google_calendar import FakeGoogle
from tests.flows.businesses import EMBEDDED, GOOGLE, acme, written
from tests.nursery import readback
from tests.processes import free_port

DANA = "dana@acme.example"
MORNING = 1_893_456_000
DAY = 86_400
VISIT = Event("visit00001", MORNING, MORNING + 3600, "Inspection", "", "RB-1")


class ShiftedClock(SystemClock):
    """The machine's clock, some seconds ahead."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now(self) -> float:
        return super().now() + self.ahead_s

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead_s


@pytest.fixture(scope="module")
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@pytest.fixture
def service_account(tmp_path: Path, private_key: str) -> Path:
    return write(
        tmp_path / "account.json",
        {
            "type": "service_account",
            "client_email": "desk@acme.example",
            "private_key": private_key,
            "private_key_id": "key-1",
            "token_uri": "https://unreachable.invalid/token",
        },
    )


@pytest.fixture
def authorized_user(tmp_path: Path) -> Path:
    return write(
        tmp_path / "user.json",
        {"type": "authorized_user", "client_id": "id", "client_secret": "secret", "refresh_token": "refresh-1"},
    )


@pytest.fixture(params=["service_account", "authorized_user"])
def either_kind(request: pytest.FixtureRequest) -> Path:
    path: Path = request.getfixturevalue(request.param)
    return path


@pytest.fixture
async def google() -> AsyncIterator[FakeGoogle]:
    async with FakeGoogle([DANA], needs_token=True) as server:
        yield server


def write(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content))
    return path


async def started(path: Path, google: FakeGoogle, **options: Any) -> GoogleCalendar:
    calendar = GoogleCalendar(
        GoogleOptions(api_url=google.url, token_url=google.token_url, credentials_file=path, **options)
    )
    await calendar.start()
    return calendar


async def test_a_hundred_calls_at_once_need_one_refresh(google: FakeGoogle, either_kind: Path) -> None:
    calendar = await started(either_kind, google)
    answers = await asyncio.gather(*(calendar.free([DANA], MORNING, MORNING + DAY, within_s=5) for _ in range(100)))
    await calendar.close()
    assert all(answer == {DANA: ()} for answer in answers)
    assert len(google.token_requests) == 1


async def test_a_service_account_asks_for_the_calendar_scope_at_the_given_url(
    google: FakeGoogle, service_account: Path
) -> None:
    calendar = await started(service_account, google)
    await calendar.free([DANA], MORNING, MORNING + DAY, within_s=5)
    await calendar.close()
    claims = google.token_requests[0]["claims"]
    assert claims["iss"] == "desk@acme.example"
    assert claims["scope"] == "https://www.googleapis.com/auth/calendar"
    assert claims["aud"]


async def test_a_token_that_nears_its_end_is_renewed_without_making_anybody_wait(
    google: FakeGoogle, authorized_user: Path
) -> None:
    clock = ShiftedClock()
    credentials = GoogleCredentials(authorized_user, token_url=google.token_url, clock=clock)
    await credentials.start()
    assert await credentials.token() == "token-1"
    clock.ahead_s = google.token_lifetime_s - 100
    google.fail_next("token", faults.slow(0.2))
    assert [await credentials.token() for _ in range(5)] == ["token-1"] * 5
    for _ in range(50):
        await asyncio.sleep(0.02)
        if await credentials.token() == "token-2":
            break
    assert await credentials.token() == "token-2"
    assert len(google.token_requests) == 2
    await credentials.close()


async def test_a_token_google_refuses_is_replaced_once_and_the_call_goes_on(
    google: FakeGoogle, authorized_user: Path
) -> None:
    calendar = await started(authorized_user, google)
    await calendar.free([DANA], MORNING, MORNING + DAY, within_s=5)
    google.revoke_tokens()
    answers = await asyncio.gather(*(calendar.free([DANA], MORNING, MORNING + DAY, within_s=5) for _ in range(10)))
    assert all(answer == {DANA: ()} for answer in answers)
    assert len(google.token_requests) == 2
    google.revoke_tokens()
    assert isinstance(await calendar.book(DANA, VISIT, within_s=5), Event)
    assert len(google.events(DANA)) == 1
    await calendar.close()


async def test_a_booking_refused_with_401_twice_is_refused(google: FakeGoogle, authorized_user: Path) -> None:
    calendar = await started(authorized_user, google)
    google.fail_always("insert", faults.UNAUTHORIZED)
    assert isinstance(await calendar.book(DANA, VISIT, within_s=5), Refused)
    assert google.counts["insert"] == 2
    await calendar.close()


async def test_a_dead_grant_is_unknown_and_rings_for_a_person(google: FakeGoogle, authorized_user: Path) -> None:
    google.refresh_tokens.clear()
    rung: list[tuple[str, str, str, str]] = []
    calendar = await started(authorized_user, google, on_alarm=lambda *alarm: rung.append(alarm))
    assert await calendar.free([DANA], MORNING, MORNING + DAY, within_s=5) == {DANA: Unknown("invalid_grant")}
    assert isinstance(await calendar.book(DANA, VISIT, within_s=5), Unknown)
    await calendar.close()
    assert rung[0][:2] == ("google_credentials", "invalid_grant")
    assert not any(secret in str(rung) for secret in ("refresh-1", '"secret"', DANA))
    assert google.requests == []


@pytest.mark.parametrize("fault", [faults.RESET, faults.HTML, faults.status(400)], ids=["reset", "html", "400"])
async def test_a_failing_token_endpoint_is_unknown_and_asked_again_later(
    google: FakeGoogle, authorized_user: Path, fault: faults.Fault
) -> None:
    clock = ShiftedClock()
    credentials = GoogleCredentials(authorized_user, token_url=google.token_url, clock=clock)
    await credentials.start()
    google.fail_always("token", fault)
    answers = await asyncio.gather(*(credentials.token() for _ in range(20)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [TokenError] * 20
    asked = google.counts["token"]
    with pytest.raises(TokenError):
        await credentials.token()
    assert google.counts["token"] == asked
    google.fail_always("token", None)
    clock.ahead_s = 5
    assert (await credentials.token()).startswith("token-")
    await credentials.close()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b'{"token": "abc", "expires_in": 3600}', "the answer has no access_token"),
        (b'{"access_token": 7, "expires_in": 3600}', "the answer has no access_token"),
        (b'{"access_token": "abc"}', "the answer does not say when the token ends"),
        (b"[]", "the answer has no access_token"),
    ],
)
async def test_a_token_answer_that_cannot_be_read_is_said(
    google: FakeGoogle, either_kind: Path, answer: bytes, said: str
) -> None:
    google.fail_always("token", faults.Fault("body", detail=answer))
    calendar = await started(either_kind, google)
    free = await calendar.free([DANA], MORNING, MORNING + DAY, within_s=5)
    await calendar.close()
    assert free == {DANA: Unknown(f"token refresh failed: {said}")}


async def test_a_token_endpoint_that_hangs_costs_a_call_its_deadline_and_no_more(
    google: FakeGoogle, authorized_user: Path
) -> None:
    google.fail_always("token", faults.NEVER)
    calendar = await started(authorized_user, google)
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert await calendar.free([DANA], MORNING, MORNING + DAY, within_s=0.3) == {DANA: Unknown("no answer in time")}
    assert loop.time() - began < 0.4
    await calendar.close()
    await google.stop()


async def test_refreshing_happens_off_the_event_loop(google: FakeGoogle, service_account: Path) -> None:
    credentials = GoogleCredentials(service_account, token_url=google.token_url, clock=SystemClock())
    await credentials.start()
    await credentials.token()
    assert any(thread.name.startswith("google-token") for thread in threading.enumerate())
    await credentials.close()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("no json", "is not a JSON object"),
        ("[]", "is not a JSON object"),
        ("{}", "must be of type"),
        ('{"type": "external_account"}', "must be of type"),
        ('{"type": "service_account"}', "lacks or misstates"),
        (
            '{"type": "service_account", "client_email": "a", "token_uri": "b", "private_key": "c"}',
            "lacks or misstates",
        ),
        ('{"type": "authorized_user"}', "lacks or misstates"),
        ('{"type": ["service_account"]}', "must be of type"),
        (
            '{"type": "authorized_user", "client_id": "", "client_secret": "b", "refresh_token": "c"}',
            "lacks or misstates client_id",
        ),
        (
            '{"type": "authorized_user", "client_id": "a", "client_secret": "b", "refresh_token": "c", "expiry": 5}',
            "lacks or misstates",
        ),
    ],
)
async def test_a_file_that_is_no_credential_stops_the_start_with_one_sentence(
    tmp_path: Path, content: str, says: str
) -> None:
    path = tmp_path / "wrong.json"
    path.write_text(content)
    calendar = GoogleCalendar(GoogleOptions(credentials_file=path))
    with pytest.raises(ConfigurationError, match=says) as raised:
        await calendar.start()
    await calendar.close()
    assert str(raised.value).startswith("GOOGLE_APPLICATION_CREDENTIALS: ")
    assert "\n" not in str(raised.value)


async def test_a_file_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    calendar = GoogleCalendar(GoogleOptions(credentials_file=tmp_path / "none.json"))
    with pytest.raises(ConfigurationError, match="cannot read"):
        await calendar.start()
    await calendar.close()


WRONG_FILES = {
    "not there": None,
    "not JSON": "no json",
    "incomplete": '{"type": "service_account", "client_email": "desk@acme.example"}',
}


@pytest.mark.parametrize("calendars", [GOOGLE, EMBEDDED], ids=["google", "embedded only"])
@pytest.mark.parametrize("content", WRONG_FILES.values(), ids=WRONG_FILES.keys())
def test_serving_with_a_wrong_file_is_exit_code_2_and_one_sentence(
    tmp_path: Path, content: str | None, calendars: tuple[str, ...]
) -> None:
    path = tmp_path / "account.json"
    if content is not None:
        path.write_text(content)
    variables = {
        "READBACK_PORT": str(free_port()),
        "READBACK_DATABASE_URL": f"sqlite:///{tmp_path}/x.db",
        "READBACK_BUSINESSES": str(written(tmp_path, acme(calendars))),
        "GOOGLE_APPLICATION_CREDENTIALS": str(path),
    }
    answer = readback("serve", **variables)
    assert answer.returncode == 2
    [sentence] = answer.stderr.splitlines()
    assert sentence.startswith("GOOGLE_APPLICATION_CREDENTIALS: ")
    assert sentence.endswith(".")
