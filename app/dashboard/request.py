"""A request as pages see it: who asks, and what; read within bounds of size and time."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from app.dashboard.session import Session
from app.errors import BodyTooLargeError, BodyTooSlowError, ReadbackError

MOST_FORM_BYTES: Final = 32_768
MOST_FIELDS: Final = 120
FORM_WITHIN_S: Final = 10.0
MOST_VALUE_CHARS: Final = 4_000


class MisusedError(ReadbackError):
    """What was asked for cannot be; the text says why, and may be shown."""


class NotThereError(ReadbackError):
    """There is no such thing; the text says what."""


class ForgedError(ReadbackError):
    """A form that none of our pages of this session holds."""


WHICH: Final = "which"
"""What our own forms call the field `id`: one of that name hides the form's own id from htmx, which then takes the form
for another one at each change round it, and throws away what is typed into it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`several` has the values of a form's fields that may come more than once, `heard` the last event of a stream."""

    session: Session
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    several: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    heard: str = ""

    @property
    def by(self) -> str:
        """Who, for the audit log."""
        return self.session.by

    def needed(self, name: str) -> str:
        """A field that must be there. Raises `MisusedError`."""
        value = self.form.get(name, "").strip()
        if not value:
            raise MisusedError(f"The field “{name}” is empty.")
        return value


def query_of(request: Request) -> dict[str, str]:
    """The query's parameters; of one that comes twice the last, of none that cannot be stored a character."""
    return {name: _clean(value) for name, value in request.query_params.items()}


async def form_of(request: Request) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """The form's fields. Raises `BodyTooLargeError`, `BodyTooSlowError`, `MisusedError`."""
    body = bytearray()
    try:
        async with asyncio.timeout(FORM_WITHIN_S):
            async for part in request.stream():
                body += part
                if len(body) > MOST_FORM_BYTES:
                    raise BodyTooLargeError
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except TimeoutError as error:
        raise BodyTooSlowError from error
    except ClientDisconnect as error:
        raise MisusedError("The form did not come completely.") from error
    except ValueError as error:
        raise MisusedError("The form has too many fields.") from error
    several: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        several[name] = (*several.get(name, ()), _clean(value))
    if WHICH in several:
        several.setdefault("id", several.pop(WHICH))
    return {name: values[-1] for name, values in several.items()}, several


def _clean(text: str) -> str:
    """As every database takes it."""
    return text[:MOST_VALUE_CHARS].encode("utf-8", "replace").decode().replace("\0", "")
