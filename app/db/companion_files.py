"""Files of this installation that lie outside its database: found by the database they belong to."""

import hashlib
from pathlib import Path

from sqlalchemy import make_url

from app.db.opening import database_file


def beside(url: str, name: str, ending: str) -> Path:
    """Next to a database that is a file, as `{file}.{ending}`; in `var` when it is a server, `name` first.

    Each database of a server has a file of its own.
    """
    file = database_file(url)
    if file:
        return Path(f"{file}.{ending}")
    server = make_url(url)
    place = hashlib.blake2b(f"{server.host}:{server.port}/{server.database}".encode(), digest_size=4).hexdigest()
    database = "".join(sign if sign.isalnum() or sign in "_-" else "-" for sign in server.database or "")
    return Path(f"var/{name}-{database}-{place}.{ending}")
