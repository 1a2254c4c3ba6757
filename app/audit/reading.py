"""The audit log as an auditor reads it, with or without a server running: is it whole, what is its head, what is in it.

Nothing here writes, and a database that is not there is not made.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from app.audit.anchors import DamagedAnchorsError, noted
from app.audit.log import Verdict, head, rows, verify
from app.db.opening import must_be_there, open_engine
from app.errors import ConfigurationError

COLUMNS = ("seq", "at", "kind", "business", "subject", "data", "previous", "hash")


@contextmanager
def reading(url: str) -> Iterator[Connection]:
    """A connection that reads. Raises `ConfigurationError` when there is no such database, or no log in it."""
    must_be_there(url)
    engine = open_engine(url, writes=False)
    try:
        with engine.connect() as connection:
            yield connection
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise ConfigurationError(f"READBACK_DATABASE_URL: the audit log cannot be read ({reason}).") from error
    finally:
        engine.dispose()


def verified(connection: Connection, anchors: Path) -> tuple[Verdict, int]:
    """Whether the chain holds, and how many heads noted in the file `anchors` it was held against."""
    try:
        wanted = noted(anchors)
    except DamagedAnchorsError as damaged:
        return Verdict(0, head(connection), 0, str(damaged)), 0
    return verify(connection, wanted), len(wanted)


def exported(connection: Connection) -> Iterator[dict[str, Any]]:
    """Every row from the first, `data` read back into an object."""
    for row in rows(connection):
        yield {name: getattr(row, name) for name in COLUMNS} | {"data": orjson.loads(row.data)}
