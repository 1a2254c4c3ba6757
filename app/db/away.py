"""Whether a database is away, which ends by itself, or the setting that names it is wrong, which does not."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.errors import ConfigurationError

_NOT_REACHED: Final = re.compile(
    "connection refused|on socket .*no such file|time(out|d out)|(resolve|translate) host|no route to host"
    "|unreachable|host is down|closed the connection|connection reset|broken pipe|eof detected"
    "|starting up|shutting down|in recovery|not (yet|currently) accepting|terminating connection"
    "|too many (clients|connections)|connection slots",
    re.IGNORECASE,
)
"""A connection that is refused carries no SQLSTATE: there is nothing but the words of libpq, and of the server. Words
nobody here knows, in another language say, count as a wrong setting, which ends the process and not its next start.
"""
_NOT_NOW: Final = ("08", "53", "57P", "57014", "55P03", "55000", "25006")
"""How SQLSTATEs begin: connection, resources, shutting down, timeouts, not in this state, and a server that is read
only because it is being recovered.
"""
_NOT_NOW_SQLITE: Final = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY")
_NOT_OURS: Final = ("42P01", "42703")
_NOT_OURS_SQLITE: Final = ("no such table", "no such column")
"""A table or column that is not there: whoever asks is newer than the database, which only a start upgrades."""
_NAMES: Final = re.compile('"[^"]*"')


class DatabaseAwayError(ConfigurationError):
    """The database cannot be had now; the same start may succeed a moment later."""

    retryable: ClassVar[bool] = True


def reason(error: BaseException) -> str:
    """Why, in the first line of the driver's own words where it has any, and its hint: what a person needs to put it
    right.
    """
    cause = next((e for e in (error, error.__cause__) if isinstance(e, SQLAlchemyError)), error)
    driver: Any = getattr(cause, "orig", None)
    said = str(driver or cause).strip()
    if not said:
        return type(cause).__name__
    hint = getattr(getattr(driver, "diag", None), "message_hint", None)  # what PostgreSQL says is to be done
    return ": ".join(part.rstrip(".") for part in (said.splitlines()[0], hint) if part)


@contextmanager
def told_apart() -> Iterator[None]:
    """What the database refuses inside is one sentence. Raises `DatabaseAwayError`, or else `ConfigurationError`."""
    try:
        yield
    except SQLAlchemyError as error:
        if _lacks_tables(error):
            raise ConfigurationError(
                f"READBACK_DATABASE_URL: the tables there are not those of this version ({reason(error)}); "
                "starting its server, as with `readback serve`, makes or upgrades them."
            ) from error
        kind = DatabaseAwayError if _is_away(error) else ConfigurationError
        raise kind(f"READBACK_DATABASE_URL: the database cannot be used ({reason(error)}).") from error


def _lacks_tables(error: SQLAlchemyError) -> bool:
    driver: Any = getattr(error, "orig", None)
    return getattr(driver, "sqlstate", None) in _NOT_OURS or (
        hasattr(driver, "sqlite_errorname") and str(driver).startswith(_NOT_OURS_SQLITE)
    )


def _is_away(error: SQLAlchemyError) -> bool:
    if not isinstance(error, DBAPIError):
        return False
    driver: Any = error.orig
    state = getattr(driver, "sqlstate", None)
    if state is not None:
        return str(state).startswith(_NOT_NOW)
    if hasattr(driver, "sqlite_errorname"):
        return str(driver.sqlite_errorname).startswith(_NOT_NOW_SQLITE)
    return error.connection_invalidated or bool(_NOT_REACHED.search(_NAMES.sub("", str(driver))))
