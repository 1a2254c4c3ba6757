"""Whoever decides sees what has become of the visits meanwhile, and of no other business's."""

from typing import Any

import pytest
from sqlalchemy import update

from app.booking.as_it_stands import as_they_stand
from app.booking.business import Businesses
from app.db.schema import bookings
from app.review.reviews import Kept
from tests.booking.acme import TUESDAY_9, acme, house

TUESDAY = "Home inspection on Tue 24 Nov 2026, 09:00 CST with Dana"
WEDNESDAY = "Home inspection on Wed 25 Nov 2026, 09:00 CST with Dana"
NO_SUCH = "this business has no such visit."


def review(content: dict[str, Any], business: str = "acme") -> Kept:
    return Kept("r1", business, "sms:c1", "high_stakes", "Cancel.", content, "open", 0, 0, 0, "", "")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, f"{TUESDAY}, confirmed."),
        ({"starts": TUESDAY_9 + 86_400}, f"{WEDNESDAY}, confirmed."),
        ({"status": "cancelled"}, f"{TUESDAY}, cancelled."),
        ({"business": "zenith"}, NO_SUCH),
    ],
)
async def test_a_visit_is_told_as_it_is_now(database_url: str, changed: dict[str, Any], told: str) -> None:
    async with house(database_url) as made:
        outcome = await made.book()
        assert outcome.booking is not None
        reference = outcome.booking.reference
        if changed:
            await made.database.write(lambda t: t.connection.execute(update(bookings).values(**changed)))
        businesses = Businesses({"acme": acme()})
        move = {"tool": "reschedule_appointment", "arguments": {"reference": reference, "slot_id": "s"}}
        cancel = {"tool": "cancel_appointment", "arguments": {"reference": reference}}
        book = {"tool": "book_appointment", "arguments": {"slot_id": "s"}}

        async def stands(content: dict[str, Any], business: str = "acme") -> list[str]:
            return await made.database.read(lambda c: as_they_stand(c, review(content, business), businesses))

        assert await stands(cancel) == await stands(move) == [f"{reference}: {told}"]
        assert await stands({**book, "then": [cancel, move]}) == [f"{reference}: {told}"]
        nobodys = {"tool": "cancel_appointment", "arguments": {"reference": "NOBODY"}}
        assert await stands({**cancel, "then": [nobodys]}) == [f"{reference}: {told}", f"NOBODY: {NO_SUCH}"]
        assert await stands(book) == await stands({}) == []
        assert await stands(cancel, "gone") == []
