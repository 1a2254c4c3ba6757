"""Works of several callers done as one: each gets its own outcome, and one that fails spoils nobody else's."""

import asyncio
from collections.abc import Sequence

import pytest

from app.db.batching import Together
from app.db.engine import Database, DatabaseRefusedError, Transaction
from app.db.schema import secrets
from tests.fakes.databases import executed, held_up, opened


class Keeper:
    """Keeps names, many in one go, and notes how many each time."""

    def __init__(self, refused: str = "") -> None:
        self.times: list[int] = []
        self._refused = refused

    def keep(self, transaction: Transaction, wanted: Sequence[str]) -> list[str]:
        self.times.append(len(wanted))
        if self._refused in wanted:
            raise KeyError(self._refused)
        transaction.connection.execute(secrets.insert(), [{"name": name, "value": "x"} for name in wanted])
        transaction.topics.add("kept")
        return [f"kept {name}" for name in wanted]


async def asked_at_once(database: Database, works: Sequence[object]) -> list[object]:
    async with held_up(database):
        writing = [asyncio.create_task(database.write(work)) for work in works]  # type: ignore[arg-type]  # of any kind
        await asyncio.sleep(0)
    return await asyncio.gather(*writing, return_exceptions=True)


def names(url: str) -> list[str]:
    return sorted(name for (name,) in executed(url, "SELECT name FROM secrets"))


async def test_works_of_one_kind_are_done_in_one_go_and_each_hears_its_own_outcome(database_url: str) -> None:
    first, second = Keeper(), Keeper()
    told: list[str] = []
    async with opened(database_url) as database:
        database.listen("kept", lambda: told.append("kept"))
        works = [Together((first if number % 2 else second).keep, f"n{number:02}") for number in range(30)]
        works.insert(7, lambda _: "alone")  # type: ignore[arg-type]  # work of any kind

        outcomes = await asked_at_once(database, works)

    assert outcomes == [*(f"kept n{n:02}" for n in range(7)), "alone", *(f"kept n{n:02}" for n in range(7, 30))]
    assert (first.times, second.times) == ([15], [15])
    assert names(database_url) == [f"n{number:02}" for number in range(30)]
    assert told == ["kept"]


async def test_one_that_fails_gets_its_own_error_and_the_others_are_kept_once(database_url: str) -> None:
    keeper = Keeper(refused="n3")
    async with opened(database_url) as database:
        outcomes = await asked_at_once(database, [Together(keeper.keep, f"n{number}") for number in range(6)])

    assert [str(outcome) for outcome in outcomes] == [
        "kept n0",
        "kept n1",
        "kept n2",
        "'n3'",
        "kept n4",
        "kept n5",
    ]
    assert isinstance(outcomes[3], KeyError)
    assert names(database_url) == ["n0", "n1", "n2", "n4", "n5"]


async def test_one_that_comes_alone_is_done_alone(database_url: str) -> None:
    keeper = Keeper()
    async with opened(database_url) as database:
        assert await database.write(Together(keeper.keep, "n")) == "kept n"
        with pytest.raises(DatabaseRefusedError):
            await database.write(Together(keeper.keep, "n"))

    assert keeper.times == [1, 1]
