"""Whoever has to mend something hears of each reason, and that it is over."""

from collections.abc import AsyncIterator

import pytest

from app.db.schema import pages
from tests.sms.texting import Texting, texting


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[Texting]:
    async with texting(database_url) as made:
        yield made


async def test_another_reason_pages_again_and_all_end_when_a_text_gets_there(house: Texting) -> None:
    for number, code in enumerate((30007, 30034, 30034), 1):
        await house.owe(booking=f"b{number}", kind="notice")
        await house.jobs.run_for(5)
        await house.report("undelivered", code=code, place=number)
    assert sorted(row.key for row in await house.rows(pages)) == ["acme:30007", "acme:30034"]

    await house.owe(booking="last", kind="notice")
    await house.jobs.run_for(5)
    await house.report("delivered", place=4)
    assert {row.status for row in await house.rows(pages)} == {"resolved"}
