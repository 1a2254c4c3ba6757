"""How figures stand, in the database: only what changed is written, so that figures that are well cost nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from app.db.engine import Transaction
from app.db.schema import figure_states
from app.watch.figures import Standing, State

Key = tuple[str, str]
"""A figure's name, and what it is of."""
_LOOK: Final = ("", "")
"""The row of the last evaluation itself: `at`, in `since` when the clock last jumped, and in `samples` how many figures
nobody could know, of which nothing else is kept."""
_COLUMNS: Final = tuple(field.name for field in fields(Standing) if field.name != "seen")
_s = figure_states.c


@dataclass(frozen=True, slots=True)
class Book:
    """Everything that is kept. `last`: the last evaluation; `jumped_at`: the last jump of the wall clock; 0: none."""

    standings: Mapping[Key, Standing]
    last: float = 0.0
    jumped_at: float = 0.0


def opened(connection: Connection) -> Book:
    """The book as it is."""
    found = {(row.name, row.of): row for row in connection.execute(select(figure_states))}
    look = found.pop(_LOOK, None)
    standings = {
        key: Standing(State(row.state), **{name: getattr(row, name) for name in _COLUMNS[1:]})
        for key, row in found.items()
    }
    return Book(standings, look.at, look.since) if look else Book(standings)


def looked(connection: Connection) -> tuple[float, int]:
    """When the last evaluation was, 0 for never, and how many figures without a row of their own it could not know."""
    row = connection.execute(select(_s.at, _s.samples).where(_s.name == "", _s.of == "")).first()
    return (row.at, row.samples) if row else (0.0, 0)


def noted(
    transaction: Transaction,
    changed: Mapping[Key, Standing],
    gone: Iterable[Key],
    *,
    now: float,
    jumped_at: float,
    unseen: int = 0,
) -> None:
    """Keep what changed, forget what is gone, and that somebody looked, with how many could not be known."""
    for key in gone:
        transaction.connection.execute(delete(figure_states).where(_s.name == key[0], _s.of == key[1]))
    for key, standing in {**changed, _LOOK: Standing(since=jumped_at, at=now, samples=unseen)}.items():
        values = {name: getattr(standing, name) for name in _COLUMNS} | {"state": standing.state.value}
        there = update(figure_states).where(_s.name == key[0], _s.of == key[1]).values(**values)
        if not transaction.connection.execute(there).rowcount:
            transaction.connection.execute(insert(figure_states).values(name=key[0], of=key[1], **values))
