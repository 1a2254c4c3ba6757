"""The doors of Twilio: 403 for all that is not signed for our public address; stored before it is answered."""

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from twilio.request_validator import RequestValidator

from app.calls.texting import ReceivedText, TextReport
from app.db.engine import DatabaseUnavailableError

PAYLOADS = Path(__file__).parents[1] / "payloads" / "twilio"
TOKEN, PUBLIC = "auth-token-now", "https://api.example.com"
SMS: dict[str, str] = json.loads((PAYLOADS / "twilio_inbound_sms.json").read_text())
DELIVERED: dict[str, str] = json.loads((PAYLOADS / "twilio_status_callbacks.json").read_text())["delivered"]
FORM = {"content-type": "application/x-www-form-urlencoded; charset=UTF-8"}

Open = Callable[..., httpx.AsyncClient]


class Kept:
    """Texting that keeps in a list, or fails."""

    def __init__(self) -> None:
        self.texts: list[ReceivedText] = []
        self.reports: list[TextReport] = []
        self.error: Exception | None = None
        self.hangs = False

    async def received(self, text: ReceivedText) -> None:
        if self.hangs:
            await asyncio.Event().wait()
        if self.error:
            raise self.error
        self.texts.append(text)

    async def reported(self, report: TextReport) -> None:
        if self.error:
            raise self.error
        self.reports.append(report)


def signed(
    fields: dict[str, str], path: str = "/twilio/sms", token: str = TOKEN, public: str = PUBLIC
) -> dict[str, str]:
    return FORM | {"x-twilio-signature": RequestValidator(token).compute_signature(public + path, fields)}


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def client(ask: Open, kept: Kept) -> Callable[..., httpx.AsyncClient]:
    def opened(tokens: Sequence[str] = (TOKEN,), public_url: str | None = PUBLIC, **more: Any) -> httpx.AsyncClient:
        return ask(texting=kept, twilio_tokens=tokens, public_url=public_url, **more)

    return opened


async def test_a_signed_text_is_kept_and_answered_with_empty_twiml(client: Open, kept: Kept) -> None:
    answer = await client().post("/twilio/sms", content=urlencode(SMS), headers=signed(SMS))

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml")
    assert answer.text.endswith("<Response/>")
    assert [(text.id, text.body) for text in kept.texts] == [(SMS["MessageSid"], SMS["Body"])]


async def test_the_query_is_signed_byte_for_byte(client: Open, kept: Kept) -> None:
    path = "/twilio/sms?tenant=smile%20dental&v=2"
    answer = await client().post(path, content=urlencode(SMS), headers=signed(SMS, path))
    other = await client().post("/twilio/sms?tenant=x", content=urlencode(SMS), headers=signed(SMS, path))

    assert (answer.status_code, other.status_code) == (200, 403)


async def test_the_host_header_has_no_say(client: Open, kept: Kept) -> None:
    proxied = {"host": "10.0.0.7:8000", "x-forwarded-host": "evil.example", "x-forwarded-proto": "http"}
    right = await client().post("/twilio/sms", content=urlencode(SMS), headers=signed(SMS) | proxied)
    forged = signed(SMS, public="https://evil.example") | {"host": "evil.example"}
    wrong = await client().post("/twilio/sms", content=urlencode(SMS), headers=forged)

    assert (right.status_code, wrong.status_code) == (200, 403)
    assert len(kept.texts) == 1


async def test_both_tokens_work_while_one_is_changed(client: Open, kept: Kept) -> None:
    for token, status in (("new", 200), (TOKEN, 200), ("older", 403)):
        headers = signed(SMS, token=token)
        answer = await client(("new", TOKEN)).post("/twilio/sms", content=urlencode(SMS), headers=headers)
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("tokens", "public_url", "headers", "body"),
    [
        ((), PUBLIC, signed(SMS), urlencode(SMS)),
        (("",), PUBLIC, signed(SMS, token=""), urlencode(SMS)),
        ((TOKEN,), None, signed(SMS, public=""), urlencode(SMS)),
        ((TOKEN,), PUBLIC, FORM, urlencode(SMS)),
        ((TOKEN,), PUBLIC, FORM | {"x-twilio-signature": ""}, urlencode(SMS)),
        ((TOKEN,), PUBLIC, FORM | {"x-twilio-signature": "bm9uc2Vuc2U="}, urlencode(SMS)),
        ((TOKEN,), PUBLIC, signed(SMS, path="/twilio/status"), urlencode(SMS)),
        ((TOKEN,), PUBLIC, signed(SMS), urlencode(SMS | {"Body": "altered"})),
        ((TOKEN,), PUBLIC, signed(SMS), ""),
        ((TOKEN,), PUBLIC, signed(SMS) | {"content-type": "application/json"}, json.dumps(SMS)),
        ((TOKEN,), PUBLIC, signed(SMS), b"\xff\xfe=\x00"),
    ],
)  # fmt: skip
async def test_what_is_missing_or_wrong_is_403_and_nothing_else_is_said(
    client: Open, kept: Kept, tokens: Sequence[str], public_url: str | None, headers: dict[str, str], body: Any
) -> None:
    answer = await client(tokens, public_url).post("/twilio/sms", content=body, headers=headers)

    assert (answer.status_code, answer.json()) == (403, {"error": "forbidden"})
    assert kept.texts == []


async def test_a_replayed_request_is_answered_as_the_first(client: Open, kept: Kept) -> None:
    for _ in range(2):
        answer = await client().post("/twilio/sms", content=urlencode(SMS), headers=signed(SMS))
        assert answer.status_code == 200
    assert [text.id for text in kept.texts] == [SMS["MessageSid"]] * 2, (
        "what is the same text is decided where it is kept"
    )


async def test_what_cannot_be_kept_is_a_failure_so_that_the_fallback_is_asked(client: Open, kept: Kept) -> None:
    kept.error = DatabaseUnavailableError("gone")
    answer = await client().post("/twilio/sms", content=urlencode(SMS), headers=signed(SMS))

    assert answer.status_code == 500
    assert SMS["From"] not in answer.text


async def test_a_report_is_kept_with_our_own_id(client: Open, kept: Kept) -> None:
    path = "/twilio/status?msg=0123abcd"
    answer = await client().post(path, content=urlencode(DELIVERED), headers=signed(DELIVERED, path))
    forged = await client().post(path, content=urlencode(DELIVERED), headers=signed(DELIVERED, "/twilio/status"))

    assert (answer.status_code, answer.content, forged.status_code) == (204, b"", 403)
    assert kept.reports == [TextReport(DELIVERED["MessageSid"], "delivered", "0123abcd", 0)]


async def test_what_is_signed_and_no_text_is_passed_over(client: Open, kept: Kept) -> None:
    for path, fields in (("/twilio/sms", {"AccountSid": "AC1"}), ("/twilio/status", {"AccountSid": "AC1"})):
        answer = await client().post(path, content=urlencode(fields), headers=signed(fields, path))
        assert answer.status_code in (200, 204)
    assert (kept.texts, kept.reports) == ([], [])


async def test_a_body_without_end_is_refused(client: Open) -> None:
    answer = await client().post("/twilio/sms", content="a" * 300_000, headers=signed(SMS))

    assert answer.status_code == 413


async def test_a_slash_too_many_is_not_redirected(client: Open) -> None:
    answer = await client().post("/twilio/sms/", content=urlencode(SMS), headers=signed(SMS))

    assert answer.status_code == 404
    assert (await client().get("/twilio/sms")).status_code == 405
