"""Whose appointment it is, and how many tries who guesses has."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from app.booking.owner import BURST, MOST_AT_BUSINESS, MOST_BY_ONE, WINDOW_S, Asking
from app.db.schema import failed_attempts, pages
from app.errors import Code, SaidError
from tests.booking.acme import CALLER, House, house
from tests.fakes.databases import executed


@pytest.fixture
async def made(database_url: str) -> AsyncIterator[House]:
    async with house(database_url) as built:
        yield built


async def ask(
    made: House, reference: str, name: str | None = None, caller: str | None = None, call: str = "test:1"
) -> str:
    """`found`, or the code of the refusal."""
    try:
        await made.front.owners.appointment("acme", Asking(caller, call), reference, name)
    except SaidError as error:
        return error.code.value
    return "found"


async def booked(made: House) -> str:
    outcome = await made.book()
    assert outcome.booking is not None
    return outcome.booking.reference


async def guess(made: House, times: int, caller: str | None = None, call: str = "test:1") -> set[str]:
    return {await ask(made, f"WRONG{n}", "Ann Lee", caller, call) for n in range(times)}


async def paged(made: House) -> list[str]:
    return list(
        await made.database.read(
            lambda c: [row.kind for row in c.execute(select(pages).where(pages.c.status == "open"))]
        )
    )


async def test_the_tries_of_one_call_are_used_up(made: House) -> None:
    reference = await booked(made)
    assert await guess(made, MOST_BY_ONE) == {Code.NOT_FOUND.value}
    assert await ask(made, reference, "Ann Lee") == Code.NOT_ALLOWED.value
    assert await ask(made, reference, "Ann Lee", call="test:2") == "found"
    assert await ask(made, reference, caller=CALLER) == "found", "whose number it is needs no luck"


async def test_a_number_that_is_not_there_is_nobodys(made: House, database_url: str) -> None:
    reference = await booked(made)
    executed(database_url, "UPDATE bookings SET caller = '', phone = ''")

    assert await ask(made, reference, caller="") == Code.NOT_FOUND.value
    assert await ask(made, reference, caller=None) == Code.NOT_FOUND.value


async def test_the_tries_of_one_caller_are_used_up_over_many_calls(made: House) -> None:
    reference = await booked(made)
    for n in range(MOST_BY_ONE):
        await guess(made, 1, "+15125550999", f"test:{n}")
    assert await ask(made, reference, "Ann Lee", "+15125550999", "test:99") == Code.NOT_ALLOWED.value
    made.clock.advance(int(WINDOW_S) + 1)  # type: ignore[attr-defined]  # a FakeClock
    assert await ask(made, reference, "Ann Lee", "+15125550999", "test:99") == "found"


async def test_a_burst_at_one_business_pages_once_and_in_the_end_nobody_guesses_there(made: House) -> None:
    reference = await booked(made)
    for n in range(BURST - 1):
        await guess(made, 1, call=f"test:{n}")
    assert await paged(made) == []
    for n in range(BURST - 1, MOST_AT_BUSINESS):
        await guess(made, 1, call=f"test:{n}")
    assert await paged(made) == ["reference_guessing"]
    assert await ask(made, reference, "Ann Lee", call="test:new") == Code.NOT_ALLOWED.value
    assert await ask(made, reference, caller=CALLER, call="test:new") == "found"


async def test_when_it_has_been_quiet_the_page_is_over_and_what_was_counted_is_forgotten(made: House) -> None:
    for n in range(BURST):
        await guess(made, 1, call=f"test:{n}")
    assert await paged(made) == ["reference_guessing"]
    made.clock.advance(int(WINDOW_S) + 1)  # type: ignore[attr-defined]  # a FakeClock
    await guess(made, 1, "+15125550999")
    assert await paged(made) == []
    rows = await made.database.read(lambda c: c.execute(select(failed_attempts)).fetchall())
    assert len(rows) == 3, "once for the business, the call and the caller"
    assert not any("5125550999" in row.who for row in rows)


async def test_a_try_without_a_name_gets_nowhere_and_is_not_counted(made: House) -> None:
    reference = await booked(made)
    for _ in range(MOST_BY_ONE + 2):
        assert await ask(made, reference) == Code.NOT_FOUND.value
    assert await ask(made, reference, "Ann Lee") == "found"


async def test_what_is_found_is_never_counted(made: House) -> None:
    reference = await booked(made)
    for _ in range(MOST_BY_ONE + 2):
        assert await ask(made, reference, "Ann Lee") == "found"
