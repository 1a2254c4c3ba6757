"""One JSON object per line on stderr, with the ids of the request and the call on it and no personal data or secret.

Everything passes through the redaction here, also what libraries say through the standard `logging`. Personal data is
recognised by the key it stands under and by its form; a person's name in free text cannot be, so put it under a key.
"""

import contextlib
import json
import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar, Token
from datetime import UTC, date, datetime
from enum import Enum
from functools import lru_cache
from pathlib import PurePath
from typing import Any, BinaryIO, ClassVar, Final, cast
from uuid import UUID

import orjson
import structlog
from structlog.typing import FilteringBoundLogger

from app.redaction import LONGEST_TEXT, REDACTED, UUID_FORM, VALUES_IN_ERRORS, without_people
from app.redaction import masked_phone as masked_phone
from app.redaction import redact as redact

LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
MOST_ITEMS: Final = 50
"""Items kept of one list or mapping."""
DEEPEST: Final = 5
MOST_FRAMES: Final = 20
MOST_WAITING: Final = 500
"""Lines that wait to go out together."""

# --- by key ----------------------------------------------------------------------------------------------------------

_PHONE_KEYS = frozenset(("phone", "caller", "number", "from", "to", "fromnumber", "tonumber", "msisdn", "mobile"))
# fmt: off
_SECRET_KEYS = frozenset((
    "name", "customer", "customername", "firstname", "lastname", "fullname", "displayname", "nickname", "email",
    "mail", "address", "street", "notes", "note", "authorization", "proxyauthorization", "cookie", "setcookie",
    "signature", "xsignature", "xvapisecret", "xtwiliosignature", "monitor", "control", "controlurl", "listenurl",
    "logurl", "pcapurl", "apikey", "xapikey", "privatekey", "transcript", "messages", "utterance", "password",
    "passwd", "passphrase", "credential", "credentials", "csrf", "session", "userinfo", "arguments",
))
# fmt: on
_SECRET_PARTS = ("secret", "password", "authtoken", "controlurl", "presigned", "recording", "privatekey", "apikey")
_SECRET_ENDS = ("token", "phone", "email", "address", "customername")
# fmt: off
_ID_KEYS = frozenset((
    "logid", "requestid", "callid", "toolcallid", "reference", "slotid", "eventid", "bookingid", "pageid", "calendar",
    "business", "tool", "hash", "head", "row", "id", "logger", "level", "assistant", "service", "technician",
))
# fmt: on


_OWN_WORDS = frozenset(("tool", "outcome", "route"))
"""Keys whose values come from our own closed sets; nothing from outside may stand under them."""


@lru_cache(maxsize=2_048)
def _kind_of_key(key: str) -> str:
    """`phone`, `secret`, `id` (its long words are no secrets) or `plain`."""
    bare = key.lower().replace("_", "").replace("-", "").replace(" ", "")
    if bare in _ID_KEYS:
        return "id"
    if bare in _PHONE_KEYS or bare.endswith("phone") or bare.endswith("phonenumber"):
        return "phone"
    if bare in _SECRET_KEYS or bare.endswith(_SECRET_ENDS) or any(part in bare for part in _SECRET_PARTS):
        return "secret"
    return "plain"


_redact_known = lru_cache(maxsize=1_024)(redact)
"""For the sentences of our own log lines, which repeat."""


def _clean(key: str, value: Any, depth: int = 0) -> Any:
    """The value as it may be shown under this key; made of JSON's own types."""
    if value is None or value is True or value is False or key in _OWN_WORDS:
        return value
    kind = _kind_of_key(key)
    if kind == "secret":
        return REDACTED
    if isinstance(value, str):
        return _clean_text(kind, value)
    if kind == "phone":
        return masked_phone(str(value)) if isinstance(value, int) else REDACTED
    if isinstance(value, int | float):
        return value
    return _clean_container(key, value, depth)


def _clean_text(kind: str, value: str) -> str:
    if kind == "phone":
        return masked_phone(value)
    if len(value) < 6 or (len(value) == 36 and UUID_FORM.match(value)):
        return str(value)
    if kind == "id":
        return without_people(value[:LONGEST_TEXT])
    return redact(value)


def _clean_container(key: str, value: Any, depth: int) -> Any:
    if depth >= DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        pairs = list(value.items())[:MOST_ITEMS]
        return {redact(str(name)): _clean(str(name), item, depth + 1) for name, item in pairs}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(key, item, depth + 1) for item in list(value)[:MOST_ITEMS]]
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, BaseException):
        return redact(f"{type(value).__name__}: {_message(value)}")
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID | PurePath):
        return _clean_text(_kind_of_key(key), str(value))
    if isinstance(value, Enum):
        return _clean(key, value.value, depth + 1)
    return f"<{type(value).__name__}>"  # the repr of a stranger may hold anything


# --- exceptions ------------------------------------------------------------------------------------------------------


def _message(error: BaseException) -> str:
    try:
        return VALUES_IN_ERRORS.sub(REDACTED, str(error)[:LONGEST_TEXT])
    except Exception:  # noqa: BLE001  # a broken __str__ must not take the log line with it
        return "<no message>"


def _describe(error: BaseException, depth: int = 0) -> dict[str, Any]:
    """Type, redacted message and where it came from; no source text and no local values."""
    frames = traceback.StackSummary.extract(
        traceback.walk_tb(error.__traceback__), limit=-MOST_FRAMES, lookup_lines=False, capture_locals=False
    )
    told: dict[str, Any] = {
        "type": type(error).__qualname__,
        "message": redact(_message(error)),
        "stack": [f"{_short_path(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames],
    }
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if depth < DEEPEST:
        if cause is not None:
            told["cause"] = _describe(cause, depth + 1)
        if isinstance(error, BaseExceptionGroup):
            told["errors"] = [_describe(one, depth + 1) for one in error.exceptions[:DEEPEST]]
    return told


def _short_path(path: str) -> str:
    return "/".join(path.replace("\\", "/").rsplit("/", 3)[-3:])


def _exception_of(exc_info: Any) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return exc_info[1] if len(exc_info) > 1 and isinstance(exc_info[1], BaseException) else None
    return sys.exc_info()[1] if exc_info else None


# --- ids of the request ----------------------------------------------------------------------------------------------

_context: ContextVar[Mapping[str, Any]] = ContextVar("log_context")
_NOTHING: Mapping[str, Any] = {}


def bind(**ids: Any) -> Token[Mapping[str, Any]]:
    """Put these on every line of the current task and the tasks it starts; None is left out. Undo with `unbind`."""
    bound = dict(_context.get(_NOTHING))
    for key, value in ids.items():
        if value is not None:
            bound[key] = _clean(key, value)
    return _context.set(bound)


def begin(request_id: str) -> None:
    """Put this id of our own on every line of the current task, and nothing that was bound before it."""
    _context.set({"request_id": request_id})


def unbind(token: Token[Mapping[str, Any]]) -> None:
    """Back to what was bound before."""
    _context.reset(token)


_UNSEEN: Final = re.compile(rb"\x7f|\xc2[\x80-\x9f]|\xe2\x80[\xa8\xa9]")
"""What JSON leaves as it is although others take it for the end of a line, and terminals for an order."""

# --- lines -----------------------------------------------------------------------------------------------------------


def _line(logger: Any, level: str, event_dict: MutableMapping[str, Any]) -> bytes:
    """The one structlog processor: redact, add time and ids, serialise."""
    line: dict[str, Any] = {
        "timestamp": datetime.now(UTC),
        "level": level,
        "event": _redact_known(str(event_dict.pop("event", ""))),
        "logger": logger.name,
    }
    error = _exception_of(event_dict.pop("exc_info", None))
    line.update(_context.get(_NOTHING))
    for key, value in event_dict.items():
        line[key if key not in line else f"{key}_"] = _clean(key, value)
    if error is not None:
        line["exception"] = _describe(error)
    return _serialised(line)


def _serialised(line: dict[str, Any]) -> bytes:
    try:
        told = orjson.dumps(line, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS)
        return _UNSEEN.sub(_escaped, told)
    except TypeError:  # a lone surrogate or an integer past 64 bits, both of which a caller can send
        line["timestamp"] = line["timestamp"].isoformat()
        return json.dumps(line, default=str).encode() + b"\n"


def _escaped(found: re.Match[bytes]) -> bytes:
    return b"\\u%04x" % ord(found[0].decode())


class _Output:
    """Where lines go: the stream given, else whatever stderr is at that moment. A broken stream loses the line only."""

    stream: ClassVar[BinaryIO | None] = None
    waiting: ClassVar[list[bytes]] = []
    flushed_later: ClassVar[bool] = False
    quiet: ClassVar[bool] = False
    """Whether lines of level info are left out."""

    def __init__(self, name: str) -> None:
        self.name = name

    def write(self, line: bytes) -> None:
        _Output.waiting.append(line)
        if not _Output.flushed_later or len(_Output.waiting) > MOST_WAITING:
            flush()

    def write_through(self, line: bytes) -> None:
        """As `write`, and out of this process before it returns: what went wrong is not to be lost with it."""
        self.write(line)
        flush()

    debug = info = msg = write
    warning = error = critical = write_through


class Routine:
    """A line that is written for every call, at a tenth of the usual cost: level info, and nothing in it is redacted.

    Facts are numbers and words of our own closed sets; nothing from outside may be among them.
    """

    def __init__(self, name: str, event: str) -> None:
        self._output = _Output(name)
        self._fixed = {"level": "info", "event": event, "logger": name}

    def __call__(self, **facts: str | float) -> None:
        if not _Output.quiet:
            line = {"timestamp": datetime.now(UTC), **self._fixed, **_context.get(_NOTHING), **facts}
            self._output.write(_serialised(line))


class _FromLibraries(logging.Handler):
    """Brings lines of the standard `logging` into the same form."""

    def emit(self, record: logging.LogRecord) -> None:
        output = _Output(record.name)
        try:
            event = {"event": redact(record.getMessage()), "exc_info": record.exc_info or None}
            output.write(_line(output, record.levelname.lower(), event))
        except Exception as error:  # noqa: BLE001  # whatever a library logs must not break the one who called it
            output.write(_line(output, "error", {"event": "log line lost", "error": error}))


_LIBRARIES = _FromLibraries(logging.WARNING)


def flush_later(later: bool) -> None:
    """Whether ordinary lines may wait for `flush`; a server turns it on and calls that several times a second."""
    _Output.flushed_later = later
    flush()


def flush() -> None:
    """Send out the lines that are waiting."""
    lines, _Output.waiting = _Output.waiting, []
    with contextlib.suppress(OSError, ValueError, AttributeError):
        stream = _Output.stream or sys.stderr.buffer
        stream.write(b"".join(lines))
        stream.flush()


def configure(level: str = "info", stream: BinaryIO | None = None) -> None:
    """Set the level (`debug` ... `critical`) and, for tests, another binary stream. Raises KeyError on another level.

    Loggers keep the level of their first line: call it before anything is logged. The stream may change at any time.
    Libraries are heard from warnings on, or from `level` if that is higher.
    """
    number = LEVELS[level.lower()]
    _Output.stream, _Output.quiet = stream, number > LEVELS["info"]
    structlog.configure(
        processors=[_line],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=_Output,
        context_class=dict,
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    if _LIBRARIES not in root.handlers:
        root.addHandler(_LIBRARIES)
    _LIBRARIES.setLevel(max(number, logging.WARNING))
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
    logging.captureWarnings(True)


def get(name: str) -> FilteringBoundLogger:
    """A logger whose lines carry `logger: name`; say a constant sentence and put the facts under keys."""
    if not structlog.is_configured():
        configure()
    return cast(FilteringBoundLogger, structlog.get_logger(name))
