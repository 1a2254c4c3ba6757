"""One transaction, or one look, by a program that is no server: a command that runs beside servers or without them.

A database that is not there is not made.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from app.db.away import told_apart
from app.db.engine import Seal, Transaction
from app.db.opening import must_be_there, open_engine


@contextmanager
def committing(url: str, seal: Seal) -> Iterator[Transaction]:
    """A transaction, committed at the end with what it recorded. Raises `ConfigurationError` without a database."""
    with _opened(url, writes=True) as engine, engine.begin() as connection:
        transaction = Transaction(connection)
        yield transaction
        if transaction.records:
            seal(connection, transaction.records)


@contextmanager
def looking(url: str) -> Iterator[Connection]:
    """A connection that reads. Raises `ConfigurationError` when there is no such database, or not these tables."""
    with _opened(url, writes=False) as engine, engine.connect() as connection:
        yield connection


@contextmanager
def _opened(url: str, *, writes: bool) -> Iterator[Engine]:
    must_be_there(url)
    engine = open_engine(url, writes=writes, in_turn=writes)  # as every server's writer
    try:
        with told_apart():
            yield engine
    finally:
        engine.dispose()
