"""Which bookings are in doubt: every one whose visit is to come, however long ago it was booked."""

import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from app.audit.log import seal
from app.dashboard.overview import UNSETTLED_AFTER_S
from app.dashboard.views import MOST_SHOWN
from app.db.once import committing
from app.db.schema import bookings
from tests.dashboard.looking import dashboard, signed_in
from tests.flows.running import ADMIN_TOKEN, Readback
from tests.watch.figured import filled

DAY_S = 86_400
DOUBTED, UNSETTLED = "Bookings in doubt", "unsettled"


def booked(url: str, many: int, *, in_days: float, **values: Any) -> None:
    """So many bookings that were made ten days ago."""
    with committing(url, seal) as transaction:
        transaction.connection.execute(insert(bookings), list(_rows(many, time.time(), in_days, values)))


def _rows(many: int, now: float, in_days: float, values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for _ in range(many):
        name = uuid.uuid4().hex
        starts = int(now + in_days * DAY_S)
        given = {"status": "confirmed", "verification": "mismatch", "updated_at": now - 10 * DAY_S}
        given |= {"id": name, "reference": name[:6].upper(), "starts": starts, **values}
        yield filled(bookings, business="acme", **given)


async def tile(server: Readback) -> dict[str, Any]:
    told = (await server.get("/api/overview", ADMIN_TOKEN)).json()
    return next(one for one in told["tiles"] if one["name"] == DOUBTED)


async def listed(server: Readback, after: str = "") -> dict[str, Any]:
    found: dict[str, Any] = (await server.get(f"/api/bookings?show=doubted&after={after}", ADMIN_TOKEN)).json()
    return found


async def test_what_was_booked_long_ago_is_in_doubt_until_its_visit_is_over(database_url: str, tmp_path: Path) -> None:
    booked(database_url, 60, in_days=-1)
    booked(database_url, 1, in_days=1, status="released", verification="changed")
    async with dashboard(database_url, tmp_path) as server, signed_in(server) as dana:
        assert (await tile(server))["value"] == "0"
        assert "visit to come" in (await dana.look("bookings?show=doubted")).text
        booked(database_url, 5, in_days=1)
        booked(database_url, 1, in_days=50, status="cancelled", verification="cannot_verify")
        assert ((await tile(server))["value"], len((await listed(server))["bookings"])) == ("6", 6)
        booked(database_url, 200, in_days=30, verification="changed")
        assert (await tile(server))["value"] == "206"
        seen, following = [], ""
        while following is not None:
            found = await listed(server, following)
            seen += [one["reference"] for one in found["bookings"]]
            assert len(found["bookings"]) == MOST_SHOWN or not found["more"]
            shown = (await dana.look(f"bookings?show=doubted&after={following}")).text
            assert [one["reference"] in shown for one in found["bookings"]] == [True] * len(found["bookings"])
            following = found["next"]
            assert following is None or f"show=doubted&amp;after={following}" in shown
        assert len(set(seen)) == len(seen) == 206


async def test_every_booking_that_stays_unsettled_is_counted_and_listed_where_its_tile_leads(
    database_url: str, tmp_path: Path
) -> None:
    async with dashboard(database_url, tmp_path) as server, signed_in(server) as dana:
        assert "Of every booking it is known" in (await dana.look("bookings?show=unsettled")).text
        # Whoever settles them looks at them every few seconds, so the next look is never long ago.
        hold = {"status": "pending", "verification": "", "hold_until": time.time() + 20}
        booked(database_url, 5, in_days=1, created_at=time.time() - UNSETTLED_AFTER_S + 60, **hold)
        booked(database_url, 70, in_days=1, created_at=time.time() - UNSETTLED_AFTER_S - 60, **hold)
        one = await tile(server)
        assert (one["value"], one["word"], one["path"]) == ("70", UNSETTLED, "bookings?show=unsettled")
        first = (await server.get(f"/api/{one['path']}", ADMIN_TOKEN)).json()
        second = (await server.get(f"/api/{one['path']}&after={first['next']}", ADMIN_TOKEN)).json()
        assert (len(first["bookings"]), len(second["bookings"]), second["next"]) == (MOST_SHOWN, 20, None)


@pytest.mark.parametrize(("intent", "said"), [("move", "move under way"), ("cancel", "cancellation under way")])
async def test_a_change_that_stays_unsettled_is_listed_as_the_appointment_that_it_is_of(
    database_url: str, tmp_path: Path, intent: str, said: str
) -> None:
    name, asked = uuid.uuid4().hex, time.time() - 3_600
    stands = {"id": name, "reference": "K7M4QX", "verification": "verified", "phone": "+15125550142"}
    booked(database_url, 1, in_days=1, **stands)
    booked(database_url, 1, in_days=2, status="pending", verification="", amends=name, intent=intent, created_at=asked)
    async with dashboard(database_url, tmp_path) as server, signed_in(server) as dana:
        assert (await tile(server))["word"] == UNSETTLED
        (one,) = (await server.get("/api/bookings?show=unsettled", ADMIN_TOKEN)).json()["bookings"]
        assert (one["reference"], one["change"], one["phone"][-2:]) == ("K7M4QX", intent, "42")
        for path in ("bookings?show=unsettled", f"bookings?reference={one['reference']}"):
            shown = await dana.look(path)
            assert (shown.status_code, said in shown.text) == (200, True)
        shown = await dana.press("show", {"kind": "booking", "id": one["reference"]})
        assert (shown.status_code, "+15125550142" in shown.text) == (200, True)
