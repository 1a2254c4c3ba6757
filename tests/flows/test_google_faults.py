"""Google on its bad days, through the real doors: what the caller hears, and what is on the calendar afterwards."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import google_faults as faults
from tests.fakes.google_calendar import FakeGoogle
from tests.fakes.google_faults import Fault
from tests.flows import books
from tests.flows.businesses import DANA, GOOGLE, acme, written
from tests.flows.running import Readback, environment, serving
from tests.flows.speaking import CALLER, SAM, new_call, new_id

ONLY_DANA = GOOGLE[:1]
DEADLINE_MS = "2500"
ANSWERED_WITHIN_S = 6.0
"""The deadline of this server's tools, and room for a busy machine."""


@pytest.fixture
async def google() -> AsyncIterator[FakeGoogle]:
    async with FakeGoogle([DANA]) as server:
        yield server


@pytest.fixture
async def house(google: FakeGoogle, sqlite_url: str, tmp_path: Path) -> AsyncIterator[Readback]:
    """A server whose only technician keeps a Google calendar, and that never trusts an older read."""
    file = written(tmp_path, acme(ONLY_DANA))
    variables = environment(
        sqlite_url,
        file,
        READBACK_GOOGLE_API_URL=google.url,
        READBACK_TOOL_DEADLINE_MS=DEADLINE_MS,
        READBACK_AVAILABILITY_TTL_S="0",
    )
    async with serving(variables) as server:
        yield server


FAULTS = {
    "503": faults.UNAVAILABLE,
    "403 user rate": faults.USER_RATE_LIMIT,
    "403 rate": faults.RATE_LIMIT,
    "403 quota": faults.QUOTA_EXCEEDED,
    "403 forbidden": faults.FORBIDDEN,
    "429": faults.TOO_MANY_REQUESTS,
    "400": faults.BAD_REQUEST,
    "401": faults.UNAUTHORIZED,
    "404": faults.status(404, "notFound"),
    "410": faults.status(410, "deleted"),
    "412": faults.status(412, "conditionNotMet"),
    "reset": faults.RESET,
    "close": faults.CLOSE,
    "never": faults.NEVER,
    "slow": faults.slow(3.5),
    "dripping": faults.dripping(0.02),
    "html": faults.HTML,
    "not json": faults.NOT_JSON,
    "empty": faults.EMPTY,
    "error in a 200": faults.ERROR_IN_200,
    "renamed fields": faults.RENAMED,
    "errors of one calendar": faults.calendar_errors(DANA),
    "calendar left out": faults.calendar_missing(DANA),
    "calendar of another shape": faults.calendar_as(DANA, []),
}


async def promptly(answer: Any) -> Any:
    async with asyncio.timeout(ANSWERED_WITHIN_S):
        return await answer


@pytest.mark.parametrize("name", FAULTS)
async def test_a_lookup_never_offers_what_the_calendar_did_not_say(
    google: FakeGoogle, house: Readback, name: str
) -> None:
    google.fail_always("freebusy", FAULTS[name])
    google.fail_always("list", FAULTS[name] if not name.startswith(("errors of", "calendar")) else None)
    call_id = new_call()
    asked = (new_id(), "check_availability", {"service": "inspection", "date": "tomorrow"})
    [result] = await promptly(house.call(asked, call_id=call_id))
    assert result["ok"] is False
    assert result["code"] in ("calendar_unavailable", "still_checking"), result
    assert "slots" not in result or result["slots"] == []
    [row] = await books.audited(house.database_url, call_id)
    assert row["outcome"] == result["code"]
    assert await books.unsound(house.database_url) == []
    ready = await house.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["google"] in ("ok", "down")


CERTAINLY_NOTHING = {"400", "401", "403 forbidden", "404"}
"""Answers of Google that leave no doubt: nothing was written."""


@pytest.mark.parametrize("name", [name for name in FAULTS if not name.startswith(("errors of", "calendar"))])
async def test_a_write_that_goes_wrong_is_never_called_booked(google: FakeGoogle, house: Readback, name: str) -> None:
    [slot] = await house.offers(limit=1)
    google.fail_always("insert", FAULTS[name])
    await _holds_what_it_says(google, house, slot, name)


AFTERWARDS = {
    "commit then hang": faults.COMMIT_THEN_HANG,
    "commit then reset": faults.COMMIT_THEN_RESET,
    "commit then 503": faults.COMMIT_THEN_503,
    "200 without writing": faults.NOT_WRITTEN,
    "written an hour late": faults.written_at(3600, shown=True),
    "written an hour late, unseen": faults.written_at(3600, shown=False),
}


@pytest.mark.parametrize("name", AFTERWARDS)
async def test_a_write_nobody_can_be_sure_of_is_pending_and_its_time_kept(
    google: FakeGoogle, house: Readback, name: str
) -> None:
    [slot] = await house.offers(limit=1)
    google.fail_next("insert", AFTERWARDS[name])
    result = await _holds_what_it_says(google, house, slot, name)
    if result["outcome"] == "pending":
        google.fail_always("insert", None)
        later = await house.offers(limit=50)
        assert slot["start"] not in [other["start"] for other in later]


async def _holds_what_it_says(google: FakeGoogle, house: Readback, slot: Any, name: str) -> dict[str, Any]:
    """Book; whatever is said must agree with the calendar and with our own rows."""
    call_id = new_call()
    result: dict[str, Any]
    asked = (new_id(), "book_appointment", {"slot_id": slot["slot_id"], **SAM})
    [result] = await promptly(house.call(asked, call_id=call_id))
    there = google.events(DANA)
    active = books.booked(house.database_url)
    [row] = await books.audited(house.database_url, call_id)
    assert row["outcome"] == result.get("code", "ok")
    assert len(there) <= 1
    if result["ok"]:
        # A write whose answer was lost may be seen on the calendar all the same: then it is booked.
        assert result["outcome"] == "confirmed"
        [event] = there
        assert event["id"] == active[0]["event_id"]
        assert event["start"]["dateTime"]
    elif result.get("outcome", "pending") == "pending":
        assert result["code"] == "still_checking", result
        assert [booking["status"] for booking in active] in (["pending"], ["held"])
        assert "reference" not in result or result["reference"] == active[0]["reference"]
        assert name not in CERTAINLY_NOTHING
    else:
        assert (result["outcome"], result["code"]) == ("refused", "calendar_unavailable")
        assert (there, active) == ([], [])
    return result


async def test_a_persons_event_that_came_first_wins(google: FakeGoogle, house: Readback) -> None:
    [slot] = await house.offers(limit=1)
    start = datetime.fromisoformat(slot["start"]).timestamp()
    google.add_event(DANA, int(start), int(start) + 1800)
    asked = (new_id(), "book_appointment", {"slot_id": slot["slot_id"], **SAM})
    [result] = await house.call(asked)
    assert (result["outcome"], result["code"]) == ("refused", "slot_taken")
    assert result["slots"]
    assert slot["start"] not in [other["start"] for other in result["slots"]]
    assert len(google.events(DANA)) == 1
    assert books.booked(house.database_url) == []


async def test_a_persons_event_that_comes_during_the_write_wins_too(google: FakeGoogle, house: Readback) -> None:
    [slot] = await house.offers(limit=1)
    start = int(datetime.fromisoformat(slot["start"]).timestamp())
    google.fail_next("insert", faults.slow(0.3))
    booking = asyncio.create_task(house.call((new_id(), "book_appointment", {"slot_id": slot["slot_id"], **SAM})))
    async with asyncio.timeout(20):
        while not google.counts["insert"]:  # noqa: ASYNC110 - the fake counts and does not notify
            await asyncio.sleep(0.005)
    google.add_event(DANA, start + 600, start + 1200)
    [result] = await booking
    assert (result["outcome"], result["code"]) == ("refused", "slot_taken")
    [left] = google.events(DANA)
    assert left["summary"] == "Somebody else's"
    assert books.booked(house.database_url) == []


async def test_a_booking_is_one_event_as_the_contract_says(google: FakeGoogle, house: Readback) -> None:
    [slot] = await house.offers(limit=1)
    [result] = await house.call((new_id(), "book_appointment", {"slot_id": slot["slot_id"], "notes": "Ants", **SAM}))
    assert result["outcome"] == "confirmed"
    [event] = google.events(DANA)
    assert event["summary"] == "Home inspection: Sam Rivera"
    assert event["extendedProperties"]["private"]["readback_reference"] == result["reference"]
    assert "attendees" not in event
    assert event.get("transparency", "opaque") == "opaque"
    assert event["status"] == "confirmed"
    for told in (CALLER, "Ants", result["reference"]):
        assert told in event["description"]


async def test_one_lookup_over_seven_days_is_one_request(sqlite_url: str, tmp_path: Path) -> None:
    async with FakeGoogle() as google:
        variables = environment(sqlite_url, written(tmp_path, acme(GOOGLE)), READBACK_GOOGLE_API_URL=google.url)
        async with serving(variables) as house:
            assert (await house.tool("check_availability", {"service": "inspection"}))["slots"]
            assert google.counts["freebusy"] == 1


@contextlib.contextmanager
def failing(google: FakeGoogle, operation: str, fault: Fault) -> Iterator[None]:
    google.fail_always(operation, fault)
    yield
    google.fail_always(operation, None)


async def test_a_booking_that_cannot_be_looked_at_again_is_pending_and_settled_later(
    google: FakeGoogle, house: Readback
) -> None:
    [slot] = await house.offers(limit=1)
    call_id = new_call()
    asked = ("book_appointment", {"slot_id": slot["slot_id"], **SAM})
    with failing(google, "list", faults.UNAVAILABLE):
        [result] = await promptly(house.call((new_id(), *asked), call_id=call_id))
        assert result["ok"] is False
        assert result["code"] == "still_checking"

    def settled() -> bool:
        return [b["status"] for b in books.booked(house.database_url)] == ["confirmed"]

    assert await books.eventually(settled, 40)
    [found] = await house.call((new_id(), "find_appointments", {}))
    assert [appointment["outcome"] for appointment in found["appointments"]] == ["confirmed"]
    assert len(google.events(DANA)) == 1
