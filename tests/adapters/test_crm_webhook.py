"""The webhook's own matters: the published signature, the event's shape, receivers that show nothing or lie."""

import json
from collections.abc import AsyncIterator

import pytest

from app.adapters.breaker import Breaker
from app.adapters.crm_webhook import COMPARED, CrmWebhook, signature, signing_key
from app.booking.crm import Copied, Different, Seen, Unknown, Unreadable
from tests.booking.copies import cancelled, copy, moved
from tests.fakes.clock import FakeClock
from tests.fakes.webhook_receiver import KEY, SECRET, WebhookReceiver

WITHIN_S = 5.0


@pytest.fixture
async def receiver() -> AsyncIterator[WebhookReceiver]:
    async with WebhookReceiver(FakeClock().now) as server:
        yield server


async def sent(server: WebhookReceiver, *copies: object, read_back_url: str = "") -> CrmWebhook:
    clock = FakeClock()
    crm = CrmWebhook(f"{server.url}/in", read_back_url, KEY, Breaker(clock), clock)
    for one in copies:
        assert await crm.upsert(one, within_s=WITHIN_S) == Copied()  # type: ignore[arg-type]  # copies, all of them
    await crm.aclose()
    return crm


def test_the_signature_is_the_specifications_own_example() -> None:
    key = signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert key is not None
    signed = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    "secret",
    ["", "whsec_", "whsec_c2hvcnQ=", SECRET.removeprefix("whsec_"), "whsec_not base64 at all, but long enough"],
)
def test_what_is_no_signing_secret_is_none(secret: str) -> None:
    assert signing_key(secret) is None
    assert signing_key(SECRET) == KEY


async def test_an_event_says_what_happened_and_to_which_booking(receiver: WebhookReceiver) -> None:
    visit = copy()
    await sent(receiver, visit, moved(visit), cancelled(moved(visit)))
    booking = visit.booking.id
    assert {name: event["type"] for name, event in receiver.inbox.events.items()} == {
        f"{booking}.1.booked": "booking.booked",
        f"{booking}.2.moved": "booking.moved",
        f"{booking}.3.cancelled": "booking.cancelled",
    }
    data = receiver.inbox.events[visit.id]["data"]
    assert (data["start"], data["end"]) == ("2026-11-24T15:00:00Z", "2026-11-24T16:00:00Z")
    assert (data["reference"], data["status"], data["technician"]) == (visit.booking.reference, "confirmed", "Dana")
    assert data["customer"] == {
        "name": "Ann Marie Lee", "phone": "+15125550123", "email": "Ann@Example.com", "address": "12 Oak Street",
    }  # fmt: skip


async def test_what_is_sent_again_is_the_same_to_the_byte(receiver: WebhookReceiver) -> None:
    visit = copy()
    await sent(receiver, visit, visit)
    first, second = receiver.requests
    assert first.body == second.body
    assert receiver.inbox.repeats == 1


async def test_without_a_place_to_look_nothing_is_called_seen(receiver: WebhookReceiver) -> None:
    crm = await sent(receiver, copy())
    assert await crm.read(copy(), within_s=WITHIN_S) == Unreadable()


SHOWN = {
    "revision": (2, Different(("revision",))),
    "status": ("cancelled", Different(("status",))),
    "start": ("2026-11-24T15:30:00Z", Different(("start",))),
    "end": ("2026-11-24T09:00:00-06:00", Different(("end",))),
    "the same in another zone": ("2026-11-24T09:00:00.000-06:00", Seen()),
    "no time": ("soon", Different(("start",))),
    "nothing": (None, Different(("start",))),
}


@pytest.mark.parametrize(("field", "told"), SHOWN.items(), ids=SHOWN)
async def test_what_is_shown_is_compared_with_what_was_sent(
    receiver: WebhookReceiver, field: str, told: tuple[object, object]
) -> None:
    visit, clock = copy(), FakeClock()
    crm = CrmWebhook(f"{receiver.url}/in", f"{receiver.url}/seen/{{booking}}", KEY, Breaker(clock), clock)
    await crm.upsert(visit, within_s=WITHIN_S)
    assert await crm.read(visit, within_s=WITHIN_S) == Seen()
    receiver.inbox.bookings[visit.booking.id][field if field in COMPARED else "start"] = told[0]
    assert await crm.read(visit, within_s=WITHIN_S) == told[1]
    await crm.aclose()


async def test_a_receiver_that_names_another_event_is_not_believed() -> None:
    clock = FakeClock()
    async with WebhookReceiver(clock.now, echo="somebody-elses") as server:
        crm = CrmWebhook(f"{server.url}/in", "", KEY, Breaker(clock), clock)
        assert isinstance(await crm.upsert(copy(), within_s=WITHIN_S), Unknown)
        await crm.aclose()


async def test_the_customer_is_in_the_body_and_nowhere_else(receiver: WebhookReceiver) -> None:
    await sent(receiver, copy())
    (request,) = receiver.requests
    assert "Oak" in json.dumps(request.json)
    assert "Oak" not in f"{request.path} {request.headers}"
    assert "5550123" not in f"{request.path} {request.headers}"
