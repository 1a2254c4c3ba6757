"""A keyword is the whole message; the same in a customer's own words is found, and everyday words are not."""

import pytest

from app.sms.keywords import Meaning, carrier_answers, meaning


@pytest.mark.parametrize(
    ("body", "means"),
    [
        *(
            (word, Meaning.OPT_OUT)
            for word in ("STOP", "stop", " Stop. ", "STOPALL", "Unsubscribe", "END", "quit!", "REVOKE")
        ),
        ("OPTOUT", Meaning.OPT_OUT),
        *((word, Meaning.REVOKED) for word in ("opt out", "OPT-OUT", "ARRÊT", "alto")),
        *((word, Meaning.CANCEL) for word in ("CANCEL", "cancel", "Cancelar")),
        *((word, Meaning.OPT_IN) for word in ("START", "unstop")),
        ("YES", Meaning.MAYBE_IN),
        *((word, Meaning.HELP) for word in ("HELP", "info", "help?")),
    ],
)
def test_whole_messages(body: str, means: Meaning) -> None:
    assert meaning(body) is means


@pytest.mark.parametrize(
    "body",
    [
        "please stop texting me",
        "STOP TEXTING ME!!!",
        "Stop sending me these messages",
        "stop messaging us",
        "don't text me anymore",
        "Do not contact me again.",
        "never text this number again",
        "no more texts please",
        "I want to unsubscribe",
        "opt me out",
        "take me off your list",
        "Remove my number from your system",
        "I don't want any more messages",
        "i dont want to receive texts",
        "leave me alone",
        "Quit texting",
        "No me envíen más mensajes",
        "dejen de escribirme",
    ],
)
def test_no_more_texts_in_other_words(body: str) -> None:
    assert meaning(body) is Meaning.REVOKED


@pytest.mark.parametrize(
    "body",
    [
        "cancel my appointment",
        "Can you stop by at 3?",
        "Please don't stop texting me the times",
        "the bus stop is closed, text me when you are here",
        "I can't make it to the end of the day",
        "yes please",
        "I need help with ants",
        "Don't text me the address, call me instead",
        "start at 9",
        "how do I stop the ants",
        "quit smoking service?",
        "I did not get any texts",
        "Send me a message when done",
        "",
        "2",
    ],
)  # fmt: skip
def test_everyday_words_mean_nothing_of_the_kind(body: str) -> None:
    assert meaning(body) is Meaning.NOTHING


def test_the_carriers_word_counts_first() -> None:
    assert meaning("fertig jetzt", "STOP") is Meaning.OPT_OUT
    assert meaning("cancel", "STOP") is Meaning.CANCEL
    assert meaning("unstop", "START") is Meaning.OPT_IN
    assert meaning("los", "START") is Meaning.MAYBE_IN, "an opt-in of who had opted out"
    assert meaning("wie?", "HELP") is Meaning.HELP
    assert meaning("hello", "SOMETHING NEW") is Meaning.NOTHING


def test_who_answers_an_opt_out() -> None:
    assert carrier_answers("Stop", "")
    assert carrier_answers("genug", "STOP")
    assert not carrier_answers("opt out", "")
    assert not carrier_answers("please stop texting me", "")


@pytest.mark.parametrize(
    "body",
    [
        "Stop please",
        "pls stop",
        "STOP STOP",
        "stop it",
        "wrong number, stop",
        "STOP.\nSent from my phone",
        "STOP - Sam",
        "Stop, cancel my appointment too",
        "Stopp bitte",
        "arrêtez",
        "Stop 😡",
        "STOP…",
        "ＳＴＯＰ",
        "STOP\u200e",
        "stop sending me these",
        "don't send me messages",
        "do not send me any more reminders",
        "stop the reminders",
        "don't message me anymore thanks",
        "I no longer want to receive messages",
        "i revoke my consent",
        "stop txting me",
        "end texts",
        "Please remove me",
        "Dont text me again, call me",
    ],
)
def test_a_stop_is_one_however_it_is_dressed(body: str) -> None:
    assert meaning(body) is Meaning.REVOKED


@pytest.mark.parametrize(
    "body",
    [
        "can you stop by tomorrow?",
        "don't stop",
        "please stop by the back door",
        "remove the nest",
        "dont send me the address, call me",
        "does it stop the ants?",
        "when does it end?",
    ],
)
def test_a_stop_that_is_about_something_else_is_none(body: str) -> None:
    assert meaning(body) is Meaning.NOTHING
