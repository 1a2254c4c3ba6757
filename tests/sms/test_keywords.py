"""A keyword is the whole message, and the carrier's own word for it counts first."""

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
        *((word, Meaning.REVOKED) for word in ("st0p", "Fuck off!", "\U0001f6d1", "¡BASTA!")),
        *((word, Meaning.CANCEL) for word in ("CANCEL", "cancel", "Cancelar")),
        *((word, Meaning.OPT_IN) for word in ("START", "unstop")),
        ("YES", Meaning.MAYBE_IN),
        *((word, Meaning.HELP) for word in ("HELP", "info", "help?")),
    ],
)
def test_whole_messages(body: str, means: Meaning) -> None:
    assert meaning(body) is means


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
