"""Answers held against their shapes: what is new is counted, what changed rings once, and no value is ever kept."""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app import metrics
from app.adapters.google_calendar import GoogleCalendar, GoogleOptions
from app.booking.calendar import Unknown
from app.db.engine import Database
from app.db.schema import upstream_shapes
from app.watch import shapes
from app.watch.declared_shapes import CHANNEL, EVENT, FREEBUSY, TOKEN, TWILIO_MESSAGE, of_event
from app.watch.outline import Answer, problems
from app.watch.shape_watch import CALM_S, MOST_KEPT, ShapeWatch
from app.watch.shapes import Shape, held_against, observe, observe_json, taken
from app.watch.spoken_shapes import VAPI_TOOL_CALLS, of_vapi_message
from tests.fakes import google_faults as faults
from tests.fakes.alarms import FakeAlarms
from tests.fakes.databases import opened
from tests.fakes.google_calendar import FakeGoogle

PAYLOADS = Path(__file__).parents[1] / "payloads"


class Start(Answer):
    at: int
    known = frozenset({"zone"})


class Visit(Answer):
    id: str
    start: Start
    people: dict[str, Start] | None = None
    parts: list[Start] | None = None
    known = frozenset({"note"})


VISIT = Shape("test", "visit", Visit)
AT = {"at": 1}
GOOD = {"id": "1", "start": AT}
WRONG_ID = "id is number in place of text"
PLAIN = "id:text, start:object, start.at:number"


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    shapes.forget()
    yield
    shapes.forget()


@pytest.mark.parametrize(
    ("answer", "problem", "version"),
    [
        ({**GOOD, "note": "secret"}, "", PLAIN),
        ({**GOOD, "colour": 3}, "", f"{PLAIN}, colour:number"),
        ({**GOOD, "id": 7}, "id is number in place of text", PLAIN.replace("text", "number", 1)),
        ({"id": "1"}, "start is missing", "id:text"),
        (
            {"id": None, "begin": {}},
            "id is nothing in place of text; start is missing",
            "id:nothing, begin:object",
        ),
        ({**GOOD, "+15125550142 said": 1}, "", f"{PLAIN}, (other):number"),
        ({"id": "1", "start": {"at": "nine", "zone": "x"}}, "start.at is text in place of number", None),
        ({"id": "1", "start": {"hour": 9}}, "start.at is missing", "id:text, start:object, start.hour:number"),
        ({"id": "1", "start": 9}, "start is number in place of object", "id:text, start:number"),
        (
            {**GOOD, "people": {"ann@acme.example": AT, "dana": {"at": True}}},
            "people.*.at is flag in place of number",
            f"{PLAIN}, people.*.at:flag|number",
        ),
        (
            {**GOOD, "parts": [AT, {"at": "1"}, {"at": "2"}, {}]},
            "parts[].at is text in place of number; parts[].at is missing",
            f"{PLAIN}, parts[].at:number|text",
        ),
        ([], "it is list in place of object", "list"),
        (None, "it is nothing in place of object", "nothing"),
        (b"<html>", "it is other in place of object", "other"),
    ],
)
def test_a_version_has_names_and_types_and_no_value(answer: Any, problem: str, version: str | None) -> None:
    seen = held_against(VISIT, answer, 1.0)

    assert seen.problem == problem
    assert version is None or seen.version == version


def test_unknown_fields_are_counted_by_upstream() -> None:
    before = metrics.render()[0].decode()
    held_against(VISIT, {"id": "1", "start": {"at": 1, "a": 1}, "b": 2}, 1.0)
    after = metrics.render()[0].decode()

    def counted(text: str) -> float:
        found = [
            line for line in text.splitlines() if line.startswith('readback_unknown_fields_total{upstream="test"}')
        ]
        return float(found[0].split()[1]) if found else 0.0

    assert counted(after) - counted(before) == 2


def test_of_a_hot_shape_one_answer_a_minute_is_looked_at_and_the_others_cost_nothing() -> None:
    observe(FREEBUSY, {"calendars": {}})
    observe(FREEBUSY, {"other": {}})
    assert [seen.problem for seen in taken()] == [""]

    answer, began = {"calendars": {}}, time.thread_time()
    for _ in range(10_000):
        observe(FREEBUSY, answer)
    assert (time.thread_time() - began) / 10_000 < 20e-6


def test_of_a_hot_shape_every_answer_that_could_not_be_read_is_looked_at() -> None:
    observe(FREEBUSY, {"calendars": {}})
    for wrong in ({}, {"calendars": {"dana": {"free": []}}}):
        observe(FREEBUSY, wrong, unread=True)

    assert [seen.problem for seen in taken()] == ["", "calendars is missing", "calendars.*.busy is missing"]


def test_a_body_is_decoded_for_a_look_only_and_never_a_large_one() -> None:
    small, large = (
        b'{"message": {"type": 7, "call": {}, "toolCalls": []}}',
        b'{"message": "' + b"x" * shapes.MOST_SAMPLED_BYTES + b'"}',
    )
    for raw in (large, small, b"{"):
        observe_json(VAPI_TOOL_CALLS, raw)

    assert [seen.problem for seen in taken()] == ["message.type is number in place of text"]


def test_an_upstream_that_answers_at_random_fills_no_memory() -> None:
    for number in range(1_000):
        observe(VISIT, {**GOOD, f"field{number}": 1})

    assert len(taken()) == shapes.MOST_WAITING
    assert taken() == []


@pytest.mark.parametrize("path", sorted((PAYLOADS / "vapi").glob("*.json")), ids=lambda path: path.stem)
def test_every_message_that_is_known_of_vapi_has_its_shape(path: Path) -> None:
    told = json.loads(path.read_text())
    message = told.get("message") or told.get("body", {}).get("message") or told.get("request", {}).get("message")

    told = {"message": message}
    assert message is None or held_against(of_vapi_message(told), told, 1.0).problem == ""


def renamed(message: dict[str, Any], name: str) -> None:
    """As if a version of the platform called it otherwise, wherever it stands."""
    for holder in (message, message["call"]):
        if name in holder:
            holder[f"{name}New"] = holder.pop(name)


LOST = {
    "the list of tool calls": ("01_tool_calls_single", ("toolCallList", "toolCalls", "toolWithToolCallList")),
    "the call of an arrival": ("20_assistant_request", ("id",)),
    "the line of an arrival": ("20_assistant_request", ("phoneNumber",)),
    "the caller of an arrival": ("20_assistant_request", ("customer",)),
    "the call of a report": ("25_end_of_call_report", ("id",)),
    "the reason of a report": ("25_end_of_call_report", ("endedReason",)),
    "the call of a status": ("22_status_update_ended", ("id",)),
    "the status": ("22_status_update_ended", ("status",)),
    "the caller of a phone call": ("21_status_update_in_progress", ("customer",)),
    "the call of a transfer": ("36_transfer_update", ("id",)),
    "the call of a question where to transfer": ("27_transfer_destination_request", ("id",)),
    "the call of a question for documents": ("35_knowledge_base_request", ("id",)),
    "the function of old": ("07_function_call_legacy_object_parameters", ("functionCall",)),
}


@pytest.mark.parametrize(("name", "fields"), LOST.values(), ids=LOST)
def test_what_is_read_of_a_message_and_is_not_there_any_more_is_seen(name: str, fields: tuple[str, ...]) -> None:
    told = json.loads((PAYLOADS / "vapi" / f"{name}.json").read_text())
    for each in fields:
        renamed(told["message"], each)

    problem = held_against(of_vapi_message(told), told, 1.0).problem
    assert problem.startswith("message.")
    assert problem.endswith(("functionCall.name is missing", f"{fields[0]} is missing"))


def test_tool_calls_without_a_function_are_seen_in_the_sample_too() -> None:
    told = json.loads((PAYLOADS / "vapi" / "01_tool_calls_single.json").read_text())
    for call in told["message"]["toolCallList"]:
        call["tool"] = call.pop("function")

    for shape in (VAPI_TOOL_CALLS, of_vapi_message(told)):
        assert held_against(shape, told, 1.0).problem == "message.toolCallList[].function.name is missing"


def test_what_twilio_answers_has_its_shape() -> None:
    told = json.loads((PAYLOADS / "twilio" / "twilio_create_message_201.json").read_text())
    answer = told.get("body", told) if "sid" not in told else told

    seen = held_against(TWILIO_MESSAGE, answer, 1.0)

    assert (seen.problem, seen.version) == ("", "sid:text, status:text")


@pytest.mark.parametrize("number", [3599, "3599"])
def test_a_number_that_is_read_as_text_too_may_be_either(number: Any) -> None:
    assert problems(CHANNEL.model, {"resourceId": "r1", "expiration": number}) == []
    assert problems(TOKEN.model, {"access_token": "t", "expires_in": number}) == []


def test_a_field_of_several_kinds_is_told_by_its_own_name() -> None:
    assert problems(CHANNEL.model, {"resourceId": "r1", "expiration": []}) == [
        "expiration is list in place of text", "expiration is list in place of number",
    ]  # fmt: skip


def test_a_cancelled_event_needs_only_its_id() -> None:
    assert (
        held_against(of_event({"id": "a", "status": "cancelled"}), {"id": "a", "status": "cancelled"}, 1.0).problem
        == ""
    )
    assert of_event({"id": "a"}) is EVENT


class Rows:
    """What is kept of shapes."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def all(self) -> list[tuple[str, str, float, float]]:
        rows = await self.database.read(lambda c: c.execute(upstream_shapes.select()).fetchall())
        return sorted((row.version, row.problem, row.first_seen, row.last_seen) for row in rows)

    async def age(self, by_s: float) -> None:
        """As if everything had been seen that much earlier."""
        earlier = upstream_shapes.update().values(last_seen=upstream_shapes.c.last_seen - by_s)
        await self.database.write(lambda t: t.connection.execute(earlier) and None)


async def test_a_change_rings_once_and_is_kept_with_its_times(database_url: str) -> None:
    async with opened(database_url) as database:
        alarms = FakeAlarms()
        watch, rows = ShapeWatch(database, alarms), Rows(database)  # type: ignore[arg-type]

        observe(VISIT, GOOD)
        await watch.look()
        assert alarms.ringing() == set()
        [(_, _, first, last)] = await rows.all()
        assert first == last

        observe(VISIT, {**GOOD, "id": 5})
        observe(VISIT, GOOD)
        await watch.look()
        observe(VISIT, {**GOOD, "id": 6})
        await watch.look()
        assert alarms.ringing() == {("contract_drift", "test visit")}
        kept = await rows.all()
        assert [(version, problem) for version, problem, _, _ in kept] == [
            (f"{WRONG_ID}: {PLAIN.replace('text', 'number', 1)}", WRONG_ID),
            (PLAIN, ""),
        ]
        assert kept[0][3] > kept[0][2]
        assert kept[1][2] == first

        for number in range(MOST_KEPT + 5):
            observe(VISIT, {**GOOD, f"field{number}": 1})
            if number == 150:
                await watch.look()
        await watch.look()
        kept = await rows.all()
        assert len(kept) == MOST_KEPT
        assert f"{PLAIN}, field204:number" in {row[0] for row in kept}


async def test_answers_that_are_wrong_now_and_then_are_one_alarm_until_all_have_seen_right_ones(
    database_url: str,
) -> None:
    async with opened(database_url) as database:
        alarms, rows = FakeAlarms(), Rows(database)
        watch, other = (ShapeWatch(database, alarms) for _ in range(2))  # type: ignore[arg-type]
        right, wrong = GOOD, {"id": "1"}

        for number in range(12):
            observe(VISIT, right)
            if number % 3 == 0:
                observe(VISIT, wrong)
            await watch.look()
            observe(VISIT, right)
            await other.look()
        assert alarms.kinds() == ["contract_drift"]
        assert alarms.ringing(), "it did not end in between either"

        await rows.age(CALM_S + 1.0)
        await watch.look()
        assert alarms.ringing() == set(), "right ones came after the last wrong one"

        observe(VISIT, wrong)
        await watch.look()
        await rows.age(CALM_S + 1.0)
        await watch.look()
        assert alarms.ringing(), "nothing seen is nothing right"
        observe(VISIT, right)
        await other.look()
        assert alarms.ringing() == set()
        assert len(alarms.rung) == 2


async def test_a_field_of_another_type_that_may_be_absent_is_told_beside_right_ones(database_url: str) -> None:
    async with opened(database_url) as database:
        alarms, rows = FakeAlarms(), Rows(database)
        watch = ShapeWatch(database, alarms)  # type: ignore[arg-type]
        wrong = {**GOOD, "people": "nobody"}
        assert held_against(VISIT, wrong, 1.0).version == held_against(VISIT, GOOD, 1.0).version

        for answer in (wrong, GOOD):
            observe(VISIT, answer)
        await watch.look()
        assert alarms.ringing() == {("contract_drift", "test visit")}

        observe(VISIT, GOOD)
        await watch.look()
        await rows.age(CALM_S - 60.0)
        observe(VISIT, GOOD)
        await watch.look()
        assert alarms.ringing(), "right ones end it an hour after the last wrong one"

        await rows.age(120.0)
        observe(VISIT, GOOD)
        await watch.look()
        assert alarms.ringing() == set()


async def test_google_answering_in_another_shape_stays_unknown_and_is_told() -> None:
    async with FakeGoogle(["dana"]) as server:
        calendar = GoogleCalendar(GoogleOptions(api_url=server.url))
        await calendar.start()
        try:
            free = await calendar.free(["dana"], 1_893_456_000, 1_893_459_600, within_s=5.0)
            assert free["dana"] == ()
            assert {(seen.shape.path, seen.problem) for seen in taken()} == {("freebusy.query", "")}

            server.faults.fail_always("list", faults.RENAMED)
            assert isinstance(await calendar.events("dana", 1_893_456_000, 1_893_459_600, within_s=5.0), Unknown)
            assert {(seen.shape.path, seen.problem) for seen in taken()} == {("events.list", "items is missing")}
        finally:
            await calendar.close()
            await asyncio.sleep(0)
