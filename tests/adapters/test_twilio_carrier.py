"""Twilio as the carrier, over a real socket: what may be tried again blindly, and what has to be looked for."""

import asyncio
import gzip
import json
import time
import tracemalloc
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest

from app.adapters.breaker import Breaker
from app.adapters.twilio_carrier import MOST_PAGES, PAGE_SIZE, TwilioAccount, TwilioCarrier
from app.adapters.twilio_http import MOST_ANSWER_BYTES
from app.calls.texting import SMS, WHATSAPP, ReceivedText
from app.clock import SystemClock
from app.sms.carrier import Accepted, NotSent, Outgoing, Refused, Unknown
from tests.fakes import crm
from tests.fakes.recording_server import Fault
from tests.fakes.twilio_server import ACCOUNT, PAYLOADS, PUBLIC, TOKEN, FakeTwilio, refusing
from tests.flows.running import free_port
from tests.sms.texting import CUSTOMER, LINE, OTHER

TEXT = Outgoing("0123-1", CUSTOMER, LINE, "You're booked: Tue Nov 24, 9:00 AM.")


@pytest.fixture
async def twilio() -> AsyncIterator[FakeTwilio]:
    async with FakeTwilio() as server:
        yield server


def carrier(api_url: str, token: str = TOKEN, per_second: int = 1_000, within_s: float = 30.0) -> TwilioCarrier:
    account = TwilioAccount(ACCOUNT, ACCOUNT, token, api_url, PUBLIC, per_second)
    return TwilioCarrier(account, Breaker(SystemClock()), SystemClock(), within_s=within_s)


async def received(made: TwilioCarrier, channel: str = SMS) -> Sequence[ReceivedText]:
    """What came in lately."""
    found = await made.received(LINE, time.time(), channel)
    assert not isinstance(found, Unknown)
    return found


@pytest.fixture
async def made(twilio: FakeTwilio) -> AsyncIterator[TwilioCarrier]:
    one = carrier(twilio.url)
    yield one
    await one.aclose()


@pytest.fixture
async def hasty(twilio: FakeTwilio) -> AsyncIterator[TwilioCarrier]:
    """One that waits for nobody."""
    one = carrier(twilio.url, within_s=0.5)
    yield one
    await one.aclose()


async def test_a_text_is_accepted_with_short_validity_and_an_address_for_reports(
    twilio: FakeTwilio, made: TwilioCarrier
) -> None:
    answer = await made.send(TEXT)

    assert isinstance(answer, Accepted)
    assert (answer.sid, answer.status) == (twilio.state.taken[0]["sid"], "queued")
    sent = dict(parse_qsl(twilio.requests[0].body.decode()))
    assert sent == {
        "To": CUSTOMER,
        "From": LINE,
        "Body": TEXT.body,
        "ValidityPeriod": "900",
        "StatusCallback": f"{PUBLIC}/twilio/status?msg=0123-1",
    }
    asked = dict(parse_qsl((PAYLOADS / "twilio_create_message_request.form.txt").read_text()))
    assert set(sent) - {"From"} <= set(asked), "in Twilio's own names"


async def test_a_whatsapp_text_goes_back_the_way_it_came(twilio: FakeTwilio, made: TwilioCarrier) -> None:
    await made.send(Outgoing("0123-1", CUSTOMER, LINE, "Hi", "whatsapp"))

    [message] = twilio.state.taken
    assert (message["to"], message["from"]) == (f"whatsapp:{CUSTOMER}", f"whatsapp:{LINE}")


@pytest.mark.parametrize(
    ("mishap", "answer", "was_sent"),
    [
        (crm.TOO_MANY, NotSent, 0),
        (refusing(20429, 429), NotSent, 0),
        (refusing(20503, 503), Unknown, 0),
        (crm.BROKEN, Unknown, 0),
        (crm.BROKEN_AFTERWARDS, Unknown, 1),
        (crm.SILENT, Unknown, 0),
        (crm.SILENT_AFTERWARDS, Unknown, 1),
        (crm.CUT_AFTERWARDS, Unknown, 1),
        (crm.NOT_JSON, Unknown, 1),
        (refusing(21610), Refused, 0),
        (refusing(21211), Refused, 0),
        (crm.MOVED_AWAY, Refused, 0),
    ],
)
async def test_an_answer_is_worth_what_it_says_for_sure(
    twilio: FakeTwilio, made: TwilioCarrier, hasty: TwilioCarrier, mishap: crm.Mishap, answer: type, was_sent: int
) -> None:
    twilio.mishaps.append(mishap)
    got = await (hasty if mishap.silent else made).send(TEXT)

    assert isinstance(got, answer), got
    assert (len(twilio.state.taken), len(twilio.requests)) == (was_sent, 1), "and nothing is repeated"
    if isinstance(got, Refused) and mishap is not crm.MOVED_AWAY:
        assert mishap.fault is not None
        assert got.code == json.loads(mishap.fault.body)["code"]
    assert CUSTOMER not in str(got)
    assert TEXT.body not in str(got)


LONG = b" " * (MOST_ANSWER_BYTES + 1)
PACKED = gzip.compress(b" " * 200 * MOST_ANSWER_BYTES)


@pytest.mark.parametrize("status", [200, 201, 400, 429])
@pytest.mark.parametrize("fault", [Fault(body=LONG), Fault(body=PACKED, packed="gzip")], ids=["long", "packed"])
async def test_an_answer_that_is_not_read_to_its_end_says_nothing(
    twilio: FakeTwilio, made: TwilioCarrier, fault: Fault, status: int
) -> None:
    wrong = crm.Mishap(crm.DONE, replace(fault, status=status))
    twilio.mishaps.extend([wrong, replace(wrong, effect=crm.NOTHING)])
    tracemalloc.start()
    try:
        assert isinstance(await made.send(TEXT), Unknown)
        assert isinstance(await made.sent(TEXT, time.time()), Unknown)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 8 * MOST_ANSWER_BYTES
    found = await made.sent(TEXT, time.time())
    assert not isinstance(found, Unknown)
    assert len(found) == 1, "and the connection is good for the next one"


async def test_a_page_of_the_longest_texts_is_read(twilio: FakeTwilio, made: TwilioCarrier) -> None:
    for _ in range(PAGE_SIZE):
        twilio.came_in("\U0001f41c" * 800, CUSTOMER, LINE)
    assert len(await received(made)) == PAGE_SIZE


async def test_who_cannot_be_reached_was_sent_nothing() -> None:
    nobody = carrier(f"http://127.0.0.1:{free_port()}")
    assert isinstance(await nobody.send(TEXT), NotSent)
    await nobody.aclose()


async def test_the_wrong_token_is_a_code_that_somebody_has_to_mend(twilio: FakeTwilio) -> None:
    stranger = carrier(twilio.url, token="wrong")
    assert await stranger.send(TEXT) == Refused(20003, "HTTP 401, code 20003")
    await stranger.aclose()


async def test_the_deadline_holds_where_the_answer_drips(twilio: FakeTwilio, hasty: TwilioCarrier) -> None:
    twilio.mishaps.append(crm.ENDLESS)
    began = time.monotonic()

    assert isinstance(await hasty.send(TEXT), Unknown)
    assert time.monotonic() - began < 20.0


async def test_what_was_sent_is_found_by_recipient_words_and_time(twilio: FakeTwilio, made: TwilioCarrier) -> None:
    now = time.time()
    assert await made.sent(TEXT, now) == []
    twilio.mishaps.append(crm.CUT_AFTERWARDS)
    await made.send(TEXT)
    for other in (Outgoing("x-1", OTHER, LINE, TEXT.body), Outgoing("y-1", CUSTOMER, LINE, "Other words")):
        await made.send(other)
    found = await made.sent(TEXT, now)

    assert not isinstance(found, Unknown)
    assert [one.sid for one in found] == [twilio.state.taken[0]["sid"]]
    assert await made.sent(TEXT, now + 3_600) == []


async def test_a_trial_accounts_own_words_in_front_do_not_hide_it(twilio: FakeTwilio, made: TwilioCarrier) -> None:
    twilio.took(
        twilio.state, CUSTOMER, LINE, f"Sent from your Twilio trial account - {TEXT.body}", "outbound-api", "sent"
    )
    found = await made.sent(TEXT, time.time())

    assert not isinstance(found, Unknown)
    assert len(found) == 1


@pytest.mark.parametrize("mishap", [crm.BROKEN, crm.SILENT, crm.TOO_MANY, crm.UNAUTHORIZED, crm.NOT_JSON])
async def test_a_list_that_cannot_be_had_says_nothing(
    twilio: FakeTwilio, made: TwilioCarrier, hasty: TwilioCarrier, mishap: crm.Mishap
) -> None:
    twilio.mishaps.extend([mishap, mishap])
    asked = hasty if mishap.silent else made

    assert isinstance(await asked.sent(TEXT, time.time()), Unknown)
    assert isinstance(await asked.received(LINE, time.time(), SMS), Unknown)


@pytest.mark.parametrize("change", [
    {"sid": None}, {"direction": None}, {"date_created": "2026-11-20T10:00:00Z"}, {"date_created": None},
])  # fmt: skip
async def test_a_list_with_a_message_that_is_half_known_says_nothing(
    twilio: FakeTwilio, made: TwilioCarrier, change: dict[str, Any]
) -> None:
    await made.send(TEXT)
    twilio.came_in("Hello", CUSTOMER, LINE)
    for message in twilio.state.taken:
        message |= change
    assert isinstance(await made.sent(TEXT, time.time()), Unknown)
    assert isinstance(await made.received(LINE, time.time(), SMS), Unknown)


async def test_a_page_that_does_not_say_whether_there_is_another_says_nothing(
    twilio: FakeTwilio, made: TwilioCarrier
) -> None:
    twilio.mishaps.append(crm.Mishap(fault=Fault(body=b'{"messages": [], "page": 0, "page_size": 200}')))
    assert isinstance(await made.sent(TEXT, time.time()), Unknown), "nothing would mean that it may go again"


async def test_a_message_that_was_made_without_an_id_is_not_known_to_be_sent(
    twilio: FakeTwilio, made: TwilioCarrier
) -> None:
    twilio.mishaps.append(crm.Mishap(crm.DONE, Fault(201, body=b'{"message_sid": "SM1", "status": "queued"}')))
    assert isinstance(await made.send(TEXT), Unknown)


async def test_what_came_in_is_listed_oldest_first_without_what_went_out(
    twilio: FakeTwilio, made: TwilioCarrier
) -> None:
    for body in ("first", "second"):
        twilio.came_in(body, CUSTOMER, LINE)
    await made.send(TEXT)
    found = await received(made)

    assert [(text.body, text.customer, text.line) for text in found] == [
        ("first", CUSTOMER, LINE),
        ("second", CUSTOMER, LINE),
    ]


async def test_what_came_in_by_whatsapp_is_listed_under_that_address(twilio: FakeTwilio, made: TwilioCarrier) -> None:
    twilio.came_in("by text", CUSTOMER, LINE)
    twilio.came_in("by app", f"whatsapp:{CUSTOMER}", f"whatsapp:{LINE}")
    (text,) = await received(made, WHATSAPP)

    assert (text.body, text.customer, text.line, text.channel) == ("by app", CUSTOMER, LINE, WHATSAPP)


async def test_a_long_list_is_read_page_by_page_to_where_it_was_wanted_from(
    twilio: FakeTwilio, made: TwilioCarrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.adapters.twilio_carrier.PAGE_SIZE", 2)
    for number in range(5):
        twilio.came_in(f"{number}", CUSTOMER, LINE)
    found = await received(made)
    assert ([text.body for text in found], len(twilio.requests)) == (list("01234"), 3)

    for old in twilio.state.taken[:3]:
        old["date_created"] = "Thu, 01 Jan 2026 00:00:00 +0000"
    found = await received(made)
    assert [text.body for text in found] == list("34")
    assert len(twilio.requests) == 5, "nothing older is asked for"


async def test_what_came_in_is_read_to_its_end_and_of_what_was_sent_it_is_said_that_there_is_more(
    twilio: FakeTwilio, made: TwilioCarrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.adapters.twilio_carrier.PAGE_SIZE", 1)
    for number in range(MOST_PAGES + 1):
        await made.send(TEXT)
        twilio.came_in(f"{number}", CUSTOMER, LINE)
    assert [text.body for text in await received(made)] == [f"{number}" for number in range(MOST_PAGES + 1)]

    other = Outgoing("4567-1", CUSTOMER, LINE, "Other words")
    assert isinstance(await made.sent(other, time.time()), Unknown), "it may be among those that were not read"
    assert not isinstance(await made.sent(TEXT, time.time()), Unknown)


async def test_a_list_of_what_came_in_that_never_ends_is_no_list(
    twilio: FakeTwilio, made: TwilioCarrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.adapters.twilio_carrier.PAGE_SIZE", 1)
    monkeypatch.setattr("app.adapters.twilio_carrier.MOST_PAGES_IN", 2)
    for _ in range(3):
        twilio.came_in("Hi", CUSTOMER, LINE)
    assert await made.received(LINE, time.time(), SMS) == Unknown("more messages than are listed")


async def test_a_twilio_that_fails_is_spared(twilio: FakeTwilio, made: TwilioCarrier) -> None:
    twilio.always_wrong = crm.Mishap(fault=Fault(500))
    for _ in range(5):
        await made.send(TEXT)
    answer = await made.send(TEXT)

    assert (answer, made.resting(), len(twilio.requests)) == (
        NotSent("HTTP 500 again and again, so it is asked less often"),
        True,
        5,
    )


async def test_each_sender_has_its_own_pace(twilio: FakeTwilio) -> None:
    slow = carrier(twilio.url, per_second=2)
    began = time.monotonic()
    await asyncio.gather(*(slow.turn(line) for line in (LINE, OTHER) for _ in range(2)))
    at_once = time.monotonic() - began
    await slow.turn(LINE)
    waited = time.monotonic() - began
    await slow.aclose()

    assert at_once < 0.9
    assert waited >= 0.95


async def test_a_burst_is_spread_over_the_time_it_takes_and_few_wait_here(twilio: FakeTwilio) -> None:
    slow = carrier(twilio.url, per_second=1)
    waits = await asyncio.gather(*(slow.turn(LINE) for _ in range(6)))
    await slow.aclose()

    told = sorted(wait for wait in waits if wait)
    assert len(told) == 3, "one at once, and two that waited"
    assert [round(wait - told[0]) for wait in told] == [0, 1, 2], "each has a time of its own"
