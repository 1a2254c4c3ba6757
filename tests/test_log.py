"""The log: one JSON object a line, the ids of the request on it, nothing on it that is nobody's business."""

import asyncio
import contextlib
import io
import json
import logging
import subprocess
import sys
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from app import log
from app.redaction import LONGEST_TEXT

CALL_ID = "7420f27a-30fd-4f49-a995-5549ae7cc00d"


@contextlib.contextmanager
def bound(**ids: Any) -> Iterator[None]:
    token = log.bind(**ids)
    try:
        yield
    finally:
        log.unbind(token)


class Lines:
    """What was logged, read back from the bytes."""

    def __init__(self) -> None:
        self.stream = io.BytesIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue().decode()

    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    def last(self) -> dict[str, Any]:
        return self.all()[-1]


@contextlib.contextmanager
def written() -> Iterator[Lines]:
    lines = Lines()
    log.configure("info", lines.stream)
    yield lines
    log.configure("info")


@pytest.fixture
def lines() -> Iterator[Lines]:
    with written() as lines:
        yield lines


def test_a_line_is_one_json_object_with_time_level_name_and_facts(lines: Lines) -> None:
    log.get("app.somewhere").warning("the calendar is slow", calendar="google:main", ms=812.5, tries=2, ok=False)
    line = lines.last()
    assert datetime.fromisoformat(line.pop("timestamp")).tzinfo is not None
    assert line == {
        "level": "warning", "event": "the calendar is slow", "logger": "app.somewhere",
        "calendar": "google:main", "ms": 812.5, "tries": 2, "ok": False,
    }  # fmt: skip
    assert len(lines.text.splitlines()) == 1


@given(st.text(st.characters(max_codepoint=0x2030)))
def test_whatever_a_caller_sends_is_one_line_and_nothing_a_terminal_obeys(text: str) -> None:
    with written() as lines:
        log.get("a").info("x", business=text, outcome=text)
    (line,) = lines.text.splitlines()
    assert json.loads(line)["outcome"] == text[:LONGEST_TEXT]
    assert not any(unicodedata.category(character) == "Cc" for character in line)


def test_below_the_level_nothing_is_written(lines: Lines) -> None:
    quiet = log.get("a")
    quiet.debug("nothing")
    assert lines.text == ""
    log.configure("error", lines.stream)
    strict = log.get("b")
    strict.warning("nothing")
    strict.error("something")
    assert [line["event"] for line in lines.all()] == ["something"]
    with pytest.raises(KeyError):
        log.configure("loud")


def test_a_line_break_in_a_value_cannot_forge_a_line(lines: Lines) -> None:
    log.get("a").info('x\n{"level":"error"}', tool="a\r\nb\u2028c")
    assert lines.text.count("\n") == 1


SHOWN_BY_FORM = [
    "2026-11-20T09:46:11.123456Z",
    "2026-11-20T09:46:11-06:00",
    "2026-11-20T15:00:00+00:00/2026-11-20T16:00:00+00:00",
    "2026-11-20 09:46:11,123",
    "on 2026-11-20 at 09:46",
    "2026-11-20",
    "08:00-12:00, 13:00-17:00",
    CALL_ID,
    "12345678-1234-4234-8234-123456789012",
    "RB-7K2M9Q",
    "slot_8x7Fd3aK2",
    "CA0123456789abcdef0123456789abcdef",
    "192.168.100.200",
    "listening on 127.0.0.1:43210",
    "('127.0.0.1', 54321)",
    "epoch 1763640000 and 1763640000123 and 1763640000.123456",
    "took 0.0123456789 s, 812.5550142 ms",
    "1, 2, 3, 4, 5, 6, 7, 8, 9",
    "https://www.googleapis.com/calendar/v3/freeBusy",
    "/usr/lib/python3.11/site-packages/uvicorn/protocols/http/h11_impl.py:120",
    "phone-call-websocket.aws-us-west-2-backend-production1.vapi.ai",
    "Home inspection on Tuesday, November 24th at 9 in the morning",
    "a token was missing",
    "RB-7K2M9Q, K7M4QX, 48291, 482913, order 12345678, invoice 123456789, ZIP 78701-1234",
    "1200 Main St, security code on 1200 Main, social media in 2024, a cvv",
    "event 4111111111111112, 1234567890123456, evt_4111111111111111, 0.4111111111111111",
    "2023 2024 2025 2026",
    "de12345678901234567890",
    "№ ５ ½ …",
    "",
]


@pytest.mark.parametrize("text", SHOWN_BY_FORM)
def test_what_is_needed_to_find_a_fault_stays_readable(text: str) -> None:
    assert log.redact(text) == text


PHONES = [
    "+15125550142",
    "+1 512 555 0142",
    "+1 (512) 555-0142",
    "+1-512-555-0142",
    "tel:+15125550142",
    "15125550142",
    "5125550142",
    "(512) 555-0142",
    "(512)555-0142",
    "512-555-0142",
    "512.555.0142",
    "512 555 0142",
    "512\u2011555\u20110142",
    "512\u00a0555\u00a00142",
    "1-512-555-0142",
    "555-0142",
    "5 1 2 5 5 5 0 1 4 2",
    "5-1-2-5-5-5-0-1-4-2",
    "+44 7911 123442",
    "07911 123442",
    "+49 30 12345642",
    "030 12345642",
    "0049301234542",
    "0049 170 1234542",
    "491511234542",
    "+33 6 12 34 56 42",
    "4915112345642",
    "sip:+15125550142@pbx",
]


@pytest.mark.parametrize("number", PHONES)
@pytest.mark.parametrize("around", ["{}", "call {} now", '{{"number": "{}"}}', "caller={},", "2026-11-20T09:46:11Z {}"])
def test_of_a_phone_number_at_most_two_digits_are_shown(number: str, around: str) -> None:
    shown = log.redact(around.format(number))
    assert "…42" in shown
    assert not any(piece in shown for piece in ("555", "0142", "7911", "1234", "3456", "512"))
    assert ("2026-11-20T09:46:11Z" in shown) == ("2026" in around)


MASKED = [
    ("+15125550142", "+1…42"),
    ("+4479111234 56", "+…56"),
    ("5125550142", "…42"),
    ("911", "…"),
    ("anonymous", "…"),
    ("", "none"),
    (None, "none"),
]


@pytest.mark.parametrize(("number", "shown"), MASKED)
def test_a_masked_number_can_be_recognised_and_not_dialled(number: str | None, shown: str) -> None:
    assert log.masked_phone(number) == shown


SECRETS = [
    ("dana.o'neil+x@mail.acme.example wrote", "acme"),
    ("<dana@acme.example>", "dana"),
    ("Authorization: Bearer hunter22hunter22", "hunter22"),
    ("basic aHVudGVyMjI=", "aHVu"),
    ("https://phone-call-websocket.aws-us-west-2-backend-production1.vapi.ai/7420f27a-30fd/control", "7420f27a"),
    ("POST wss://x.vapi.ai/7420f27a/listen failed", "7420f27a"),
    ("postgresql://readback:hunter22@db:5432/readback", "hunter22"),
    ("https://hooks.slack.com/services/T0/B0/hunter22", "hunter22"),
    ("/calendars/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b.ics", "9f86d081"),
    ("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "9f86d081"),
    ("key sk-proj-abcdefghijklmnop", "abcdefgh"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "eyJ"),
    ("token=hunter22&x=1", "hunter22"),
    ("client_secret: hunter22", "hunter22"),
    ('{"apiKeys": ["hunter22"], "n": 1}', "hunter22"),
    ("{'twilioAuthToken': 'hunter22'}", "hunter22"),
    ("Zm9vYmFyMTIzNDU2Nzg5MDEyMzQ1Njc4OTAx/MTIz==", "Zm9v"),
]


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_addresses_and_secrets_are_taken_out_of_text(text: str, secret: str) -> None:
    assert secret not in log.redact(text)


CARD_4 = "4111 1111 1111 1111"
CARDS = [
    CARD_4, CARD_4.replace(" ", ""), CARD_4.replace(" ", "-"), CARD_4.replace(" ", "."), CARD_4.replace(" ", "  "),
    CARD_4.replace(" ", "\u2011"), "４１１１ １１１１ １１１１ １１１１", "４１１１１１１１１１１１１１１１",
    "4111 11111111 1111", "411111 1111111111", f"{CARD_4} 12/27 123", f"{CARD_4} 123", "3782 822463 10005",
    "378282246310005", "6011111111111117", "5555 5555 5555 4444", "2223003122003222", "3056 930902 5904",
    "4111111111111111110", "3782 822463 10004", "3782 822463 10005 12/27 1234",
]  # fmt: skip


@pytest.mark.parametrize("number", CARDS)
@pytest.mark.parametrize("around", ["{}", "my card is {}, thanks", "card:{}.", "on 2026-11-20 {}", "512 555 0142 #{}"])
def test_no_digit_of_a_card_is_shown(number: str, around: str) -> None:
    shown = log.redact(around.format(number))
    assert shown == around.format("[card]").replace("512 555 0142", "…42")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("123-45-6789", "[redacted]"),
        ("it is 123 45 6789 ok", "it is [redacted] ok"),
        ("SSN: 123456789", "SSN: [redacted]"),
        ("my social security number is 123456789.", "my social security number is [redacted]."),
        ("123456789 is my social", "[redacted] is my social"),
        ("cvv 123", "cvv [redacted]"),
        ("CVC: 1234, ok", "CVC: [redacted], ok"),
        ("security code is 123", "security code is [redacted]"),
        ("123 is the cvv", "[redacted] is the cvv"),
        ("DE89 3704 0044 0532 0130 00 thanks", "[redacted] thanks"),
        ("de89370400440532013000", "[redacted]"),
        ("GB82 WEST 1234 5698 7654 32", "[redacted]"),
        ("BE68 5390 0754 7034 call me", "[redacted] call me"),
    ],
)
def test_what_identifies_a_person_or_opens_an_account_is_not_shown(text: str, shown: str) -> None:
    assert log.redact(text) == shown


@given(st.text(max_size=300))
def test_redacting_never_raises_whatever_the_text(text: str) -> None:
    assert isinstance(log.redact(text), str)


@given(st.from_regex(r"\+[1-9][0-9]{7,13}", fullmatch=True))
def test_no_e164_number_survives(number: str) -> None:
    assert number[2:-2] not in log.redact(f"call from {number} refused")


@pytest.mark.parametrize(
    "hostile",
    [
        "1" * 9_999,
        "1 " * 5_000,
        "a@" * 5_000,
        "(5" * 5_000,
        "a://" * 3_000,
        "0 0" * 4_000,
        "token=" * 2_000,
        "token" * 2_000,
        "4111 " * 900,
        "12/27 " * 600,
        "ab12 " * 900,
        "ssn is " * 600,
    ],
)
def test_hostile_text_costs_little(hostile: str) -> None:
    started = time.thread_time()
    log.redact(hostile)
    assert time.thread_time() - started < 1.0


BY_KEY = [
    "phone", "caller", "customer_name", "customerName", "name", "email", "address", "notes", "authorization",
    "Authorization", "secret", "token", "control_url", "controlUrl", "x-vapi-secret", "X-Vapi-Secret", "password",
    "twilioAuthToken", "serverUrlSecret", "listenUrl", "callToken", "presignedUrl", "recordingUrl", "api_key",
    "admin_token", "contact_email", "transcript", "arguments",
]  # fmt: skip


@pytest.mark.parametrize("key", BY_KEY)
def test_some_keys_are_never_shown_however_deep(lines: Lines, key: str) -> None:
    log.get("a").info("x", **{key: "Dana Hunter"}, body={"message": [{key: "Dana Hunter", "kept": "yes"}]})
    assert "Dana" not in lines.text
    assert "Hunter" not in lines.text
    assert '"kept":"yes"' in lines.text


def test_ids_keep_their_long_words_and_lose_phone_numbers(lines: Lines) -> None:
    event_id = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"
    log.get("a").info("x", event_id=event_id, call_id="+15125550142", caller="+15125550142", line="+15125550100")
    line = lines.last()
    assert line["event_id"] == event_id
    assert line["call_id"] == "+1…42"
    assert line["caller"] == "+1…42"
    assert line["line"] == "+1…00"


class Person(BaseModel):
    name: str
    age: int


@dataclass
class Customer:
    name: str


def test_objects_are_named_and_not_shown(lines: Lines) -> None:
    log.get("a").info(
        "x", a=Customer("Dana"), b=Person(name="Dana", age=1), c=b"Dana", d=date(2026, 11, 20), e=UUID(CALL_ID),
        f=datetime(2026, 11, 20, tzinfo=UTC), g={"Dana": 1}.keys(), h={("x", 1): {1, 2}}, i=ValueError("+15125550142"),
    )  # fmt: skip
    line = lines.last()
    assert "Dana" not in lines.text
    assert line["a"] == "<Customer>"
    assert line["d"] == "2026-11-20"
    assert line["e"] == CALL_ID
    assert line["f"] == "2026-11-20T00:00:00+00:00"
    assert line["i"] == "ValueError: +1…42"


def test_values_are_bounded(lines: Lines) -> None:
    nest: Any = "deep"
    for _ in range(50):
        nest = {"x": nest}
    log.get("a").info("x", long="word " * 10_000, many=list(range(10_000)), nest=nest)
    assert len(lines.text) < 6_000


@pytest.mark.parametrize("value", ["\ud800", 2**70, float("nan"), {2**70: 1}])
def test_what_json_cannot_carry_does_not_lose_the_line(lines: Lines, value: Any) -> None:
    log.get("a").info("x", value=value, ok=True)
    assert lines.last()["ok"] is True


def test_an_exception_shows_type_message_and_place_and_no_values(lines: Lines) -> None:
    def fails(customer: str) -> None:
        try:
            raise ValueError(f"cannot call {customer}")
        except ValueError as error:
            raise RuntimeError("Bearer hunter22hunter22") from error

    try:
        fails("+15125550142")
    except RuntimeError:
        log.get("a").exception("it broke", tool="book_appointment")
    told = lines.last()["exception"]
    assert told["type"] == "RuntimeError"
    assert told["cause"]["message"] == "cannot call +1…42"
    assert told["stack"][-1].startswith("tests/test_log.py:") or "test_log.py:" in told["stack"][-1]
    assert told["stack"][-1].endswith(" fails")
    assert "5550142" not in lines.text
    assert "hunter22" not in lines.text
    assert lines.last()["level"] == "error"


def test_errors_that_quote_the_data_lose_the_quote(lines: Lines) -> None:
    try:
        Person.model_validate({"name": ["Dana Hunter"], "age": "Dana"})
    except ValidationError as error:
        log.get("a").error("x", exc_info=error)
    log.get("a").error("x", exc_info=ValueError("(psycopg.Error) bad\n[SQL: INSERT]\n[parameters: {'c': 'Dana'}]"))
    log.get("a").error("x", exc_info=ValueError("duplicate key\nDETAIL: Key (c)=(Dana) exists."))
    assert "Dana" not in lines.text
    assert "valid string" in lines.text
    assert "INSERT" in lines.text


def test_a_group_of_exceptions_and_a_loop_of_causes_come_out(lines: Lines) -> None:
    first, second = ValueError("one"), ValueError("two")
    first.__cause__, second.__cause__ = second, first
    log.get("a").error("x", exc_info=ExceptionGroup("several", [first, second]))
    assert [one["message"] for one in lines.last()["exception"]["errors"]] == ["one", "two"]


def test_an_error_that_cannot_say_what_it_is_does_not_lose_the_line(lines: Lines) -> None:
    class BrokenError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    log.get("a").error("x", exc_info=BrokenError())
    assert lines.last()["exception"]["type"].endswith("BrokenError")


async def test_the_ids_of_a_request_are_on_its_lines_and_on_nobody_else_s(lines: Lines) -> None:
    async def handle(number: int) -> None:
        token = log.bind(request_id=f"r-{number}", call_id=CALL_ID, tool_call_id=None)
        await asyncio.sleep(0.001)
        log.get("a").info("in", number_of=number)
        await asyncio.create_task(later(number))
        log.unbind(token)
        log.get("a").info("after", number_of=number)

    async def later(number: int) -> None:
        with bound(tool="book_appointment"):
            log.get("b").info("in", number_of=number)

    await asyncio.gather(*(handle(number) for number in range(5)))
    for line in lines.all():
        inside = line["event"] == "in"
        assert line.get("request_id") == (f"r-{line['number_of']}" if inside else None)
        assert line.get("call_id") == (CALL_ID if inside else None)
        assert "tool_call_id" not in line
        assert line.get("tool") == ("book_appointment" if line["logger"] == "b" else None)


def test_libraries_are_heard_from_warnings_on_in_the_same_form(lines: Lines) -> None:
    with bound(request_id="r-1"):
        logging.getLogger("uvicorn.access").info("GET /")
        logging.getLogger("uvicorn.error").warning("bad request from %s", "+15125550142")
        try:
            raise OSError("dana@acme.example")
        except OSError:
            logging.getLogger("aiohttp.client").exception("no")
    first, second = lines.all()
    assert (first["event"], first["logger"], first["level"]) == ("bad request from +1…42", "uvicorn.error", "warning")
    assert first["request_id"] == "r-1"
    assert second["exception"]["message"] == "[email]"


def test_configuring_again_does_not_double_the_lines(lines: Lines) -> None:
    log.configure("info", lines.stream)
    log.configure("info", lines.stream)
    logging.getLogger("x").warning("once")
    assert len(lines.all()) == 1


def test_a_stream_that_is_gone_loses_the_line_and_nothing_else() -> None:
    stream = io.BytesIO()
    log.configure("info", stream)
    stream.close()
    log.get("a").info("into the void")
    log.configure("info")


def written_by(program: str) -> list[dict[str, Any]]:
    """What a process of its own writes to stderr, free of the test runner's hooks; nothing goes to stdout."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=30, check=True)
    assert done.stdout == b""
    return [orjson.loads(line) for line in done.stderr.splitlines()]


def test_unconfigured_it_writes_json_to_stderr_and_nothing_to_stdout() -> None:
    (line,) = written_by("from app import log; log.get('a').info('x', phone='+15125550142')")
    assert line["phone"] == "+1…42"


def test_warnings_of_python_come_as_lines() -> None:
    (line,) = written_by("import warnings; from app import log; log.configure(); warnings.warn('call +15125550142')")
    assert "UserWarning: call +1…42" in line["event"]


def test_a_library_that_logs_wrongly_costs_its_line_and_nothing_else() -> None:
    (line,) = written_by("import logging; from app import log; log.configure(); logging.error('%d', 'no number')")
    assert line["event"] == "log line lost"


def test_a_line_costs_microseconds(lines: Lines) -> None:
    """Measured 6 us; the bound is loose because machines are shared, and what others take of them is not counted."""
    logger = log.get("a")

    def spent() -> float:
        started = time.thread_time()
        for _ in range(500):
            logger.info("tool answered", tool="check_availability", outcome="ok", ms=12.3, business="acme")
        return (time.thread_time() - started) / 500

    with bound(request_id=CALL_ID, call_id=CALL_ID):
        assert min(spent() for _ in range(20)) < 100e-6
