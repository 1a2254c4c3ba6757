"""Arguments as models send them, and what the agent is told when they will not do."""

import tracemalloc
from typing import Annotated, Any

import pytest
from pydantic import Field, ValidationError

from app.calls.arguments import LONGEST_KNOWN_BYTES, ToolArguments, checked, corrective


class Wanted(ToolArguments):
    private = frozenset({"email"})
    slot_id: str = Field(description="as offered")
    limit: Annotated[int, Field(ge=1, le=50)] = 3
    phone: str | None = None
    email: str | None = None


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"slot_id": "s1"}, {"slot_id": "s1"}),
        ({"slot_id": "  s1 "}, {"slot_id": "s1"}),
        ({"slot_id": 42}, {"slot_id": "42"}),
        ({"slot_id": "s1", "limit": "7"}, {"slot_id": "s1", "limit": 7}),
        ({"slot_id": "s1", "limit": ""}, {"slot_id": "s1"}),
        ({"slot_id": "s1", "limit": None}, {"slot_id": "s1"}),
        ({"slot_id": "s1", "phone": "{{customer.number}}"}, {"slot_id": "s1"}),
        ({"slot_id": "s1", "phone": " {{ customer.number }} "}, {"slot_id": "s1"}),
        ({"slot_id": "s1", "phone": " \t\n"}, {"slot_id": "s1"}),
        ({"slot_id": "s1", "phone": "\0"}, {"slot_id": "s1"}),
        ({"slot_id": "s\0001"}, {"slot_id": "s1"}),
        ({"slot_id": "s1", "phone": "null", "email": " None ", "limit": "undefined"}, {"slot_id": "s1"}),
        (
            {"slot_id": "none", "phone": "N/A", "email": "none@x.example"},
            {"slot_id": "none", "email": "none@x.example"},
        ),
        ({"slot_id": "s1", "phone": 15125550142}, {"slot_id": "s1", "phone": "15125550142"}),
        ({"slot_id": "s1", "something": "else"}, {"slot_id": "s1"}),
        ({"slotId": "s1", "Limit": "7", "e-mail": " "}, {"slot_id": "s1", "limit": 7}),
        ({"slot_id": "s1", "slotId": "s2"}, {"slot_id": "s1"}),
        ({"slotId": "s2", "slot_id": "s1"}, {"slot_id": "s1"}),
        ({"slot_id": None, "slotId": "s2", "Slot-ID": ""}, {"slot_id": "s2"}),
        ({"slot" + "_" * 61 + "Id": "s2", "slot_id": "s1"}, {"slot_id": "s1"}),
    ],
)
def test_what_models_send_is_read(given: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert checked(Wanted, given) == Wanted.model_validate(given)
    assert Wanted.model_validate(given).model_dump(exclude_unset=True) == wanted


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "slot_id is missing (as offered)"),
        ({"slot_id": ""}, "slot_id is missing (as offered)"),
        ({"slot_id": "{{slot}}"}, "slot_id is missing (as offered)"),
        ({"slot_id": {"id": "s1"}}, "slot_id: "),
        ({"slot_id": "s1", "limit": "many"}, "limit: "),
        ({"slot_id": "s1", "limit": 51}, "limit: "),
        ({"slot" + "_" * 61 + "Id": "s1"}, "slot_id is missing (as offered)"),
        ({"limit": 0}, "slot_id is missing (as offered); limit: "),
    ],
)
def test_what_is_wrong_is_said_so_that_it_can_be_put_right(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Wanted.model_validate(given)

    sentence = corrective(refused.value, Wanted)
    assert said in sentence
    assert sentence.endswith("Ask the caller if you need to, then try again.")
    assert "pydantic" not in sentence
    assert "\n" not in sentence


def test_the_same_question_is_checked_once_and_a_refused_one_is_refused_again() -> None:
    assert checked(Wanted, {"slotId": "s1", "limit": "7"}) is checked(Wanted, {"slotId": "s1", "limit": "7"})
    assert checked(Wanted, {"slot_id": 1}) != checked(Wanted, {"slot_id": 1, "limit": 4})
    for _ in range(2):
        with pytest.raises(ValidationError):
            checked(Wanted, {"limit": 7})


def test_what_the_tool_does_not_take_makes_no_question_a_new_one() -> None:
    first = checked(Wanted, {"slot_id": "s7", "caller_number": "+15125550142", "call_id": "c1"})

    assert checked(Wanted, {"call_id": "c2", "slot_id": "s7", "caller_number": "+15125550143"}) is first
    assert checked(Wanted, {"slot_id": "s7", "Phone": "+15125550143", "call_id": "c2"}).phone == "+15125550143"


def test_what_is_remembered_takes_no_more_room_than_it_is_long() -> None:
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(200):
            checked(Wanted, {"slot_id": f"room {number}"})
        kept = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()

    assert kept / 200 < 2_500


@pytest.mark.parametrize("given", [{"slot_id": "s" * LONGEST_KNOWN_BYTES}, {"slot_id": 2**70}])
def test_what_is_long_or_no_plain_json_is_checked_each_time(given: dict[str, Any]) -> None:
    assert checked(Wanted, given) == Wanted.model_validate(given)
    assert checked(Wanted, given) is not checked(Wanted, given)


def test_what_is_private_is_not_shown() -> None:
    arguments = Wanted.model_validate({"slot_id": "s1", "email": "ann@example.com"})

    assert arguments.shown() == {"slot_id": "s1"}
