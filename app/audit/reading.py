"""The audit log as an auditor reads it, with or without a server running: is it whole, what is its head, what is in it.

Nothing here writes.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection

from app.audit.anchors import DamagedAnchorsError, noted
from app.audit.log import Verdict, head, rows, verify

COLUMNS = ("seq", "at", "kind", "business", "subject", "data", "previous", "hash")


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
