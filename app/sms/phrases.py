"""What the guided conversation says: short, in GSM-7, with every date in full. Never more than two segments."""

import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from app.booking.business import Business, Service
from app.sms.state import Booked, Offered

MAX_CHARS = 306
"""Two segments of GSM-7."""
MAX_LISTED = 6
_NAME_CHARS = 40
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_PLAIN = {"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\u00a0": " "}
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

SORRY = "Sorry, I did not get that."
ONLY_ENGLISH = "Sorry, I only read English. Reply PERSON and someone will call you (PERSONA: le llamamos)."
RUDE = "Sorry about the trouble. Reply PERSON and someone will call you."
PICTURE = "I can't look at pictures here. Reply PERSON and someone will call you about it."
START_AGAIN = "It has been a while, so let's start again."
HOW = 'Text a day to see open times, "move" or "cancel my appointment" for one you have, or PERSON for a call.'
WHICH_DAY = 'Which day suits you? For example "tomorrow morning", "Tuesday" or "Dec 3".'
OTHER_DAY = "Which other day suits you?"
NEAREST = "That time is not open. The nearest:"
YOUR_NAME = "What is your full name?"
NO_SUCH_DAY = "There is no {day}."
THAT_TIME_ALREADY = "That is the time you have."
NOTED = "Noted."
HAVE_THAT = "You have that already:"
NOT_CALLED = "OK, whoever was to call you reads that first. Text a day whenever you want to book a visit."
NO_HURRY = "OK, take your time."
NOT_THEN = f"OK. {OTHER_DAY}"
NOTHING_DONE = "OK, nothing was booked."
NOTHING_NEW = "OK, nothing more was booked."
KEPT = "OK, I left your appointment as it is."
NOTHING_YET = "Nothing is booked yet."
NO_APPOINTMENT = (
    "I find no upcoming appointment for this number. Text a day to book one, or PERSON if you booked with another "
    "number."
)
NO_SUCH_REFERENCE = "I find no visit with that reference for this number."
THIS_IS = "This is {name}."
NONE_THEN = "I find no visit {when}."
NOTHING_MORE = "OK. Text a day whenever you want to book a visit, or PERSON for a call."
OR_PERSON = "Or reply PERSON and someone will call you."
ONE_AT_A_TIME = "One at a time, please."
WE_OFFER = "We offer: {services}."
THIS_FIRST = "One at a time, please, so this first:"
REST_AGAIN = "One at a time, please: text the rest again after this."
ONE_VISIT = "This is one visit; for another one text again after it."
WRONG_NUMBER = "Sorry about that. Reply STOP and this number gets no more texts from us."
NEW_FIRST = "First the new visit, then I ask about the old one:"
SAME_SERVICE = "A move keeps the service; for another one reply PERSON."
OR_MOVE = 'For another time text "move it".'
NO_OTHER = "I find no other upcoming appointment for this number. Text a day to book one, or PERSON for a call."
WELCOME = "You're welcome!"
ALREADY_PROMISED = "Someone will call you as promised. You can also text a day to see open times."
PASSED_ON = "That is one for a person."
IN_DANGER = "If anybody is in danger, call your emergency number (911) now."
GOES_ON = "Thanks, that goes to a person."
CALLED_BY = "Someone will call you by {when}."
WISHED = "Nobody is there when you asked for it; whoever calls reads that."
NOT_UNDERSTOOD = "I'm having trouble following, so a person will help."
IN_DOUBT = "Something went wrong on our side and I can't say whether that was done."
NOT_NOW = "Something went wrong on our side, so nothing was done. Please try again in a few minutes, or reply PERSON."
NO_CALENDAR = (
    "I can't see the calendar right now, so I can't say what is free. Please text again in a few minutes, or reply "
    "PERSON and someone will call you."
)
NOT_BOOKED_NOW = (
    "I can't reach the calendar right now, so nothing was {done}. Reply YES in a few minutes to try again, or PERSON "
    "and someone will call you."
)
NOT_SURE_YET = (
    "I'm not sure yet: the calendar has not confirmed {what}. Please don't count on it until you hear from us. We will "
    "let you know as soon as it is certain."
)
MOVED_MEANWHILE = "That visit is at another time by now."
WAITS = (
    "Thank you, a colleague confirms that with you first. You'll hear from us within half an hour. Nothing has been "
    "changed yet."
)
STILL_WAITS = "A colleague is still looking at what you asked for. You'll hear from us; nothing is changed until then."
NOT_THE_REST = "What else you wanted has not been done: please text again about it then."
GONE = "Sorry, that time is gone, so nothing was {done}."
TOO_OLD = "That offer got too old, so nothing was {done}."


def fit(text: str, rest: str = "") -> str:
    """The text in GSM-7 and within two segments; `rest` follows where there is room for it."""
    text, rest = plain(text), plain(rest)
    whole = f"{text} {rest}".strip()
    if len(whole) <= MAX_CHARS:
        return whole
    return text if len(text) <= MAX_CHARS else text[: MAX_CHARS - 3].rstrip() + "..."


def plain(text: str) -> str:
    """In the letters of GSM-7: without the accents it lacks, anything else as a question mark."""
    said = "".join(_PLAIN.get(c, c) for c in text)
    letters = []
    for c in said:
        if c in _GSM:
            letters.append(c)
            continue
        bare = "".join(part for part in unicodedata.normalize("NFKD", c) if not unicodedata.combining(part))
        letters.append(bare if bare and all(part in _GSM for part in bare) else "?")
    return "".join(letters)


def short(name: str) -> str:
    """A name as it has room in a text."""
    return name if len(name) <= _NAME_CHARS else name[: _NAME_CHARS - 3].rstrip() + "..."


def whom(name: str) -> str:
    """`, for Jane Roe`; nothing for a name that a text cannot hold."""
    return "" if "?" in plain(name) else f", for {short(name)}"


def day(when: date, today: date) -> str:
    """`Tue Nov 24`, with the year when it is another one."""
    year = "" if when.year == today.year else f", {when.year}"
    return f"{_DAYS[when.weekday()]} {_MONTHS[when.month - 1]} {when.day}{year}"


def clock(when: datetime, zone: ZoneInfo | None = None) -> str:
    """`9:00 AM`; `1:30 AM (before the clocks go back)` where the clocks of the zone show that twice."""
    local = when.astimezone(zone) if zone else when
    twice = local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset()
    which = f" ({'after' if local.fold else 'before'} the clocks go back)" if twice else ""
    return f"{when.hour % 12 or 12}:{when.minute:02d} {'AM' if when.hour < 12 else 'PM'}{which}"


def moment(when: datetime, today: date, zone: ZoneInfo | None = None) -> str:
    """`Tue Nov 24 at 9:00 AM`."""
    return f"{day(when.date(), today)} at {clock(when, zone)}"


def numbered(choices: Sequence[str]) -> str:
    """`1) one 2) two`."""
    return " ".join(f"{number}) {choice}" for number, choice in enumerate(choices[:MAX_LISTED], start=1))


def greeting(business: Business) -> str:
    return f"Hi, this is {short(business.name)}. I can book, move or cancel a visit by text."


def which_service(services: Sequence[Service]) -> str:
    names = numbered([short(service.name) for service in services])
    return f"What is it for? {names}. Reply with the number."


def which_of(days: Sequence[date], today: date) -> str:
    return f"Which day do you mean? {numbered([day(each, today) for each in days])}. Reply with the number."


def offer(business: Business, slots: Sequence[Offered], today: date) -> str:
    """The times by number, each day said once, and who comes where there are several."""
    names = {t.id: short(t.name) for t in business.technicians} if len(business.technicians) > 1 else {}
    parts: list[str] = []
    before = None
    for number, slot in enumerate(slots, start=1):
        on = slot.starts.date()
        parts += [f"{day(on, today)}:"] if on != before else []
        parts.append(" ".join(filter(None, (f"{number})", clock(slot.starts, business.zone), names.get(slot.who, "")))))
        before = on
    last = "Reply 1" if len(slots) == 1 else f"Reply 1 to {len(slots)}"
    return f"{' '.join(parts)}. {last}, or another day."


def visit(business: Business, service: str, who: str, start: datetime, today: date) -> str:
    """`Home inspection with Dana, Tue Nov 24 at 9:00 AM`."""
    found, technician = business.service(service), business.technician(who)
    name = short(found.name if found else service)
    with_whom = f" with {short(technician.name)}" if technician else ""
    return f"{name}{with_whom}, {moment(start, today, business.zone)}"


def appointment(business: Business, booked: Booked, today: date) -> str:
    return visit(business, booked.service, booked.who, booked.starts, today)


def which_appointment(business: Business, found: Sequence[Booked], today: date) -> str:
    choices = [
        f"{moment(each.starts, today, business.zone)} "
        f"{short(service.name) if (service := business.service(each.service)) else ''}"
        for each in found
    ]
    return f"Which one? {numbered(choices)}. Reply with the number."


def no_call(line: str) -> str:
    return f"I could not arrange a call just now. Please call us at {line}."
