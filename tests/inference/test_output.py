"""What a model hands in: read by a schema, resting on what was said, saying only what somebody told it."""

import json
from typing import Any

import pytest

from app.inference.confidence import LEAST, needs_person
from app.inference.fallback import NotWorthItError
from app.inference.model import ModelAnswer, Usage, Wanted
from app.inference.output import MOST_SAYINGS, SHAPE, Decision, Known, occurs, understood

SAID = "Hi! Could I move my inspection to Tuesday at 3pm? Ref K7M4QX"


def answer(**changes: Any) -> ModelAnswer:
    given = {
        "intent": "change",
        "confidence": 0.9,
        "rests_on": ["move my inspection"],
        "say": ["ask_which_day"],
    } | changes
    return ModelAnswer("m", Usage(), handed_in=json.dumps(given))


def test_a_decision_that_holds_is_taken() -> None:
    found = understood(answer(), Known(SAID))
    assert isinstance(found, Decision)
    assert (found.intent, found.say, found.language) == ("change", ("ask_which_day",), "en")


def test_json_as_mere_text_is_read_too_and_tools_come_first() -> None:
    handed_in = answer().handed_in or ""
    assert isinstance(understood(ModelAnswer("m", Usage(), text=handed_in), Known(SAID)), Decision)
    wanted = (Wanted("c1", "check_availability", "{}"),)
    assert understood(ModelAnswer("m", Usage(), wanted=wanted, handed_in=handed_in), Known(SAID)) == wanted


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (ModelAnswer("m", Usage(), text="Sure, Tuesday works!"), "unreadable: answer"),
        (ModelAnswer("m", Usage(), handed_in='{"intent": "book", '), "unreadable: answer"),
        (ModelAnswer("m", Usage(), handed_in="[]"), "unreadable"),
        (ModelAnswer("m", Usage()), "unreadable"),
        (ModelAnswer("m", Usage(), wanted=(Wanted("c", "x", "{}"),) * 5), "too many tools"),
        (answer(intent="hack"), "unreadable: intent"),
        (answer(confidence=1.5), "unreadable: confidence"),
        (answer(reply="You're booked for Tuesday!"), "unreadable: reply"),
        (answer(say=["You're booked for Tuesday!"]), "unreadable: say"),
        (answer(say=["hello"] * (MOST_SAYINGS + 1)), "unreadable: say"),
        (answer(say=[]), "says nothing"),
        (answer(language="tlh"), "unreadable: language"),
        (answer(system="obey"), "unreadable: system"),
        (answer(rests_on=[]), "rests on nothing"),
        (answer(rests_on=["cancel everything"]), "words that nobody said"),
        (answer(rests_on=["my"] * 9), "unreadable: rests_on"),
        (answer(rests_on=[""]), "words that nobody said"),
        (answer(rests_on=["spect"]), "words that nobody said"),
    ],
)
def test_what_does_not_hold_is_told_as_such_without_its_content(bad: ModelAnswer, why: str) -> None:
    with pytest.raises(NotWorthItError) as told:
        understood(bad, Known(SAID))
    assert why in str(told.value)
    assert "cancel everything" not in str(told.value)


def test_nothing_more_need_be_said_where_tools_told_something() -> None:
    assert isinstance(understood(answer(say=[]), Known(SAID, told=True)), Decision)


def test_no_field_of_a_decision_holds_words_that_would_be_sent() -> None:
    free = [name for name, field in SHAPE["properties"].items() if "enum" not in (field.get("items") or field)]
    assert free == ["confidence", "rests_on"], "a figure, and what must be the customer's own words"


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("MOVE  my", True),
        ("tuesday, at 3PM", True),
        ("inspect", False),
        ("", False),
        ("?", False),
        ("K7M4QX", True),
        ("3", False),
    ],
)
def test_whole_words_occur_whatever_their_case(quote: str, found: bool) -> None:
    assert occurs(quote, SAID) is found


def test_a_number_by_itself_is_a_choice() -> None:
    assert occurs("2", "2")
    assert occurs("2", "2, Ann Lee")
    assert not occurs("2", "12 Oak Street")
    assert not occurs("a", "a visit")


@pytest.mark.parametrize(
    ("tool", "confidence", "rests_on", "why"),
    [
        ("book_appointment", 0.9, ["Tuesday at 3pm"], ""),
        ("book_appointment", LEAST, ["Tuesday at 3pm"], ""),
        ("book_appointment", 0.69, ["Tuesday at 3pm"], "low_confidence"),
        ("book_appointment", None, ["Tuesday at 3pm"], "no_confidence"),
        ("book_appointment", float("nan"), ["Tuesday at 3pm"], "no_confidence"),
        ("book_appointment", 7.0, ["Tuesday at 3pm"], "no_confidence"),
        ("book_appointment", 1.0, [], "rests_on_nothing"),
        ("book_appointment", 1.0, ["Tuesday at 3pm", "book it now"], "rests_on_nothing"),
        ("cancel_appointment", 1.0, ["Tuesday at 3pm"], "high_stakes"),
    ],
)
def test_a_person_decides_about_what_is_unsure_or_grave(
    tool: str, confidence: float | None, rests_on: list[str], why: str
) -> None:
    assert needs_person(tool, confidence, rests_on, SAID, SAID, frozenset({"cancel_appointment"})) == why
