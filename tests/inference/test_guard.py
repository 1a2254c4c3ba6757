"""The guard: turns customers off models when figures break, pages once, and leaves it to people to turn it up."""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.db.engine import Database
from app.db.schema import pages
from app.inference.attempt import Attempt
from app.inference.flag import MODEL_PATH, change, stands
from app.inference.guard import Guard, Limits
from app.inference.prompt import CURRENT, built
from app.inference.records import Inference, kept
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened
from tests.inference.test_prompt import GIVEN

PROMPT = built(CURRENT, GIVEN)


async def happened(database: Database, at: float, outcomes: Sequence[str], usd: str = "0", replays: str = "") -> None:
    attempts = (Attempt("a:x", "ok", Decimal(usd), 0.1),)
    for outcome in outcomes:
        inference = Inference("acme", "c", PROMPT, outcome, attempts, replays=replays)
        await database.write(lambda t, i=inference: kept(t, i, now=at))


async def percent(database: Database) -> int:
    return (await database.read(lambda c: stands(c, MODEL_PATH))).percent


@pytest.mark.parametrize(
    ("outcomes", "usd", "why"),
    [
        (["ok"] * 2 + ["down"] * 8, "0", "errors: 80% of 10"),
        (["ok"] * 58 + ["down"] * 42, "0", "errors: 42% of 100"),
        (["ok"] * 5 + ["refused"] * 5, "0", "refusals: 50% of 10"),
        (["ok"] * 5 + ["bad"] * 5, "0", "dead letters: 50% of 10"),
        (["ok"] * 8 + ["bad"] * 2, "0", ""),
        (["ok"] * 6 + ["down"] * 4, "0", ""),
        (["ok"] * 3, "0.5", "cost: 1.50 dollars of at most 1.00"),
        (["ok"] * 8 + ["down", "bad"], "0.1", ""),
        (["down"] * 9, "0", ""),
        (["held"] * 20 + ["capped"] * 20, "0", ""),
        (["ok"] * 2 + ["down"] * 8 + ["fits"] * 10, "0", "errors: 80% of 10"),
        (["ungraded"] * 9 + ["unsafe"] * 9, "0", ""),
        (["ok", "fits"], "0.6", "cost: 1.20 dollars of at most 1.00"),
    ],
)
async def test_a_figure_that_breaks_turns_it_off_and_pages_once(
    database_url: str, outcomes: list[str], usd: str, why: str
) -> None:
    clock = FakeClock()
    async with opened(database_url) as database:
        guard = Guard(database, clock, Limits(usd=Decimal("1.0")))
        await happened(database, clock.now() - 5, outcomes, usd)

        found = await guard.look()
        assert found.startswith(why)
        assert bool(found) is bool(why)
        assert await percent(database) == (0 if why else 100)
        assert await guard.look() == ""
        titles = await database.read(lambda c: c.execute(select(pages.c.title)).scalars().all())
        assert len(titles) == bool(why)


async def test_what_is_old_or_was_only_a_test_does_not_count(sqlite_url: str) -> None:
    clock = FakeClock()
    async with opened(sqlite_url) as database:
        await happened(database, clock.now() - 700, ["down"] * 20)
        await happened(database, clock.now() - 5, ["down"] * 20, replays="x")
        assert await Guard(database, clock).look() == ""


async def test_a_person_who_turns_it_up_again_is_not_overruled_by_what_was_before(sqlite_url: str) -> None:
    clock = FakeClock()
    async with opened(sqlite_url) as database:
        guard = Guard(database, clock)
        await happened(database, clock.now() - 5, ["down"] * 20)
        assert await guard.look()
        clock.advance(1)
        await database.write(lambda t: change(t, MODEL_PATH, 20, by="dana", now=clock.now()))
        clock.advance(1)
        assert await guard.look() == ""
        assert await percent(database) == 20
        await happened(database, clock.now(), ["down"] * 20)
        assert await guard.look()
        assert await percent(database) == 0
