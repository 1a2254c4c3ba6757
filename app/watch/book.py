"""Keeps in the database what rings without a transaction of its own. Refuses nothing and decides nothing."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, select, union_all

from app.clock import Clock
from app.db.engine import Database, Transaction
from app.db.schema import job_processes, serving_processes
from app.watch import pages
from app.watch.pages import Lasting, Page, Past

WITHIN_S: Final = 2.0
"""For one commit; a page that waited longer is carried without it."""

Name = tuple[str, str]
"""Kind and key of a page."""


class Book:
    """`lists` maps each business's receivers to its id; `wake` tells the pager that something was committed."""

    def __init__(
        self, database: Database, lists: Mapping[tuple[str, ...], str], clock: Clock, wake: Callable[[], None]
    ) -> None:
        self._database = database
        self._lists = lists
        self._clock = clock
        self._wake = wake

    def business_of(self, receivers: tuple[str, ...]) -> str | None:
        """Whose list this is, "" for none at all; None when no business has it, so that no row could name it."""
        return self._lists.get(receivers) if receivers else ""

    def takes(self) -> bool:
        """Whether the database takes writes, as far as the last one showed."""
        return not self._database.refuses

    async def write(self, entries: Sequence[Page | Name | Past | Lasting]) -> None:
        """Raise pages, take over what was told, resolve names and write down what is past, in order, in one commit.

        Raises a `ReadbackError` when it is not known whether that was done.
        """
        if not entries:
            return
        now = self._clock.now()

        def work(transaction: Transaction) -> None:
            for entry in entries:
                if isinstance(entry, Page):
                    pages.raised(transaction, entry, now=now)
                elif isinstance(entry, Lasting):
                    pages.taken_over(transaction, entry, now=now)
                elif isinstance(entry, Past):
                    pages.written_down(transaction, entry, now=now)
                else:
                    pages.resolved(transaction, *entry, now=now)

        await self._database.write(work, WITHIN_S)
        self._wake()

    async def up_since(self) -> tuple[dict[Name, float], set[str]]:
        """What is open or acknowledged, whoever raised it, and since when; and every process that serves or works on
        jobs. Raises a `ReadbackError`.
        """
        return await self._database.read(lambda connection: (pages.up_since(connection), _processes(connection)))


def _processes(connection: Connection) -> set[str]:
    both = union_all(select(serving_processes.c.process), select(job_processes.c.process))
    return set(connection.execute(both).scalars())
