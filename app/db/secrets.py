"""Secrets that all processes of one installation share, made once and kept in the database."""

import secrets as random

from sqlalchemy import delete, select

from app.db.away import told_apart
from app.db.opening import must_be_there, normalised, open_engine
from app.db.schema import secrets

SECRET_BYTES = 32

INSTALLATION = "installation"
"""Of which all that the installation signs has keys."""


def shared_secret(url: str, name: str) -> bytes:
    """The secret called `name`, made by whichever process asks first. Raises `DatabaseAwayError` as `migrate` does.

    The database has to be there.
    """
    must_be_there(url)
    engine = open_engine(normalised(url), writes=True)
    try:
        with told_apart(), engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("LOCK TABLE secrets IN EXCLUSIVE MODE")
            value = connection.execute(select(secrets.c.value).where(secrets.c.name == name)).scalar()
            if value is None:
                value = random.token_hex(SECRET_BYTES)
                connection.execute(secrets.insert().values(name=name, value=value))
        return bytes.fromhex(value)
    finally:
        engine.dispose()


def replace_secret(url: str, name: str) -> None:
    """Forget the secret called `name`; whoever asks next makes a new one. Processes that know it keep it.

    The database has to be there. Raises `DatabaseAwayError` as `migrate` does.
    """
    must_be_there(url)
    engine = open_engine(normalised(url), writes=True)
    try:
        with told_apart(), engine.begin() as connection:
            connection.execute(delete(secrets).where(secrets.c.name == name))
    finally:
        engine.dispose()
