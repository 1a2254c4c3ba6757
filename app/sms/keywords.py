"""What a text says about being texted at all: whole-message keywords; other words are read in `revocation`. Pure.

A keyword is the whole message: "STOP" is one, "stop by at three" is not. Words and the law behind them: 47 CFR
64.1200(a)(10); the carrier's own list: Twilio, "SMS STOP filtering".
"""

from enum import StrEnum
from typing import Final

from app.sms.revocation import revoked


class Meaning(StrEnum):
    """`cancel`: an opt-out, maybe meant for an appointment too. `revoked`: an opt-out in the customer's own words."""

    NOTHING = "nothing"
    OPT_OUT = "opt_out"
    CANCEL = "cancel"
    REVOKED = "revoked"
    OPT_IN = "opt_in"
    MAYBE_IN = "maybe_in"
    HELP = "help"


CARRIERS_OUT: Final = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
"""The carrier blocks the number on these, and says so to the customer itself."""
OWN_OUT: Final = frozenset(
    {"opt out", "opt-out", "stop all", "stopp", "st0p", "sotp", "stpo", "\N{OCTAGONAL SIGN}", "fuck off", "piss off"}
    | {"arret", "arrêt", "alto", "parar", "baja", "basta", "para"}
)
CANCELS: Final = frozenset({"cancel", "cancelar", "annuler"})
IN: Final = frozenset({"start", "unstop"})
MAYBE_IN: Final = frozenset({"yes"})
"""Opts in who had opted out; from anybody else it is an answer to a question."""
HELP: Final = frozenset({"help", "info", "ayuda", "aide"})
CARRIER_SAYS: Final = {"STOP": Meaning.OPT_OUT, "START": Meaning.OPT_IN, "HELP": Meaning.HELP}

_ENDS: Final = " \t\n.!?¡¿,;:\"'“”‘’()[]*-_"


def meaning(body: str, opt_out: str = "") -> Meaning:
    """What a text says about it. `opt_out` is what the carrier made of it, which counts first."""
    word = " ".join(body.casefold().strip(_ENDS).split())
    if opt_out in CARRIER_SAYS:
        said = CARRIER_SAYS[opt_out]
        if said is Meaning.OPT_OUT:
            return Meaning.CANCEL if word in CANCELS else said
        # The carrier marks every YES as an opt-in, whatever question it answers.
        return Meaning.MAYBE_IN if said is Meaning.OPT_IN and word not in IN else said
    for words, means in ((CANCELS, Meaning.CANCEL), (CARRIERS_OUT, Meaning.OPT_OUT), (OWN_OUT, Meaning.REVOKED)):
        if word in words:
            return means
    for words, means in ((IN, Meaning.OPT_IN), (MAYBE_IN, Meaning.MAYBE_IN), (HELP, Meaning.HELP)):
        if word in words:
            return means
    return Meaning.REVOKED if revoked(body) else Meaning.NOTHING


def carrier_answers(body: str, opt_out: str) -> bool:
    """Whether the carrier answers an opt-out itself, and blocks what we would say."""
    return bool(opt_out) or " ".join(body.casefold().strip(_ENDS).split()) in CARRIERS_OUT
