"""Twilio's `Messages` as a server on a real socket: takes texts, lists them, tells what became of them, and goes wrong
as told (see `tests.fakes.crm`): before it took a text, or after. It shows the account and its numbers, page by page.
"""

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx
from twilio.request_validator import RequestValidator

from tests.fakes.crm import CrmServer, Mishap
from tests.fakes.recording_server import Fault, Recorded
from tests.processes import TLS

PAYLOADS = Path(__file__).parents[1] / "payloads" / "twilio"
ACCOUNT, TOKEN = "AC1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f", "twilio-auth-token-91c7"
PUBLIC = "https://api.example.com"
CREATED = json.loads((PAYLOADS / "twilio_create_message_201.json").read_text())
ERRORS = {
    error["body"]["code"]: error for error in json.loads((PAYLOADS / "twilio_create_message_errors.json").read_text())
}


UNPROVEN = Fault(401, body=b'{"code": 20003, "message": "Authenticate", "status": 401}')


@dataclass
class Messages:
    """Everything that was taken, oldest first."""

    taken: list[dict[str, Any]] = field(default_factory=list)


def refusing(code: int, status: int = 400) -> Mishap:
    """The answer with this error code, as in the payloads where they have it."""
    known = ERRORS.get(code)
    body = known["body"] if known else {"code": code, "message": "refused", "status": status}
    return Mishap(fault=Fault(known["http_status"] if known else status, body=json.dumps(body).encode()))


def number(phone_number: str, **changes: Any) -> dict[str, Any]:
    """A number of the account, as `IncomingPhoneNumbers` shows it: texts go to us, calls to nobody."""
    return {
        "sid": f"PN{int(phone_number):032x}",
        "account_sid": ACCOUNT,
        "phone_number": phone_number,
        "friendly_name": phone_number,
        "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False},
        "sms_url": f"{PUBLIC}/twilio/sms#ct=2000&rt=6000&rc=2&rp=5xx,ct,rt",
        "sms_method": "POST",
        "sms_fallback_url": "",
        "sms_application_sid": "",
        "voice_url": "",
        "status_callback": "",
        "status_callback_method": "POST",
        "origin": "twilio",
        "status": "in-use",
        **changes,
    }


class FakeTwilio(CrmServer):
    """Use with `async with`. `mishaps` and `always_wrong` as in `CrmServer`."""

    state: Messages

    def __init__(self) -> None:
        super().__init__(Messages())
        self.lists_nothing = False
        self.account_status = "active"
        self.numbers: list[dict[str, Any]] = []

    @property
    def variables(self) -> dict[str, str]:
        """What a server needs to text through this one."""
        return {
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "READBACK_TWILIO_API_URL": self.url,
            "READBACK_PUBLIC_URL": PUBLIC,
            "READBACK_TEXTS_PER_SECOND": "100",
        }

    @property
    def sent(self) -> list[tuple[str, str]]:
        """Recipient and words of every text that was taken, oldest first."""
        return [(m["to"], m["body"]) for m in self.state.taken if m["direction"] != "inbound"]

    def handle(self, state: Messages, request: Recorded) -> Fault:
        path, _, query = request.path.partition("?")
        if path == f"/2010-04-01/Accounts/{ACCOUNT}.json":
            return self._account(request)
        if path == f"/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers.json":
            return self._numbered(request, {name: values[0] for name, values in parse_qs(query).items()})
        if path != f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json":
            return Fault(404, body=b'{"code": 20404, "message": "not found", "status": 404}')
        if not _proven(request):
            return UNPROVEN
        if request.method == "GET":
            return self._listed(state, {name: values[0] for name, values in parse_qs(query).items()})
        asked = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        if len(asked["Body"]) > 1_600 or not asked["Body"]:
            return Fault(400, body=b'{"code": 21617, "message": "too long", "status": 400}')
        message = self.took(state, asked["To"], asked["From"], asked["Body"], "outbound-api", "queued")
        message["_asked"] = asked
        return Fault(201, body=json.dumps(message).encode())

    def came_in(self, body: str, sender: str, line: str, sid: str = "") -> dict[str, Any]:
        """A text from a customer that no webhook told of."""
        return self.took(self.state, line, sender, body, "inbound", "received", sid)

    def took(
        self, state: Messages, to: str, sender: str, body: str, direction: str, status: str, sid: str = ""
    ) -> dict[str, Any]:
        now = format_datetime(datetime.now(UTC))
        message = CREATED | {
            "sid": sid or f"SM{len(state.taken) + 1:032x}",
            "to": to,
            "from": sender,
            "body": body,
            "direction": direction,
            "status": status,
            "messaging_service_sid": None,
            "date_created": now,
            "date_updated": now,
            "num_segments": "1",
        }
        state.taken.append(message)
        return message

    def _account(self, request: Recorded) -> Fault:
        if not _proven(request):
            return UNPROVEN
        return Fault(200, body=json.dumps({"sid": ACCOUNT, "status": self.account_status}).encode())

    def _numbered(self, request: Recorded, asked: dict[str, str]) -> Fault:
        if not _proven(request):
            return UNPROVEN
        return _page("IncomingPhoneNumbers", "incoming_phone_numbers", self.numbers, asked)

    def _listed(self, state: Messages, asked: dict[str, str]) -> Fault:
        chosen = [
            {name: value for name, value in message.items() if not name.startswith("_")}
            for message in reversed(state.taken)
            if asked.get("To", message["to"]) == message["to"] and asked.get("From", message["from"]) == message["from"]
        ]
        return _page("Messages", "messages", [] if self.lists_nothing else chosen, asked)

    async def tell(self, server_url: str, number: int, *statuses: str, code: int = 0) -> list[int]:
        """Report what became of the text with this place, a request for each status; the answers' statuses."""
        message = [m for m in self.state.taken if m["direction"] != "inbound"][number]
        url = message["_asked"]["StatusCallback"]
        answers = []
        async with httpx.AsyncClient(verify=TLS, trust_env=False, timeout=30.0) as client:
            for status in statuses:
                fields = {"MessageSid": message["sid"], "MessageStatus": status, "To": message["to"], "From": ""}
                fields |= {"ErrorCode": str(code)} if code else {}
                headers = {"x-twilio-signature": RequestValidator(TOKEN).compute_signature(url, fields)}
                headers["content-type"] = "application/x-www-form-urlencoded"
                parts = urlsplit(url)
                target = f"{server_url}{parts.path}?{parts.query}"
                answers.append((await client.post(target, content=urlencode(fields), headers=headers)).status_code)
        return answers


def _page(resource: str, name: str, records: list[dict[str, Any]], asked: dict[str, str]) -> Fault:
    """One page of records; the next is known by a token, as theirs is, and keeps what was asked for."""
    size, page = min(int(asked.get("PageSize", "50")), 1_000), int(asked.get("Page", "0"))
    if page and asked.get("PageToken") != f"PT{page}":
        return Fault(400, body=b'{"code": 20006, "message": "Invalid page token", "status": 400}')
    first = page * size
    kept = {key: value for key, value in asked.items() if key not in ("Page", "PageToken", "PageSize")}
    path = f"/2010-04-01/Accounts/{ACCOUNT}/{resource}.json?{urlencode({**kept, 'PageSize': size})}"
    told = {
        name: records[first : first + size],
        "first_page_uri": f"{path}&Page=0",
        "next_page_uri": f"{path}&Page={page + 1}&PageToken=PT{page + 1}" if first + size < len(records) else None,
        "page": page,
        "page_size": size,
    }
    return Fault(200, body=json.dumps(told).encode())


def _proven(request: Recorded) -> bool:
    expected = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    return request.headers.get("authorization") == f"Basic {expected}"


def signed_text(body: str, sid: str, sender: str, line: str) -> tuple[str, dict[str, str]]:
    """Content and headers of the webhook about a text that came in."""
    fields = json.loads((PAYLOADS / "twilio_inbound_sms.json").read_text())
    fields |= {"MessageSid": sid, "SmsSid": sid, "SmsMessageSid": sid, "From": sender, "To": line, "Body": body}
    signature = RequestValidator(TOKEN).compute_signature(f"{PUBLIC}/twilio/sms", fields)
    return urlencode(fields), {"x-twilio-signature": signature, "content-type": "application/x-www-form-urlencoded"}
