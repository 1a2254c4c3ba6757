"""Who calls, on which line, in which call: in headers of our own, which a platform fills in from what it knows itself.

For platforms whose bodies hold what the model wrote. What stands in a header the model cannot have said.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from app.calls.model import CallRef
from app.dialects import reading

Headers = Iterable[tuple[bytes, bytes]]
"""As they came: names in lower case, values raw."""

CALL, CALLER, LINE = b"x-call-id", b"x-caller", b"x-line"
CALLS: Final = (CALL,)


def ref(platform: str, headers: Headers, calls: Sequence[bytes] = CALLS) -> CallRef | None:
    """The conversation, as far as headers tell of it; `calls` are names of its id, the best first. Never raises.

    None where there is no such header. One that is there decides, withheld or empty too: then the body is the model's.
    """
    found = {name: value for name, value in headers if name in (CALLER, LINE) or name in calls}
    if not found:
        return None
    line = reading.line(_text(found.get(LINE)))
    return CallRef(
        platform=platform,
        call_id=next((told for name in calls if (told := _text(found.get(name)))), None),
        caller=reading.phone(_text(found.get(CALLER))),
        lines=(line,) if line else (),
    )


def value(headers: Headers, wanted: bytes) -> bytes:
    """The first header of that name; nothing when there is none."""
    return next((value for name, value in headers if name == wanted), b"")


def _text(given: bytes | None) -> str | None:
    return None if given is None else reading.text(given.decode("latin-1"))
