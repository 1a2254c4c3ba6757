"""Twilio's webhooks about texts: authenticate, parse, render; pure functions.

A signature says who sent it, not that its words are harmless. It covers the address that Twilio was given, every field
that came and no time: who repeats a request is recognised by its message id, not here.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qs, parse_qsl

import orjson
from twilio.request_validator import (
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    RequestValidator,
    get_signature_algorithm,
)

from app.calls.texting import SMS, WHATSAPP, ReceivedText, TextReport

NOTHING_TO_SAY: Final = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
"""Any other answer Twilio would text to the customer."""
CONTENT_TYPE: Final = b"text/xml"
OWN_ID: Final = "msg"
"""Our own id of a text, in the query of the address that is told what became of it."""
MOST_FIELDS: Final = 500
MOST_ID_CHARS: Final = 64
KEPT_CONTROLS: Final = "\n\t"
UNSEEN: Final = {0x00AD, 0x200B, 0x2028, 0x2029, 0x2060, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
"""Signs that show nothing and turn words round or hide them; what joins the parts of an emoji is not among them."""

_SIGNATURE: Final = SIGNATURE_HEADER.lower().encode()
_SETTINGS: Final = SIGNATURE_SETTINGS_HEADER.lower().encode()


class Form(dict[str, list[str]]):
    """Every field that came, blank ones too, as Twilio's own validator wants to be asked."""

    def getlist(self, name: str) -> list[str]:
        """All values of one field."""
        return self[name]

    def first(self, name: str) -> str:
        """The first value; empty when there is none."""
        return next(iter(self.get(name, ())), "")


def signature_of(headers: Iterable[tuple[bytes, bytes]]) -> tuple[str, str]:
    """The signature and how it was made; both may be empty."""
    found = {name: value.decode("latin-1") for name, value in headers if name in (_SIGNATURE, _SETTINGS)}
    return found.get(_SIGNATURE, ""), found.get(_SETTINGS, "")


def authenticate(url: str, params: Form | str, signature: tuple[str, str], tokens: Sequence[str]) -> bool:
    """Whether the request for `url`, the public address with its query, is signed with one of `tokens`.

    `params` is the form, or the text of a body that is none: then its digest must be in the signed address.
    """
    given, settings = signature
    if not given or not tokens or (isinstance(params, str) and "bodySHA256" not in parse_qs(url.partition("?")[2])):
        return False
    algorithm = get_signature_algorithm(settings)
    found = False
    for token in tokens:  # all of them, so that time does not tell which one matched
        found |= _signed(token, url, params, given, algorithm)
    return found


def form_of(body: bytes) -> Form:
    """The fields of a body, in UTF-8; too many of them are none."""
    form = Form()
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return form
    for name, value in pairs:
        form.setdefault(name, []).append(value)
    return form


def form_of_json(text: str) -> Form:
    """The same of a JSON object; anything else has no fields."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return Form()
    items = value.items() if isinstance(value, dict) else ()
    return Form({name: [one if isinstance(one, str) else str(one)] for name, one in items})


def parse_text(form: Form) -> ReceivedText | None:
    """The text that came in; None when the form is of something else."""
    sid, customer, line = form.first("MessageSid") or form.first("SmsSid"), form.first("From"), form.first("To")
    if not _is_id(sid) or not customer or not line:
        return None
    channel = WHATSAPP if customer.startswith(f"{WHATSAPP}:") else SMS
    return ReceivedText(
        id=sid,
        customer=_number(customer),
        line=_number(line),
        body=visible(form.first("Body")),
        media=_whole(form.first("NumMedia")),
        channel=channel,
        opt_out=form.first("OptOutType").upper()[:16],
        form=orjson.dumps(form).decode(),
    )


def parse_report(form: Form, query: bytes) -> TextReport | None:
    """What became of a text of ours; None when the form is of something else."""
    sid, status = form.first("MessageSid") or form.first("SmsSid"), form.first("MessageStatus")
    if not _is_id(sid) or not status:
        return None
    asked = parse_qs(query.decode("latin-1")).get(OWN_ID, [""])
    return TextReport(sid, status.lower()[:32], asked[0][:MOST_ID_CHARS], _whole(form.first("ErrorCode")))


def parse_listed(message: Mapping[str, Any]) -> ReceivedText | None:
    """A text as Twilio lists it (`Messages.json`), as if it had been delivered."""
    named = {"MessageSid": "sid", "From": "from", "To": "to", "Body": "body", "NumMedia": "num_media"}
    return parse_text(Form({ours: [str(message.get(theirs) or "")] for ours, theirs in named.items()}))


def visible(text: str) -> str:
    """Text without signs that nobody sees and that a database or a reader trips over; emoji stay whole."""
    return "".join(
        sign for sign in text if (sign >= " " or sign in KEPT_CONTROLS) and sign != "\x7f" and ord(sign) not in UNSEEN
    ).strip()


def _signed(token: str, url: str, params: Form | str, signature: str, algorithm: str) -> bool:
    return bool(RequestValidator(token).validate(url, params, signature, algorithm))


def _number(address: str) -> str:
    """E.164 where it is a number: a channel's prefix goes, an odd address stays as it is, bounded."""
    return address.rpartition(":")[2].strip()[:MOST_ID_CHARS]


def _is_id(sid: str) -> bool:
    return 0 < len(sid) <= MOST_ID_CHARS and sid.isalnum() and sid.isascii()


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
