"""Whether a customer says in words of their own that they want no more texts, and whether more is meant. Pure.

A wish is taken for what it is however it is worded (47 CFR 64.1200(a)(10)), where it is about texts, contact or this
number; "take me off Tuesday" is about a visit, and no such wish.
"""

import re
import unicodedata
from typing import Final

from app.sms.day_names import FROM_TODAY, WEEKDAYS

# A text is looked at part by part, as a reader pauses: lower case, without accents, apostrophes and punctuation.

_SPELLED: Final = re.compile(r"(?<!\w)s(\W{1,2})t\1o\1p(?!\w)")
_PARTS: Final = re.compile(r"[\n.!?,;:…–—]+|\s-+\s")
_NOT_MEANT: Final = re.compile(
    r"\b(?:(?:do not|dont|did not|didnt|does not|doesnt|never|not|wont|will not|why did|did|if(?= (?:i|we) ))"
    r" (?:(?:i|we|you|they|have|want|mean|meant|ask|asked|need|wish|going|trying|me|us|to|the|ever) )*"
    r"(?:stop(?:ped)?|quit|cease|unsubscribe|opt(?:ed|ing)? out|remove|revoke))\b"
)
"""What is said not to be wished, or only asked about: "please don't stop texting me", "did you stop texting me"."""
_UNLESS_DONE: Final = re.compile(
    r"\b(?:if|why|unless) (?:\w+ )?(?:do not|dont|does not|doesnt|did not|didnt|wont|will not|cannot|cant)\b"
)
"""A threat or a complaint that denies nothing: "if you don't stop texting me", "why won't you stop"."""

_NOTES: Final = (
    r"(?:texts|texting|text(?: (?:messages?|messaging|msgs?|alerts?|reminders?|notifications?))|messages?|messaging|sms"
    r"|msgs?|txts|reminders?(?! calls?\b)|notifications?|alerts?|ads|spam|marketing|promotions?|promos?"
    r"|solicitations?)\b"
)
_TEXT: Final = rf"(?:{_NOTES}|(?:text|txt)\b)"
_TO_TEXT: Final = r"(?:text|txt|message|msg|sms|contact)"
_OF: Final = (
    r"(?:(?:sending|getting|receiving|with|all|the|these|those|me|us|your|any|of|to|this|further|more|such|so|many|my"
    r"|automated|unwanted|appointment|follow|up|from|a) )*"
)
_DAY: Final = rf"(?:{'|'.join(sorted({*WEEKDAYS, *FROM_TODAY, 'manana'}, key=len, reverse=True))})"
_BETWEEN: Final = (
    rf"(?:(?!\d|(?:and|or|but|then|please|so|if|when|until|put|send|wait|waiting|schedule|calendar|{_DAY})\b)"
    r"\w+ ){0,4}"
)
_LISTS: Final = (
    rf"(?:{_BETWEEN}(?:lists?(?! of)|{_NOTES}|system|database|records|contacts|files?|thread|chat|distribution"
    r"|directory|address book|phone ?book|subscriptions?)"
    r"|(?:this|these|those|it|everything|here|all(?: of (?:this|these|it))?)$)"
)
_END: Final = (
    r"(?: (?:again|any ?more|any longer|ever|please|pls|plz|at all|ok|thanks|thank you|now|today|immediately|right away"
    r"|for good|in (?:the )?future|from (?:you|now on|here|this (?:company|number))|to (?:this number|my \w+|me|us)"
    r"|via text|by text))*$"
)
_VISIT: Final = (
    r"(?:appointments?|appts?|apt|visits?|schedules?|calendar|slots?|bookings?|inspections?|treatments?|jobs?)"
)
_NUMBER: Final = r"(?:my|our|this) (?:(?:phone|cell|mobile|telephone) )?(?:number(?! \d)|contact info)"

_ENGLISH: Final = (
    rf"(?<!bus )(?<!the )\b(?:stop|quit|cease|desist|halt|discontinue|done with|enough|(?:want|get me) out of)"
    rf" {_OF}{_TEXT}",
    rf"\bno more (?:(?:the|these|those|your|of|automated) )*(?:{_NOTES}|text\b)",
    r"\b(?:end|cancel|disable|(?:turn|switch|shut) off)"
    rf" (?:(?:the|these|those|your|my|all|any|future|further) )*{_NOTES}",
    rf"\b(?:turn|switch|shut) (?:(?:the|these|those|your) )*{_NOTES} off\b",
    r"\b(?:stop|quit|cease) (?:all )?(?:contact|contacting|spamming|txting|msging|messaging|texting)\b",
    r"(?<![a-km-z]s )\b(?:stop|quit|cease) (?:bothering|harassing|pestering|bugging|annoying|reminding) (?:me|us)\b",
    rf"\b(?:stop|quit|cease) (?:calling|phoning)(?: (?:and|or) texting)?(?: (?:me|us|this number))?{_END}",
    r"\b(?:stop|quit|cease|dont|do not|never) send(?:ing)?(?: to)?(?: (?:me|us|this number|my number|any|of|more))*"
    rf"(?: {_OF}{_TEXT}|(?: (?:these|those|this|it|anything|stuff|things|crap))*{_END})",
    rf"\b(?:stop|quit) (?:getting|receiving) (?:{_OF}{_NOTES}|(?:these|those|this)\b)",
    r"\b(?:do not|dont|never|not to|(?:please|just|can you|could you|would you) not) (?:ever |please )?"
    rf"(?:(?:call|phone|email) (?:or|and) )?(?:{_TO_TEXT}|write)(?: to)?"
    rf"(?: (?:me|us|this (?:number|phone)|my (?:phone|number|cell)|here))*{_END}",
    rf"\b(?:do not|dont|never) {_TO_TEXT} (?:me|us) (?:again|any ?more|ever)\b",
    r"\b(?:(?:do not|dont|didnt|did not|no longer|never|not|wouldnt|would not) (?:really |even )?"
    r"(?:want(?:ed|s|ing)?|wish|like|care|consent|agree|interested)|(?:rather|prefer|like) (?:to )?not)"
    r" (?:(?:to|for|get|getting|receive|receiving|be sent|have|in|you|sent|sending|send) )*"
    rf"(?:{_OF}{_NOTES}|a text\b|(?:be|being) (?:texted|messaged|contacted)\b"
    rf"|(?:{_TO_TEXT}|texting|messaging|contacting) (?:me|us)\b)",
    rf"\b(?:do not|dont|no longer) need (?:(?:any|your|the|these|those|more|further|so|many) )*{_NOTES}",
    rf"^(?:(?:please|pls|and|just|hi|hello|ok) )*no (?:more |further )?(?:(?:of|your|these|those|automated|auto) )*"
    rf"(?:texts?|texting|text messages|messages|sms|msgs|spam|ads|marketing|solicitations?|reminders|alerts){_END}",
    r"\b(?:revoke|withdraw|rescind|retract|take back) (?:(?:my|our|all|any|the) )*"
    r"(?:consent|permission|authori[sz]ation)\b",
    r"\bnot have (?:my |our |any )*(?:consent|permission) to (?:text|message|contact)\b",
    rf"^(?:(?:i|we|please|hereby|now) )*(?:revoke|i withdraw)(?: it)?{_END}",
    rf"\b(?:do not|dont|no longer) (?:consent{_END}"
    rf"|(?:consent|agree) to (?:{_OF}{_NOTES}|be(?:ing)? (?:texted|contacted)){_END})",
    r"\bun ?su[bs]\w*ribed?\b|\bunsub\b",
    rf"\bopt(?:ing|ed)? ?(?:me |us |this number )?out\b(?! (?:of|from) (?!{_LISTS}))",
    rf"\b(?:take|remove|delete|get|drop|scratch|strike) (?:me|us) (?:off(?: of)?|from|out of) {_LISTS}",
    rf"\b(?:take me off|take us off|remove (?:me|us)|delete (?:me|us)|unlist me){_END}",
    rf"\b(?:remove|delete|drop|erase|scratch|lose) {_NUMBER}\b"
    rf"(?! (?:off|from|out of|for|on) (?:\w+ ){{0,3}}(?:{_VISIT}|{_DAY})\b)",
    rf"\b(?:(?:take|remove|delete) (?:{_NUMBER}|my cell) from|(?:take|get) {_NUMBER} (?:off|out of)) {_LISTS}",
    rf"\btake {_NUMBER} off{_END}",
    rf"^(?:please )?(?:(?:remove|delete) (?:phone )?number|forget my number|block (?:me|my number|this number)){_END}",
    rf"\b(?:want|like|wish|need|ask|asked|asking) to be (?:removed|deleted|unlisted|taken off)"
    rf"(?:(?: (?:from|off|of|out of))? {_LISTS}|{_END})",
    rf"\b(?:do not|dont|no) (?:{_TO_TEXT}|call|disturb) (?:list|registry)\b",
    rf"^(?:(?:please|pls|plz|just) )*(?:remove|discontinue){_END}",
    r"\b(?:leave|let) (?:me|us) alone\b",
)
_OTHERS: Final = (
    r"\bno (?:me |nos )?(?:envi|mand|escrib)\w+ mas\b",
    r"\bno (?:me |nos )?(?:envi|mand)e[ns]? (?:(?:mas|estos|esos|sus|los) )*(?:mensajes?|textos?|sms|nada)\b",
    r"\bno (?:me|nos) (?:escriba[ns]?|contacte[ns]?|textee?[ns]?)\b",
    r"\b(?:no mas|no quiero|no deseo|basta de|alto a|alto) "
    r"(?:(?:recibir|mas|sus|estos|esos|los|de) )*(?:mensajes?|textos?|sms)\b",
    r"\b(?:deja|deje|dejen|dejar|para|pare|paren) de (?:enviar|mandar|escribir|contactar)\w*\b",
    r"\b(?:quit|borr|elimin|sac)\w*(?:me|nos) de (?:(?:la|su|esta|tu) )?lista\b|\b(?:dar|de|den|da)me de baja\b",
    r"\bkeine? (?:(?:weiteren?|einzige) )?(?:sms|nachrichten?|textnachrichten|texte|mitteilungen|werbung) mehr\b",
    r"^(?:bitte )?keine (?:sms|nachrichten)(?: bitte)?$",
    r"\bloschen? (?:sie )?(?:bitte )?meine (?:handy|telefon)?nummer\b",
    r"\b(?:schreib|schick|send|kontaktier|text)\w* (?:sie )?(?:mir|uns|mich) (?:bitte )?"
    r"(?:nie|nicht|nichts|keine (?:sms|nachrichten))(?: mehr)?$",
    r"\bnicht mehr (?:an)?(?:schreib|kontaktier|text)\w*|\b(?:sms|nachrichten) (?:abbestellen|abmelden|stoppen)\b",
    r"\bplus (?:de |aucun )(?:messages?|textos?|sms)\b|\bne (?:me |nous |m)?(?:contact|ecri|envoy)\w+ plus\b",
    r"\barretez? (?:de (?:m|me |nous )?(?:envoyer|contacter|ecrire|texter)\w*|(?:les|ces|vos) (?:messages|sms|textos))",
    r"\bstop (?:aux|les) (?:messages|sms|textos)\b",
    r"\bdes(?:abonn|inscri)\w+\b|\bsem mais mensagens\b",
    r"\bnao (?:me )?(?:mand|envi)\w+ mais\b|\bnao quero (?:(?:receber|mais) )*mensagens\b",
)
_WISHES: Final = tuple(re.compile(pattern) for pattern in (*_ENGLISH, *_OTHERS))
_BESIDE: Final = re.compile(
    r"\b(?:please|pls|plz|svp|por favor|now|it|this|these|that|ok|bitte|just|all|no|yes|hey|hi|hello|thanks|thank you"
    r"|omg|lol|wtf|ffs|sorry|(?:i|we) (?:said|say|want you to|need you to|told you to|asked you to)"
    r"|(?:can|could|would|will) you"
    r"|you (?:have|need) to|(?:im |i am )?not interested|(?:you have |this is )?(?:the )?wrong (?:number|person))\b"
)
_STOPS: Final = re.compile(r"(?:(?:stop+|stopall|arretez|pare|paren|quit)(?: |$))+")
"""By themselves in a part of a text, however politely or often, they are an opt-out; "stop by at three" is none."""
_ALSO: Final = re.compile(
    rf"\b(?:{_VISIT}|{_DAY}|\d{{1,2}} ?(?:am|pm|oclock|[ap] m)|at \d{{1,2}}|\d{{1,2}} \d\d|\d{{1,2}}(?:st|nd|rd|th)"
    r"|(?:re)?schedul\w*|(?:re)?book\w*|cancel\w*|mov(?:e|ed|ing)|tech|technicians?|service|come|coming|morning|afternoon"
    r"|call|phone|ring|e ?mail|cita|termin|rendez vous|rdv)\b"
)
_TO_ANOTHER: Final = re.compile(rf"^(?:(?:please|just|but|and|only) )*(?:{_TO_TEXT} (?:me|us)\b|use\b)")
"""Texts are wanted, to somebody else or another number: "stop texting my wife, text me"."""
_OF_TEXTS: Final = re.compile(rf"\b{_VISIT} (?={_NOTES})")


def revoked(body: str) -> bool:
    """Whether a reasonable reader takes it for "no more texts", whatever the words."""
    return any(_wishes(part) for part in _parts(body))


def means_more(body: str) -> bool:
    """Whether such a text may be about an appointment as well, or wants a call, so that a person must read it."""
    parts = _parts(body)
    return bool(_ALSO.search(_OF_TEXTS.sub("", " ".join(parts)))) or any(_TO_ANOTHER.match(part) for part in parts)


def _parts(body: str) -> list[str]:
    letters = "".join(
        sign
        for sign in unicodedata.normalize("NFKD", body.casefold())
        if not unicodedata.combining(sign) and unicodedata.category(sign) != "Cf"
    )
    bare = _SPELLED.sub("stop", re.sub(r"['’]", "", letters))
    return [" ".join(re.findall(r"\w+", part)) for part in _PARTS.split(bare)]


def _wishes(part: str) -> bool:
    if _STOPS.fullmatch(" ".join(_BESIDE.sub("", part).split())):
        return True
    meant = _NOT_MEANT.sub("", _UNLESS_DONE.sub("", part))
    return any(wish.search(meant) for wish in _WISHES)
