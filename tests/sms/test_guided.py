"""Any text at all: an answer or silence, never an error, never many calls, never a booking nobody said yes to."""

import asyncio
import random
import re
import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.booking.business import Businesses, Service, Technician
from app.db.once import looking
from app.db.schema import cap_counts
from app.sms import guided
from app.sms.cleaning import cleaned
from app.sms.guided import GuidedConversation
from app.sms.phrases import MAX_CHARS, fit, plain
from app.sms.state import Step, loaded
from app.sms.turn import Conversation, Incoming
from app.sms.words import Said, read
from tests.booking.acme import CALLER, NOW, acme
from tests.sms import hard_stories, stories
from tests.sms.conversing import LINE, MOST_CALLS, phone

CHANGES_SOMETHING = {"book_appointment", "reschedule_appointment", "cancel_appointment"}
SLOT = {"slot_id": "aa", "start": "2026-11-24T09:00:00-06:00", "end": "2026-11-24T10:00:00-06:00", "technician": "dana"}
LATER = SLOT | {"slot_id": "bb", "start": "2026-11-24T10:00:00-06:00", "technician": "lee"}
BOOKED = {"reference": "K7QM2X", "start": SLOT["start"], "service": "inspection", "technician": "dana"}
LONG = "It is like that. " * 40
ANYTHING: dict[str, list[dict[str, Any]]] = {
    "check_availability": [
        {"ok": True, "say": "1", "slots": [SLOT, LATER]},
        {"ok": True, "say": LONG, "slots": []},
        {"ok": True, "say": "Still looking.", "code": "still_checking"},
        {"ok": False, "say": LONG, "code": "past_date"},
        {"ok": False, "say": "No.", "code": "calendar_unavailable"},
        {"ok": False, "say": "No.", "code": "internal", "log_id": "1"},
    ],
    "find_appointments": [
        {"ok": True, "say": "1", "appointments": []},
        {"ok": True, "say": "1", "appointments": [BOOKED | {"outcome": "confirmed", "verification": "mismatch"}]},
        {"ok": True, "say": "1", "appointments": [BOOKED | {"outcome": "pending", "verification": "none"}] * 9},
        {"ok": False, "say": "No.", "code": "not_found"},
        {"ok": False, "say": "No.", "code": "internal"},
    ],
    "request_callback": [
        {"ok": True, "say": "Someone will call you back by 11:00 AM.", "reference": "CAAA", "due": SLOT["start"]},
        {"ok": False, "say": "No.", "code": "invalid_arguments"},
    ],
}
for tool in CHANGES_SOMETHING:
    ANYTHING[tool] = [
        {"ok": True, "say": "Done.", "outcome": "confirmed", **BOOKED},
        {"ok": False, "say": "Not yet.", "code": "still_checking", "outcome": "pending", **BOOKED},
        {"ok": False, "say": LONG, "code": "slot_taken", "outcome": "refused", "slots": [LATER]},
        {"ok": False, "say": "No.", "code": "slot_expired", "outcome": "refused", "slots": []},
        {"ok": False, "say": LONG, "code": "calendar_unavailable", "outcome": "refused", "slots": []},
        {"ok": False, "say": "No.", "code": "not_allowed", "outcome": "refused"},
        {"ok": False, "say": "No.", "code": "invalid_arguments", "outcome": "refused"},
        {"ok": False, "say": "No.", "code": "internal", "log_id": "1"},
    ]
KNOWN_TEXTS = sorted(
    {
        line.strip()[1:].strip()
        for story in (*stories.ALL, *hard_stories.ALL)
        for line in story.lines.splitlines()
        if line.strip()[:1] in ">+"
    }
)


class AnyTools:
    """Tools that answer whatever tools can answer, the same for the same seed. `asked` is what they were asked."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self.asked: list[tuple[str, Mapping[str, Any], str]] = []

    async def __call__(
        self, conversation: Conversation, session: str, tool: str, arguments: Mapping[str, Any], tool_call_id: str
    ) -> Mapping[str, Any]:
        self.asked.append((tool, arguments, tool_call_id))
        return self._chance.choice(ANYTHING[tool])


def texts(turn: int, bodies: list[str], at: float) -> list[Incoming]:
    return [Incoming(f"SM{turn}-{n}", body, at + n, media=int(not body)) for n, body in enumerate(bodies)]


async def talk(seed: int, turns: list[tuple[list[str], float]]) -> list[tuple[Any, list[Any]]]:
    """Each turn's answer with the calls made for it."""
    tools, state, at = AnyTools(seed), {}, float(NOW)
    responder = GuidedConversation(Businesses({"acme": acme()}), tools)
    found = []
    for number, (bodies, passed) in enumerate(turns):
        at += passed
        before = len(tools.asked)
        turn = await responder.answer(Conversation("c", "acme", CALLER, LINE, state), texts(number, bodies, at))
        state = orjson.loads(orjson.dumps(turn.state))
        assert loaded(state).v == 1
        found.append((turn, tools.asked[before:]))
    return found


BODIES = st.one_of(st.sampled_from(KNOWN_TEXTS), st.text(max_size=80), st.sampled_from(["yes", "1", "2", "no", ""]))
TURNS = st.lists(
    st.tuples(st.lists(BODIES, min_size=1, max_size=3), st.sampled_from([5.0, 1_000.0, 20_000.0])),
    min_size=1,
    max_size=8,
)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 1_000), TURNS)
def test_any_conversation(seed: int, turns: list[tuple[list[str], float]]) -> None:
    for turn, asked in asyncio.run(talk(seed, turns)):
        assert len(asked) <= MOST_CALLS
        assert len(turn.replies) <= 3, "what was done, the answer to a question, and a second wish"
        for reply in turn.replies:
            assert 0 < len(reply) <= MAX_CHARS
            assert plain(reply) == reply
        assert len(orjson.dumps(turn.state)) < 4_000
        assert len({call_id for _, _, call_id in asked}) == len(asked)


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 1_000), TURNS)
def test_the_same_again_is_the_same(seed: int, turns: list[tuple[list[str], float]]) -> None:
    assert asyncio.run(talk(seed, turns)) == asyncio.run(talk(seed, turns))


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 1_000), st.lists(st.text(max_size=60), min_size=1, max_size=6))
@example(70, ["👌"])
def test_nothing_is_changed_without_a_yes(seed: int, bodies: list[str]) -> None:
    opening = ["inspection tuesday 9am, my name is Jane Roe", *bodies]
    agreed = re.compile(r"\b(?:y|yes|ok|k|sure|si)", re.I)
    for turn, (_, asked) in enumerate(asyncio.run(talk(seed, [([body], 5.0) for body in opening]))):
        if not agreed.search(plain(cleaned(opening[turn]))):  # a thumb up is a yes
            assert not CHANGES_SOMETHING & {tool for tool, _, _ in asked}


@pytest.mark.parametrize(
    "kept",
    [
        {"v": 2, "session": "SM0", "at": float(NOW), "step": "confirm"},
        {"v": 1, "session": "SM0", "at": float(NOW), "step": "dance"},
        {"v": 1, "session": 7},
        {"step": "confirm"},
        {"v": "1"},
    ],
    ids=str,
)
async def test_a_state_that_cannot_be_read_starts_anew(kept: dict[str, Any]) -> None:
    tools = AnyTools(0)
    responder = GuidedConversation(Businesses({"acme": acme()}), tools)
    turn = await responder.answer(Conversation("c", "acme", CALLER, LINE, kept), texts(1, ["yes"], NOW))
    assert not {tool for tool, _, _ in tools.asked} & CHANGES_SOMETHING
    assert "I can book, move or cancel" in turn.replies[0]
    assert turn.state["v"] == 1


async def test_a_state_with_more_in_it_than_is_known_is_read() -> None:
    kept = {"v": 1, "session": "SM0", "at": float(NOW), "step": "day", "service": "inspection", "mood": "fine"}
    responder = GuidedConversation(Businesses({"acme": acme()}), AnyTools(0))
    turn = await responder.answer(Conversation("c", "acme", CALLER, LINE, kept), texts(1, ["blorp"], NOW))
    assert loaded(turn.state).step is Step.DAY


async def test_a_business_that_is_not_served_any_more_answers_nothing() -> None:
    responder = GuidedConversation(Businesses({"acme": acme()}), AnyTools(0))
    turn = await responder.answer(Conversation("c", "other", CALLER, LINE, {"v": 1}), texts(1, ["hi"], NOW))
    assert (turn.replies, turn.state) == ((), {"v": 1})


async def test_a_turn_run_again_after_a_crash_books_once_and_says_the_same(database_url: str) -> None:
    async with phone(database_url) as customer:
        await customer.send("inspection tuesday at 9, my name is Jane Roe")
        left = customer.state
        first = await customer.send("yes")
        customer.state, customer.sent = left, customer.sent - 1
        again = await customer.send("yes")
        assert first == again
        assert first[0].startswith("Booked: Home inspection")
        assert await customer.appointments() == ["inspection 2026-11-24 09:00 Jane Roe confirmed"]


async def test_a_late_yes_run_again_finds_its_own_booking(database_url: str) -> None:
    async with phone(database_url) as customer:
        await customer.send("inspection tuesday at 9, my name is Jane Roe")
        customer.clock.advance(3_600)
        left = customer.state
        first = await customer.send("yes")
        # As if the answers of the lookups had been lost with the process: they are asked anew, under other ids.
        customer.state, customer.sent = left, customer.sent + 10
        again = await customer.send("yes")
        assert first == again
        assert await customer.appointments() == ["inspection 2026-11-24 09:00 Jane Roe confirmed"]


async def test_calls_carry_ids_that_follow_from_the_newest_text(sqlite_url: str) -> None:
    async with phone(sqlite_url) as customer:
        await customer.send("inspection", "tuesday at 9", "my name is Jane Roe")
        await customer.send("yes")
        assert [(tool, call_id) for tool, _, call_id in customer.called] == [
            ("check_availability", "SM003:1"),
            ("book_appointment", "SM004:1"),
        ]


async def test_texts_are_no_calls_and_go_on_past_the_daily_cap_of_calls(sqlite_url: str) -> None:
    async with phone(sqlite_url, {"daily_call_cap": 1}) as customer:
        await customer.send("inspection tuesday at 9")
        customer.clock.advance(5 * 3_600)
        customer.state = {}
        [reply] = await customer.send("inspection tuesday at 9")
        assert "name" in reply.lower(), reply
    with looking(sqlite_url) as connection:
        assert connection.execute(select(cap_counts)).fetchall() == []


def test_what_is_said_is_cut_to_two_segments_of_plain_letters() -> None:
    assert fit("“Ants” — 5 € á", "more") == '"Ants" - 5 EUR a more'.replace("EUR", "?")
    assert len(fit("x" * 400)) == MAX_CHARS
    assert fit("x" * 300, "left out") == "x" * 300


async def test_what_exists_for_tests_only_is_offered_to_nobody() -> None:
    known = acme()
    check = Service("check", "Line check", 30)
    tess = Technician("tess", "Tess", "fake:tess", ("check",), known.technicians[0].hours)
    business = replace(
        known, services=(known.services[0], check), technicians=(*known.technicians, tess), tester="tess"
    )
    tools = AnyTools(0)
    responder = GuidedConversation(Businesses({"acme": business}), tools)
    turn = await responder.answer(Conversation("c", "acme", CALLER, LINE), texts(0, ["hello"], float(NOW)))
    assert loaded(turn.state).service == known.services[0].id
    assert "Line check" not in " ".join(turn.replies)
    turn = await responder.answer(Conversation("c2", "acme", CALLER, LINE), texts(1, ["a line check"], float(NOW)))
    assert loaded(turn.state).service != "check"


@pytest.mark.parametrize(("body", "beside"), [("tuesday at ten", False), ("the ants and " * 40, True)])
async def test_a_long_text_is_read_while_others_are_answered(
    monkeypatch: pytest.MonkeyPatch, body: str, beside: bool
) -> None:
    readers: list[int] = []

    def reading(*given: Any) -> Said:
        readers.append(threading.get_ident())
        return read(*given)

    monkeypatch.setattr(guided, "read", reading)
    assert (await guided.heard(acme(), [Incoming("SM1", body, NOW)])).text
    assert (readers != [threading.get_ident()]) is beside
