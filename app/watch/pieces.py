"""Much work in small pieces off the loop, with a rest after each: whoever calls meanwhile waits for one at most."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final, Protocol, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")
R = TypeVar("R")

RESTS: Final = 100.0
"""A rest is so many times as long as the piece before it: the interpreter is one, and a thread that counts takes it. Of
a hundred callers two come upon a piece then, and the slowest of a hundred is hardly any slower for it."""
RESTS_AWAITED: Final = 4.0
"""The same while somebody waits for what comes of it."""
MOST_REST_S: Final = 0.2
PIECE_WITHIN_S: Final = 20.0


class Reading(Protocol):
    """A database, as far as it is looked at."""

    async def read(self, work: Callable[[Connection], R], within_s: float) -> R:
        """What `work` finds. Raises `DatabaseUnavailableError`."""


async def in_pieces(
    database: Reading,
    things: Sequence[T],
    most: int,
    work: Callable[[Connection, Sequence[T]], R],
    rests: float = RESTS,
) -> AsyncIterator[R]:
    """What `work` finds for each `most` of the things, one after the other. Raises `DatabaseUnavailableError`."""
    for start in range(0, len(things), most):
        some, began = things[start : start + most], time.monotonic()
        yield await database.read(lambda connection, some=some: work(connection, some), PIECE_WITHIN_S)  # type: ignore[misc]  # the default only binds it
        if start + most < len(things):
            await asyncio.sleep(min(MOST_REST_S, rests * (time.monotonic() - began)))
