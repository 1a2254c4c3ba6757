"""`POST /twilio/sms` and `/twilio/status`: what Twilio delivers is stored before it is answered, and worked on later.

What cannot be stored is a status of failure, so that Twilio turns to the fallback address instead of forgetting it.
"""

from typing import Final

from starlette.types import Receive, Scope

from app import log, metrics
from app.dialects import twilio
from app.errors import ForbiddenError
from app.watch.declared_shapes import TWILIO_REPORT, TWILIO_TEXT
from app.watch.shapes import observe
from app.web import body
from app.web.answer import Answer
from app.web.deadline import within
from app.web.ports import Doors, Texting

BODY_MAX_BYTES: Final = 256 * 2**10
"""A text has 1,600 characters, and a field about each of ten pictures."""
STORE_DEADLINE_S: Final = 8.0
"""Twilio gives up after 15 s."""
SMS, STATUS = "/twilio/sms", "/twilio/status"

_STORED: Final = Answer(twilio.NOTHING_TO_SAY, content_type=twilio.CONTENT_TYPE)
_NOTED: Final = Answer(b"", 204)

_log = log.get("web.twilio")


class Twilio:
    """The work of both routes."""

    def __init__(self, doors: Doors, texting: Texting) -> None:
        self._texting = texting
        self._tokens = tuple(token for token in doors.twilio_tokens if token)
        self._public_url = (doors.public_url or "").rstrip("/")
        self._body_deadline_s = doors.body_deadline_s

    async def received(self, scope: Scope, receive: Receive) -> Answer:
        """A text came in. Raises ForbiddenError, what reading a body raises, and what storing it raises."""
        form = await self._form(SMS, scope, receive)
        observe(TWILIO_TEXT, form)
        text = twilio.parse_text(form)
        metrics.count_message("text" if text else "unknown")
        if text is None:
            _log.info("not a text")
        else:
            log.bind(text=text.id)
            await within(STORE_DEADLINE_S, self._texting.received(text))
        return _STORED

    async def reported(self, scope: Scope, receive: Receive) -> Answer:
        """What became of a text of ours. Raises as `received` does."""
        form = await self._form(STATUS, scope, receive)
        observe(TWILIO_REPORT, form)
        report = twilio.parse_report(form, scope["query_string"])
        metrics.count_message("text-status" if report else "unknown")
        if report is not None:
            log.bind(text=report.sid)
            await within(STORE_DEADLINE_S, self._texting.reported(report))
        return _NOTED

    async def _form(self, path: str, scope: Scope, receive: Receive) -> twilio.Form:
        """The fields of a request that is signed for our public address; the Host header has no say."""
        signature = twilio.signature_of(scope["headers"])
        if not signature[0] or not self._tokens or not self._public_url:
            raise ForbiddenError
        raw = await body.read(scope, receive, self._body_deadline_s, BODY_MAX_BYTES)
        query = scope["query_string"].decode("latin-1")
        url = f"{self._public_url}{path}{f'?{query}' if query else ''}"
        if _is_json(scope):
            text = raw.decode("utf-8", "replace")
            form, params = twilio.form_of_json(text), text
        else:
            form = params = twilio.form_of(raw)  # type: ignore[assignment]  # either is what a signature may cover
        if not twilio.authenticate(url, params, signature, self._tokens):
            raise ForbiddenError
        return form


def _is_json(scope: Scope) -> bool:
    return any(name == b"content-type" and b"json" in value.lower() for name, value in scope["headers"])
