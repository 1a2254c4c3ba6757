"""Twilio's webhooks: every published vector of a signature, every payload, and what nobody may trip over."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from app.dialects import twilio

PAYLOADS = Path(__file__).parents[1] / "payloads" / "twilio"
VECTORS = json.loads((PAYLOADS / "twilio_signature_vectors.json").read_text())["vectors"]
INBOUND = [file for file in sorted(PAYLOADS.glob("twilio_inbound_*.json")) if "headers" not in file.stem]


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"twilio_{name}.json").read_text())


def form(fields: dict[str, str]) -> twilio.Form:
    return twilio.form_of(urlencode(fields).encode())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_every_vector_is_judged_as_published(vector: dict[str, Any]) -> None:
    shown = vector["validate_with"]
    params = shown["params_or_body"]
    settings = "" if vector["algorithm"] == "HMAC_SHA1" else f"key=webhooks_x,algorithm={vector['algorithm']}"
    given = (vector["x_twilio_signature"], settings)

    verdict = twilio.authenticate(
        shown["url"], params if isinstance(params, str) else form(params), given, [shown["auth_token"]]
    )

    assert verdict is bool(vector["expected_valid"]), "one that the validator itself trips over is not valid either"


def test_either_of_two_tokens_does_and_none_does_not() -> None:
    vector = VECTORS[0]
    given, token = (vector["x_twilio_signature"], ""), vector["auth_token"]
    url, fields = vector["signed_url"], form(vector["params"])

    assert twilio.authenticate(url, fields, given, ["other", token])
    assert twilio.authenticate(url, fields, given, [token, "other"])
    assert not twilio.authenticate(url, fields, given, ["other", "another"])
    assert not twilio.authenticate(url, fields, given, [])
    assert not twilio.authenticate(url, fields, ("", ""), [token])
    assert not twilio.authenticate(url, fields, (given[0], "algorithm=NONE"), [token])


def test_an_altered_field_spoils_the_signature() -> None:
    vector = VECTORS[0]
    fields = dict(vector["params"], Body="Can I move my cleaning to Wednesday?")

    signature = (vector["x_twilio_signature"], "")
    assert not twilio.authenticate(vector["signed_url"], form(fields), signature, [vector["auth_token"]])


@pytest.mark.parametrize("file", INBOUND, ids=lambda file: file.stem)
def test_every_text_that_twilio_delivers_is_read(file: Path) -> None:
    fields = json.loads(file.read_text())
    text = twilio.parse_text(form(fields))

    assert text is not None
    assert (text.id, text.customer, text.line) == (fields["MessageSid"], "+15005550006", "+15005550010")
    assert text.body == fields["Body"].strip()
    assert (text.media, text.opt_out) == (int(fields["NumMedia"]), fields.get("OptOutType", ""))
    assert {name: values[0] for name, values in json.loads(text.form).items()} == fields


def test_the_raw_form_of_the_wire_is_the_payload() -> None:
    wire = (PAYLOADS / "twilio_inbound_sms.form.txt").read_bytes().strip()

    assert {name: values[0] for name, values in twilio.form_of(wire).items()} == payload("inbound_sms")
    assert twilio.form_of(wire) == form(payload("inbound_sms"))


def test_the_fallback_delivers_the_same_text() -> None:
    first, again = (twilio.parse_text(form(payload(name))) for name in ("inbound_sms", "fallback_request"))

    assert first is not None
    assert again is not None
    assert (again.id, again.body) == (first.id, first.body)


def test_the_headers_of_a_request_are_found_in_any_case_they_come_in() -> None:
    names = payload("inbound_headers")
    headers = [(name.lower().encode(), b"value") for name in names if name not in ("note",)]

    assert twilio.signature_of(headers) == ("value", "")


@pytest.mark.parametrize(
    ("body", "read"),
    [
        ("a\x00b\x0bc\x7f", "abc"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("right\u202eleft\u2066x", "rightleftx"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("👨‍👩‍👧 and 🦷", "👨‍👩‍👧 and 🦷"),
        ("\ud83d half".encode("utf-8", "replace").decode(), "? half"),
        ("  ", ""),
    ],
)
def test_what_nobody_sees_is_taken_out_and_emoji_stay_whole(body: str, read: str) -> None:
    text = twilio.parse_text(form(payload("inbound_sms") | {"Body": body}))

    assert text is not None
    assert text.body == read


def test_a_whatsapp_address_is_a_number_on_another_channel() -> None:
    about = {"From": "whatsapp:+15005550006", "To": "whatsapp:+15005550010"}
    text = twilio.parse_text(form(payload("inbound_sms") | about))

    assert text is not None
    assert (text.customer, text.line, text.channel) == ("+15005550006", "+15005550010", "whatsapp")


@pytest.mark.parametrize(
    "spoilt", [{"MessageSid": "", "SmsSid": ""}, {"From": ""}, {"To": ""}, {"MessageSid": "x" * 99}]
)
def test_what_names_no_text_is_none(spoilt: dict[str, str]) -> None:
    assert twilio.parse_text(form(payload("inbound_sms") | spoilt)) is None


def test_a_flood_of_fields_is_no_form() -> None:
    assert twilio.form_of(b"&".join(b"f%d=1" % n for n in range(1_000))) == {}
    assert twilio.form_of_json("[1]") == twilio.form_of_json("{") == {}
    assert twilio.form_of_json('{"A": 1, "B": "x"}') == {"A": ["1"], "B": ["x"]}


@pytest.mark.parametrize("name", [name for name in payload("status_callbacks") if name != "note"])
def test_every_report_is_read(name: str) -> None:
    fields = payload("status_callbacks")[name]
    report = twilio.parse_report(form(fields), b"msg=0123abcd")

    assert report is not None
    assert (report.sid, report.status) == (fields["MessageSid"], fields["MessageStatus"])
    assert (report.text, report.code) == ("0123abcd", int(fields.get("ErrorCode", "0")))


def test_a_report_without_our_id_or_of_nothing() -> None:
    report = twilio.parse_report(form(payload("status_callbacks")["sent"]), b"")

    assert report is not None
    assert report.text == ""
    assert twilio.parse_report(form({"From": "+1"}), b"msg=1") is None


def test_a_listed_message_is_read_as_one_that_was_delivered() -> None:
    listed = {"sid": "SM1", "from": "+15005550006", "to": "+15005550010", "body": "Hi", "num_media": "1"}
    text = twilio.parse_listed(listed)

    assert text is not None
    assert (text.id, text.customer, text.line, text.body, text.media) == (
        "SM1",
        "+15005550006",
        "+15005550010",
        "Hi",
        1,
    )


def test_the_answer_says_nothing_to_the_customer() -> None:
    assert (PAYLOADS / "twiml_empty.txt").read_bytes().strip().replace(b" />", b"/>") == twilio.NOTHING_TO_SAY
