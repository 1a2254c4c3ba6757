"""What became of requests, in words that figures and alerts can read: being denied is told from not finding."""

from typing import Final

import pytest

from app import metrics
from app.adapters.caldav_calendar import CaldavCalendar, CaldavOptions
from app.adapters.google_calendar import GoogleCalendar, GoogleOptions
from app.adapters.outcomes import outcome_of
from app.watch.figure_readings import not_answered
from tests.fakes import google_faults as faults
from tests.fakes.caldav_server import FakeCaldav
from tests.fakes.google_calendar import FakeGoogle
from tests.fakes.google_faults import Fault

SPAN: Final = (1_893_456_000, 1_893_459_600)


@pytest.mark.parametrize(
    ("status", "outcome", "bad"),
    [
        (200, "ok", False), (207, "ok", False), (302, "client_error", False), (404, "client_error", False),
        (412, "client_error", False), (401, "denied", True), (403, "denied", True), (429, "quota", True),
        (500, "server_error", True), (503, "server_error", True),
    ],
)  # fmt: skip
def test_a_status_has_its_word(status: int, outcome: str, bad: bool) -> None:
    assert outcome_of(status) == outcome
    assert not_answered(outcome) is bad


def counted(upstream: str) -> dict[str, int]:
    """Requests so far by outcome."""
    return {outcome: many for (of, outcome), many in metrics.counted().numbers["request"].items() if of == upstream}


def since(upstream: str, before: dict[str, int]) -> dict[str, int]:
    return {outcome: more for outcome, many in counted(upstream).items() if (more := many - before.get(outcome, 0))}


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (faults.UNAUTHORIZED, "denied"),
        (faults.FORBIDDEN, "denied"),
        (faults.TOO_MANY_REQUESTS, "quota"),
        (faults.RATE_LIMIT, "quota"),
        (faults.BAD_REQUEST, "client_error"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.status} {value.reason}",
)
async def test_a_google_that_does_not_let_us_is_counted_so(fault: Fault, outcome: str) -> None:
    async with FakeGoogle(["dana"]) as server:
        calendar = GoogleCalendar(GoogleOptions(api_url=server.url))
        await calendar.start()
        server.fail_always("*", fault)
        before = counted("google")
        try:
            await calendar.free(["dana"], *SPAN, within_s=0.5)
        finally:
            await calendar.close()
    assert set(since("google", before)) - {"abandoned"} == {outcome}


async def test_a_caldav_server_that_knows_no_free_busy_is_well_and_one_that_denies_the_events_is_not() -> None:
    async with FakeCaldav() as server:
        calendar = CaldavCalendar(CaldavOptions())
        await calendar.start()
        try:
            server.fail_always("freebusy", faults.FORBIDDEN)
            before = counted("caldav")
            await calendar.free([server.url("dana")], *SPAN, within_s=5.0)
            assert since("caldav", before).keys() == {"ok"}

            server.fail_always("query", faults.FORBIDDEN)
            before = counted("caldav")
            await calendar.free([server.url("dana")], *SPAN, within_s=5.0)
            assert since("caldav", before) == {"ok": 1, "denied": 1}
        finally:
            await calendar.close()
