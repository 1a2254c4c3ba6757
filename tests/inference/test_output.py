"""What a model hands in: read by a schema, resting on what was said, saying only what somebody told it."""

import json
from typing import Any

import pytest

from app.inference.confidence import LEAST, needs_person
from app.inference.fallback import NotWorthItError
from app.inference.model import ModelAnswer, Usage, Wanted
from app.inference.output import MOST_REPLY_CHARS, Decision, Known, occurs, understood

SAID = "Hi! Could I move my inspection to Tuesday at 3pm? Ref K7M4QX"
TOLD = json.dumps(
    {
        "say": "Your Home inspection with Dana is on Tuesday, November 24 at 9:00 AM. Your reference is K 7 M 4 Q X.",
        "quote": "An inspection costs $89.50. Call 512-555-0199 or see https://acme.example/prices.",
    }
)


def answer(**changes: Any) -> ModelAnswer:
    given = {"intent": "change", "confidence": 0.9, "rests_on": ["move my inspection"], "reply": "Which day?"} | changes
    return ModelAnswer("m", Usage(), handed_in=json.dumps(given))


def test_a_decision_that_holds_is_taken() -> None:
    found = understood(answer(), Known(SAID))
    assert isinstance(found, Decision)
    assert (found.intent, found.reply) == ("change", "Which day?")


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
        (answer(reply=""), "unreadable: reply"),
        (answer(reply="x" * (MOST_REPLY_CHARS + 1)), "unreadable: reply"),
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


@pytest.mark.parametrize(
    "reply",
    [
        "You're booked for Tuesday!", "Your appointment is confirmed.", "I have booked you with Dana.",
        "Your visit is all set.", "Su cita está confirmada.", "Ihr Termin ist gebucht.",
        "It has been cancelled.", "I've cancelled it.", "Your visit has been moved to Friday.",
        "Your reference is ZZ99QX.", "Reference: QQQQQQ", "The reference is QQQQQQ", "It is Z 9 9 Q X.",
        "That is $50.", "It costs 89 dollars.", "You get 20 % off.", "This inspection is free of charge.",
        "We'll do it for free.", "I can offer a discount.", "The visit is free!", "You will get a refund.",
        "Done! See you Tuesday.", "You're all set.", "See you then!", "I've put you down for Tuesday.",
        "Tuesday it is!",
        "You're on the schedule.", "We look forward to seeing you.", "You're in!", "It's on our books, see you then.",
        "Somebody will call you.", "I'll have someone call you back.", "I've asked a colleague to call you.",
        "I sent you the details.", "We will get back to you.", "I've passed it on.", "Someone is going to call you.",
        "See http://evil.example/pay", "Call 512-555-0100.", "How about 10:30 AM?", "How about 4 pm?",
    ],
)  # fmt: skip
def test_nothing_is_said_that_nobody_told_it(reply: str) -> None:
    with pytest.raises(NotWorthItError):
        understood(answer(reply=reply), Known(SAID, (TOLD,)))


@pytest.mark.parametrize(
    "reply",
    [
        "Your inspection is on Tuesday at 9:00 AM with Dana, reference K7M4QX.",
        "It's at 9 AM. Your reference is K 7 M 4 Q X.",
        "An inspection costs $89.50, see https://acme.example/prices", "You can call 512-555-0199.",
        "Would 3 pm on Tuesday suit you? I will look.", "Dana is free on Tuesday.", "HELLO and welcome!",
        "Shall I have someone call you?", "I can have someone call you back. Would that suit you?", "Are you done?",
        "Would you like a call back?", "When would you like us to see you?",
        "Which of the two would you like: 1 or 2?", "Would you like it booked?", "Shall I cancel it?",
    ],
)  # fmt: skip
def test_what_tools_told_and_customers_asked_may_be_said(reply: str) -> None:
    assert isinstance(understood(answer(reply=reply), Known(SAID, (TOLD,))), Decision)


def test_what_was_done_may_be_said() -> None:
    done = answer(reply="You're booked for Tuesday at 9:00 AM.")
    assert isinstance(understood(done, Known(SAID, (TOLD,), frozenset({"booked"}))), Decision)


@pytest.mark.parametrize(
    ("quote", "found"),
    [("MOVE  my", True), ("tuesday, at 3PM", True), ("inspect", False), ("", False), ("?", False), ("K7M4QX", True)],
)
def test_whole_words_occur_whatever_their_case(quote: str, found: bool) -> None:
    assert occurs(quote, SAID) is found


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
    assert needs_person(tool, confidence, rests_on, SAID, frozenset({"cancel_appointment"})) == why
