"""A callback is promised once for each request, with a name that can be said, and privately."""

from dataclasses import replace

import pytest

from app.db.engine import Database
from app.promises.callbacks import Callback, Promised, promised
from app.review.tasks import closed
from tests.fakes.databases import executed, opened

PHONE = "+15125550142"
WANTED = Callback("acme", "vapi:c1", PHONE, "the ants are back", "", "by Friday at 11:00 AM", 5_000)


async def ask(database: Database, wanted: Callback = WANTED, now: float = 1_000.0) -> Promised:
    return await database.write(lambda t: promised(t, wanted, now=now))


async def test_it_is_a_task_with_a_time_and_whom_to_call(database_url: str) -> None:
    async with opened(database_url) as database:
        found = await ask(database)

    assert found.due == 5_000
    assert executed(database_url, "SELECT kind, subject, what, phone, due, details FROM tasks") == [
        ("callback", found.reference, "Call a customer back by Friday at 11:00 AM.", PHONE, 5_000, "the ants are back")
    ]
    assert len(found.reference) == 6
    assert found.reference.startswith("C")
    audited = str(executed(database_url, "SELECT data FROM audit"))
    assert PHONE not in audited
    assert "ants" not in audited


async def test_the_same_request_is_one_callback_and_keeps_its_first_time(database_url: str) -> None:
    async with opened(database_url) as database:
        first = await ask(database)
        again = await ask(database, replace(WANTED, due=9_000, reason="said otherwise"), now=2_000.0)

    assert again == first
    assert executed(database_url, "SELECT count(*) FROM tasks") == [(1,)]


@pytest.mark.parametrize(
    "other",
    [{"call_key": "vapi:c2"}, {"phone": "+15125550143"}, {"asked": "tomorrow"}, {"business": "zenith"}],
    ids=lambda change: next(iter(change)),
)
async def test_another_request_is_another_callback(sqlite_url: str, other: dict[str, str]) -> None:
    async with opened(sqlite_url) as database:
        first = await ask(database)
        second = await ask(database, replace(WANTED, **other))

    assert first.reference != second.reference
    assert executed(sqlite_url, "SELECT count(*) FROM tasks") == [(2,)]


async def test_without_a_call_nothing_is_taken_for_the_same(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        nameless = replace(WANTED, call_key="")
        assert await ask(database, nameless) != await ask(database, nameless)


@pytest.mark.parametrize("how", ["done", "late"])
async def test_a_long_conversation_can_ask_again_when_the_first_is_over(sqlite_url: str, how: str) -> None:
    async with opened(sqlite_url) as database:
        first = await ask(database)
        if how == "done":
            ((key,),) = executed(sqlite_url, "SELECT key FROM tasks")
            await database.write(lambda t: closed(t, key, by="Dana", now=1_500.0))
        now = 2_000.0 if how == "done" else 6_000.0
        second = await ask(database, replace(WANTED, due=9_000), now=now)

    assert second.due == 9_000
    assert second.reference != first.reference
