"""What a model may say of its own: the facts of a business are said by its documents, or by nobody."""

import pytest

from app.inference.statements import asked, unfounded

PLACE = "Acme Pest Control Home inspection (60 minutes), Termite treatment (120 minutes) Dana Monday 8:00 AM to 5:00 PM"
SLOTS = (
    '{"ok": true, "say": "On Tuesday, November 24 Dana has 9:00 AM, 9:30 AM and 2:00 PM.", "slots": [{"slot_id": "s1", '
    '"start": "2026-11-24T09:00:00-06:00", "technician": "Dana"}]}'
)


def of(reply: str, said: str, told: str = "", *, wish: bool) -> str:
    question = asked(said) and not wish
    return unfounded(reply, f"{PLACE} {told}", said, answered=bool(told), question=question)


WISH = "Hi, I need someone for wasps in my attic at 12 Oak Street, I'm Bob Stone. Could you come on Tuesday at 9?"


@pytest.mark.parametrize(
    "reply",
    [
        "Hi Bob! Sorry to hear about the wasps. Which service would you like: Home inspection or Termite treatment?",
        "I'm sorry you're dealing with wasps, that sounds stressful! Would a Home inspection be what you need?",
        "Sure, I can help with that! Which day works best for you?",
        "Of course! What's the best day and time for you?",
        "Thanks, Bob. Is 12 Oak Street the right address?",
        "Got it, thank you! Could you tell me your full name for the booking?",
        "Happy to help! Do you prefer morning or afternoon?",
        "No problem at all. Let me know which day suits you and I'll look for times.",
        "Great, Tuesday at 9. May I have your name for the booking?",
        "Just to confirm: Home inspection on Tuesday at 9 for Bob Stone?",
        "Would you like me to have someone call you back?",
        "I'm not sure I understand. Do you want to book, move or cancel a visit?",
        "Which one would you like? Reply 1 or 2.",
        "Thank you! You're welcome, have a nice day.",
        "Hello! How can I help you today?",
        "You're very welcome, Bob! Have a great evening.",
        "Perfect. Is it for your house, your garage or the attic?",
        "We're happy to help. Which day would suit you?",
        "Sorry, I didn't catch that. Could you say it in other words, please?",
        "Is there anything else I can help you with?",
        "I can't do that here. Shall I have someone call you?",
        "Are you there on Tuesday, or would another day be better?",
        "What's your name, please?",
        "Okay! And which time do you prefer?",
        "Let me check that for you. Is it the Home inspection you'd like?",
        "¡Hola! Claro, ¿qué servicio necesita: Home inspection o Termite treatment?",
        "Gracias, Bob. ¿Qué día le conviene?", "Bonjour ! Quel jour vous convient ?",
        "Guten Tag! Welcher Tag passt Ihnen?", "Danke, Bob. Um wie viel Uhr passt es Ihnen?",
    ],
)  # fmt: skip
def test_plain_talk_needs_nobody_to_have_told_it(reply: str) -> None:
    assert of(reply, WISH, wish=True) == ""


@pytest.mark.parametrize(
    "reply",
    [
        "I have these times on Tuesday, November 24: 9:00 AM, 9:30 AM or 2:00 PM with Dana. Which one works for you?",
        "Dana has 9:00 AM or 2:00 PM on Tuesday. Which would you like, and what's your name?",
        "We have 9:00 AM, 9:30 AM and 2:00 PM on Tuesday.", "Dana is free at 9:00 AM. Does that work?",
        "1) 9:00 AM 2) 9:30 AM 3) 2:00 PM. Reply with the number.",
        "Yes, Tuesday the 24th works! Shall I book 9:00 AM for you, Bob?",
        "Tuesday, Nov 24: 9:00 AM, 9:30 AM, 2:00 PM. Which suits you?",
        "El martes 24 Dana tiene 9:00 AM, 9:30 AM o 2:00 PM. ¿Cuál prefiere?",
        "Am Dienstag hat Dana um 9:00 oder 9:30 Uhr Zeit. Was passt Ihnen?",
    ],
)  # fmt: skip
def test_what_tools_told_may_be_put_in_other_words(reply: str) -> None:
    assert of(reply, WISH, SLOTS, wish=True) == ""


QUESTION = "Are you licensed and insured? Is the spray safe for my dogs, do I need to be home, are you open on Sunday?"


@pytest.mark.parametrize(
    "reply",
    [
        "Yes, we are!", "Yes!", "We are licensed and insured.", "Absolutely! Which day suits you?", "Yes we do.",
        "Our spray is safe for dogs.", "Safe for dogs, yes.", "It is.", "It's safe. Which day works for you?",
        "You don't need to be home.", "No, you can be out.", "We are open on Sunday.", "Open on Sunday too!",
        "Don't worry, that's all taken care of.", "All of our technicians are licensed.", "Sure we are.",
        "Fully insured! Which day suits you?", "Of course we are insured, which day works for you?",
        "Great question! Yes, all of them.", "They are certified.", "I think so!", "Everything is safe.", "No.",
        "We guarantee it.", "You may leave your dogs inside.", "Of course.", "Sí, tenemos seguro.", "Oui, bien sûr.",
        "Ja, wir sind versichert.", "Claro que sí.", "Our company was founded in 1990.", "We serve all of Austin.",
        "You can cancel anytime.", "You can cancel any time.", "There is parking behind the house.",
        "The treatment lasts six months.", "Parking is in the back.", "The visit takes two hours.",
        "Payment is due at the visit.", "We use only natural products, would Tuesday suit you?",
        "Would you like our 24-hour emergency service?", "We also treat bed bugs.", "Dana has 20 years of experience.",
        "Sure, dogs are fine.", "That's right!", "Correct.", "Never.", "我们有保险。", "Мы застрахованы.",
    ],
)  # fmt: skip
def test_a_fact_about_the_business_is_not_the_models_to_say(reply: str) -> None:
    assert of(reply, QUESTION, wish=False)


@pytest.mark.parametrize(
    "reply",
    [
        "Yes, we can come on Tuesday at 9.", "Tuesday at 9 it is!", "Great, Tuesday at 9 works for us.",
        "We'll be there on Tuesday.", "Our technician will arrive at 9.", "They will call ahead.",
        "We are fully insured.", "Our prices are fair.", "We do wasps all the time.", "The wasps go within a day.",
        "Tuesday at 9. Thanks, Bob!", "We have 9:00 AM on Tuesday. Which do you like?", "We are free on Tuesday.",
        "You must leave the house.", "You should have the attic cleared.", "We treat attics, which day suits you?",
        "Wasps are dangerous.", "Licensed technicians only.", "He'll be there tomorrow.",
    ],
)  # fmt: skip
def test_nor_is_what_would_be_done_before_a_tool_did_it(reply: str) -> None:
    assert of(reply, WISH, wish=True)


@pytest.mark.parametrize(
    "reply",
    [
        "Dana has 9:00 AM on Tuesday and is fully licensed.", "9:00 AM with Dana, and the spray is safe for dogs.",
        "We have 9:00 AM and guarantee the result.", "9:00 AM on Tuesday. Our emergency line never sleeps.",
    ],
)  # fmt: skip
def test_nor_may_a_fact_ride_along_with_what_was_told(reply: str) -> None:
    assert of(reply, WISH + QUESTION, SLOTS, wish=True)


@pytest.mark.parametrize(
    ("said", "asks"),
    [
        ("Are you insured", True), ("insured?", True), ("tell me about the spray", True), ("¿Tienen seguro?", True),
        ("I need an inspection", False), ("Tuesday", False), ("", False), ("Wondering if you do bed bugs", True),
    ],
)  # fmt: skip
def test_who_asks_is_known_by_their_words(said: str, asks: bool) -> None:
    assert asked(said) is asks
