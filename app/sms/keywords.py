"""What a text says about being texted at all: whole-message keywords, and the same in a customer's own words. Pure.

A keyword is the whole message: "STOP" is one, "stop by at three" is not. Words and the law behind them: 47 CFR
64.1200(a)(10); the carrier's own list: Twilio, "SMS STOP filtering".
"""

import re
import unicodedata
from enum import StrEnum
from typing import Final


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
    {"opt out", "opt-out", "stop all", "stopp", "arret", "arrêt", "alto", "parar", "baja", "basta", "para"}
)
CANCELS: Final = frozenset({"cancel", "cancelar", "annuler"})
IN: Final = frozenset({"start", "unstop"})
MAYBE_IN: Final = frozenset({"yes"})
"""Opts in who had opted out; from anybody else it is an answer to a question."""
HELP: Final = frozenset({"help", "info", "ayuda", "aide"})
CARRIER_SAYS: Final = {"STOP": Meaning.OPT_OUT, "START": Meaning.OPT_IN, "HELP": Meaning.HELP}

_ENDS: Final = " \t\n.!?,;:\"'“”‘’()[]*-_"
_NEVER: Final = r"(?<!dont )(?<!not )(?<!never )"
_OF: Final = r"(?:(?:sending|with|all|the|these|those|me|us|your|any|of|to|this) )*"
_TEXTS: Final = r"(?:texts?|texting|messages?|messaging|sms|msgs?)"
_NOTES: Final = r"(?:texts?|messages?|sms|msgs?|reminders?)"
_AT_ITS_END: Final = r"(?: again| any ?more| ever| please| at all| ok| thanks| thank you)*$"
_REVOKED: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_NEVER}\b(?:stop|quit|cease) {_OF}{_TEXTS}\b",
        rf"{_NEVER}\b(?:stop|quit) (?:contacting|bothering|spamming) (?:me|us)\b",
        rf"\b(?:do not|dont|never) (?:ever )?(?:text|txt|message|sms|contact)(?: (?:me|us|this number|here))?"
        rf"{_AT_ITS_END}",
        r"\b(?:do not|dont|never) (?:text|txt|message) (?:me|us) (?:again|any ?more|ever)\b",
        rf"\bno more (?:of (?:these|those|your) )?{_TEXTS}\b",
        r"\bunsubscribe\b",
        rf"{_NEVER}\b(?:stop|quit|cease) (?:sending|txting|msging)\b",
        rf"{_NEVER}\b(?:stop|end|no more) (?:the |these |those |your |all |any )*{_NOTES}\b",
        rf"\b(?:do not|dont|never) send (?:me|us) (?:(?:any|more|your|the|of) )*(?:{_NOTES}|these|those|anything)\b",
        rf"\bno longer (?:want|wish) to (?:get|receive|be sent) {_OF}{_NOTES}\b",
        r"\brevoke (?:my )?consent\b",
        r"\b(?:remove|delete) (?:me|us|my (?:phone )?number)$",
        r"\bopt(?:ing)? (?:me )?out\b",
        r"\b(?:take|remove|delete|get) (?:me|us|my (?:phone )?number|this number) (?:off|from)\b",
        rf"\b(?:do not|dont) want (?:to (?:get|receive|be sent) )?{_OF}(?:more )?{_OF}{_TEXTS}\b",
        r"\b(?:leave me alone|lose my number)\b",
        r"\bno (?:me )?(?:envi|mand|escrib)\w+ mas\b",
        r"\b(?:deja|deje|dejen|dejar) de (?:enviar|mandar|escribir)\w*\b",
    )
)
_PARTS: Final = re.compile(r"[\n.!?,;:…–—]+|\s-+\s")
_BESIDE: Final = frozenset({"please", "pls", "plz", "now", "it", "ok", "thanks", "bitte", "just"})
_STOPS: Final = frozenset({"stop", "stopp", "stopall", "arretez"})
"""By themselves in a part of a text, however politely or often, they are an opt-out; "stop by at three" is none."""
_DIFFERENT_REQUEST: Final = re.compile(r"\b(?:call|phone|ring|email|e-mail) (?:me|us|instead)\b")


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


def revoked(body: str) -> bool:
    """Whether a reasonable reader takes it for "no more texts", whatever the words."""
    letters = "".join(
        sign
        for sign in unicodedata.normalize("NFKD", body.casefold())
        if not unicodedata.combining(sign) and unicodedata.category(sign) != "Cf"
    )
    if any(_stops(part) for part in _PARTS.split(letters)):
        return True
    plain = re.sub(r"[^\w\s]", " ", re.sub(r"['’]", "", letters))
    plain = " ".join(plain.split())
    return any(pattern.search(plain) for pattern in _REVOKED) and not _only_about_how(plain)


def _stops(part: str) -> bool:
    words = set(re.findall(r"\w+", part)) - _BESIDE
    return bool(words) and words <= _STOPS


def _only_about_how(plain: str) -> bool:
    """ "Don't text me the address, call me": about one thing, not about texts as such."""
    return bool(_DIFFERENT_REQUEST.search(plain)) and not re.search(
        r"\b(?:stop|unsubscribe|no more|remove|opt|again|any ?more|ever)\b", plain
    )
