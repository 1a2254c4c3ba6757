"""What time of day people mean in a text: every minute it could be, or the stretch it has to lie in. Pure."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from app.sms.day_names import MONTHS

_NOON = 12 * 60
_DAY = 24 * 60
_HALF_DAY_H = 12
MOST_CHOICES = 6
"""As many as are numbered in one text."""
_FIRST_LIKELY_MORNING_H = 8
"""Of "after 3" and "after 9" the first is an afternoon's: nobody is visited at three in the morning."""
_BETWEEN = " , "

_HOUR_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_HOURS = {word: number for number, word in enumerate(_HOUR_WORDS, start=1)}
_MINUTES = {"thirty": 30, "fifteen": 15, "forty five": 45, "forty-five": 45, "y media": 30, "y cuarto": 15}
_WORD = f"(?:{'|'.join(_HOUR_WORDS)})"
_HALF = r"(?P<half>[ap]\.?m\.?)"
_WITH_HALF = r"(?: ?[ap]\.?m\b\.?|[ap]\b)"
"""`2 pm`, `2:30p`."""
_DIGITS = r"(?P<hour>[0-9]{1,2})(?:[:.](?P<minute>[0-5][0-9]))?"
_CLOCK = rf"[0-9]{{1,2}}(?:[:.][0-5][0-9])?{_WITH_HALF}?"
_TIME = rf"(?P<time>noon|midday|(?:[0-9]{{1,2}}(?:[:.][0-5][0-9])?|{_WORD}){_WITH_HALF}?)"
ONE_HOUR = rf"(?:[0-9]{{1,2}}(?:[:.][0-5][0-9])?|{_WORD})(?:{_WITH_HALF})?"
"""A time of day, be it a bare number."""
_MONTH = "|".join(name for name in MONTHS if name != "may")
_END = (
    r"(?!\w|[:.,/][0-9]| [0-9]{1,2}(?![0-9])|"
    r"(?<=[0-9])(?<!:[0-9]{2})(?: ?(?:-|to|and|until|till?) ?[0-9]{1,2})? (?:of )?"
    rf"(?:{_MONTH})\b(?!,? [0-9]{{1,2}}(?![0-9])))"
)
"""Not before more of the number: what is no whole time is none, and never its full hour; nor before the month whose day
it is, as in "after 3 December".
"""

_ONE = re.compile(rf"(?:{_DIGITS}|(?P<word>{_WORD}))(?: ?(?P<half>[ap](?:\.?m\.?)?))?")
_RANGE = re.compile(
    rf"(?<![\w:])(?:between |from )?(?P<low>[0-9]{{1,2}}(?::[0-5][0-9])?{_WITH_HALF}?) ?(?:-|to|and|until|til) ?"
    rf"(?P<high>[0-9]{{1,2}}(?::[0-5][0-9])?{_WITH_HALF}?){_END}"
)
_NAMES_HOUR = re.compile(rf"[0-9]|\b{_WORD}\b|noon|mid(?:day|night)|mediod")
_REFUSES = (
    r"(?:\b(?:not|nothing|never|cannot|[dcw][ao]nt|no (?:appointments?|visits?)|no(?= (?:earli|lat|soon)er))|n't)"
    r"(?: (?:do|make|come|be|get|start|it|there|here|in|up|home|back|off|free|available|ready|any|anything|time|"
    r"anytime)\b){0,4}"
)
_BUSY = (
    r"\b(?:work|works|working|busy|away|out|gone|booked|tied up|asleep|classe?s?|school|meetings?|shift|vacation)\b"
    r"(?: [a-z]+){0,3}?"
)
_BUSY_THEN = r"\b(?:working|busy|away|booked|tied up|unavailable|in class|at (?:work|school))"
NOT_UNTIL = rf"{_REFUSES}|{_BUSY}"
"""Before "until" it turns it round: they are free from then on."""
_UNTIL = r"(?:until|till|til)"
_OCCUPIED = re.compile(
    rf"(?:(?:{NOT_UNTIL}) {_UNTIL} |(?:{_BUSY}|{_BUSY_THEN},) (?:from |between )?{_CLOCK} ?(?:-|to|and|{_UNTIL}) ?)"
    rf"(?:about |around )?{_TIME}{_END}"
)
"""Until then something else is on: they are free from then on."""
_NOT_BEFORE = re.compile(rf"{_REFUSES} (?:before|b4|earlier than|sooner than) {_TIME}{_END}")
_NOT_AFTER = re.compile(rf"{_REFUSES} (?:after|aft|past|later than) {_TIME}{_END}")
_FROM = (
    re.compile(rf"\b(?:get off|off work|finish|done|home|back)(?: work)? (?:at|by|around|about|after) {_TIME}{_END}"),
    re.compile(rf"\b(?:from |after |at )?{_TIME} (?:(?:or|and) (?:later|after|any ?time after)|onwards?)\b"),
    re.compile(rf"(?<!not )(?<!no )\b(?:after|aft|past|from|later than) {_TIME}{_END}"),
)
_TO = (
    re.compile(rf"\b(?:by |before |at )?{_TIME} (?:or|and) (?:earlier|before|sooner)\b"),
    re.compile(rf"(?<!not )\b(?:before|b4|until|til|till|by|earlier than) {_TIME}{_END}"),
)
_PAST = re.compile(
    rf"\b(?P<what>half past|half|quarter past|quarter after|quarter to|quarter till?) (?P<time>{_WORD}|[0-9]{{1,2}})\b"
)
_SPELLED = re.compile(
    rf"(?<![\w/:.])(?P<time>{_WORD}|[0-9]{{1,2}}) (?P<minutes>thirty|fifteen|forty[- ]five|y media|y cuarto)\b"
)
_NO_STREET = r"(?!(?: [a-z]+)? (?:st|str|street|ave|avenue|rd|road|dr|drive|ln|lane|blvd|ct|court)\b)"
_EXACT = (
    re.compile(
        r"^\W*(?:(?:ok|yes|maybe|how about|what about|make it|let'?s do|the) )*(?P<hour>[01]?[0-9]|2[0-3])[.]?"
        r"(?P<minute>[0-5][05])(?=(?: (?:please|pls|works|then|is (?:fine|good|ok)))*\W*$)"
    ),
    re.compile(rf"(?<![\w/:.]){_DIGITS} ?{_HALF}(?!\w)"),
    re.compile(rf"(?<![\w/:.])(?P<hour>[0-9]{{1,2}})(?P<minute>[0-5][0-9]) ?{_HALF}(?!\w)"),
    re.compile(r"(?<![\w/:.])(?P<hour>0[0-9]|1[0-9]|2[0-3])h(?![\w:])"),
    re.compile(r"(?<![\w/:.])(?P<hour>[0-9]{1,2})[:h](?P<minute>[0-5][0-9])(?P<half>[ap])?(?![\w:])"),
    re.compile(
        rf"(?:\b(?:at|around|about) |@ ?)(?P<hour>[01]?[0-9]|2[0-3])(?P<minute>[0-5][0-9])(?![\w:]){_NO_STREET}"
    ),
    re.compile(r"(?<![\w/:.])(?P<hour>[01][0-9]|2[0-3])(?P<minute>[0-5][0-9]) ?(?:h|hrs|hours)\b"),
    re.compile(rf"(?<!\w)(?:(?P<hour>[0-9]{{1,2}})|(?P<word>{_WORD})) ?o'? ?clock\b"),
    re.compile(
        rf"(?:\b(?:at|around|about|a las?)(?: (?:like|about|around|approx|roughly|say))?|[@~]) ?"
        rf"(?:(?P<hour>[0-9]{{1,2}})|(?P<word>{_WORD}))"
        rf"(?:[:., ](?P<minute>[0-5][0-9]))?(?P<half>[ap]\b)?(?!/){_NO_STREET}{_END}"
    ),
    re.compile(rf"(?<!\w)(?P<word>{_WORD}) ?{_HALF}(?!\w)"),
)
_EITHER = re.compile(
    rf"(?<![\w/:.])(?P<low>(?P<at>(?:at|around|about) )?{_CLOCK}) or (?:at )?(?P<high>{_CLOCK})(?![\w:/])",
)
"""One of two times. Bare numbers are numbers of choices."""
_BARE = rf"(?:(?:[01]?[0-9]|2[0-3])[.: ]?[0-5][05]|(?:[1-9]|1[0-2])[ap]?|{_WORD})"
"""`9`, `9a`, `9.30`, `0930`, `nine`."""
_HOUR_AFTER_DAY = re.compile(
    rf", +(?P<low>{_BARE})(?: ?(?P<how>-|to|or|and) ?(?P<high>{_BARE}))?"
    r"(?=\W*$|\s*[,;.!?\n](?![0-9])| (?:for|with|pls|please|plz|is|works|would|sounds|if|then|thanks|thx|my|or|and|"
    r"instead|it'?s|i'?m|i|this|ok|not|no|but|in)\b)"
)
"""`Tuesday 9`."""
_HOUR_BEFORE_DAY = re.compile(
    rf"^\W*(?:(?:yes|ok|maybe|how about|what about|(?:can|could) (?:you|we|i) do|i can do|let'?s do) )?(?P<low>{_BARE})"
    r"(?P<how>(?P<high>))(?: on)?(?= +,)"
)
"""`2 on Tuesday`."""
_SPAN_END = rf"(?:[0-9]{{1,2}}(?:[:.][0-5][0-9])?[ap]?|{_WORD})"
_SPAN_BEFORE_DAY = re.compile(
    rf"(?<![\w/:.#$€£-])(?<!\d )(?P<low>{_SPAN_END})(?P<how> ?- ?| to )(?P<high>{_SPAN_END})(?: on)?"
    r"(?=(?P<apart>,)? +,)"
)
"""`10-11 Tuesday`."""
_LEADS_TO_SPAN = re.compile(
    r"(?:\b(?:at|from|between|around|about|maybe|free|available|(?:want|need|like|prefer|do|come(?: by)?|get|book|"
    r"schedule)(?: the)?)|^\W*(?:hi|hello|hey|yes|ok|okay|sure|please|pls)\W*|[,.;!?\n]|^) *$|"
    r"(?<![\w'-])(?P<word>[\w'-]+) *$"
)
"""What hours can stand behind; any other word may be what is counted by such numbers: "rooms 10-11"."""
_TURNED_DOWN = re.compile(
    rf"{_BUSY}|\b(?:no|none|not|nothing|never|cannot|except|besides|apart from|other than|unless|avoid|any\w* but|"
    r"time but|[cd][ao]nt|wont|isnt|doesnt)\b|n't\b"
)
_MOVES = re.compile(r"\b(?:move|change|switch|push|shift|bump|swap|re-?schedule|make)\b")
_NOON_WORD = re.compile(r"\b(?:at )?(?:(?P<midnight>midnight)|noon|midday|mediod[ií]a)\b")
_IN_THE = r"(?:in the|this|por la|en la|de la)"
_PARTS = (
    (
        "morning",
        re.compile(
            rf"\b(?:{_IN_THE} )?(?:mornings?|morn|mrng)\b|\b(?:in the|this) a\.?m\b\.?|\ba\.m\b\.?|"
            r"(?<=day |row |mrw |mon |tue |ues |wed |eds |thu |hur |urs |fri |sat )am\b|"
            r"\b(?:por|en|de) la mañana\b|\bfirst thing\b"
        ),
    ),
    (
        "afternoon",
        re.compile(
            rf"\b(?:{_IN_THE} )?(?:afternoons?|arvo|tarde)\b|\bafter lunch\b|\bin the pm\b|"
            r"(?<![0-9])(?<![0-9] )\bp\.?m\b\.?"
        ),
    ),
    (
        "evening",
        re.compile(
            rf"\b(?:{_IN_THE} )?(?:evenings?|nights?|noche)\b|"
            r"(?<=day |mon |tue |ues |wed |thu |urs |fri )eve\b|\bafter work\b|\b(?=tonight\b|tonite\b)"
        ),
    ),
)
_NOT_PART = re.compile(
    r"\b(?:not|no|ca ?n[o']?t(?: do| make)?|cannot(?: do| make)?|won'?t do|except(?: for)?|other than|apart from|"
    r"(?:any ?thing|any ?time|any ?day) but) (?:in the |the |any )?(?P<part>morning|afternoon|evening)s?\b"
)
_STRETCHES = (
    (
        re.compile(r"(?<!after )(?<!before )\b(?:(?:at|around|over|about|during) )?lunch(?: ?time| hour| break)?\b"),
        (11 * 60 + 30, 13 * 60 + 30),
    ),
    (re.compile(r"\bbefore lunch\b"), (None, _NOON)),
    (re.compile(r"\bafter school\b"), (15 * 60, None)),
    (
        re.compile(
            r"\blate(?:r in the)? afternoons?\b|\b(?:end|late in) (?:of )?(?:the )?day\b|"
            r"\bas late as (?:possible|you can)\b|\blast thing\b"
        ),
        (15 * 60, None),
    ),
    (re.compile(r"\blate(?:r in the)? mornings?\b"), (10 * 60, _NOON)),
    (re.compile(r"\bearly afternoons?\b"), (_NOON, 14 * 60 + 1)),
    (re.compile(r"\bearly(?: in the)? mornings?\b"), (None, 10 * 60)),
    (re.compile(r"\blate (?=(?:on )?(?:(?:mon|tues|wednes|thurs|fri)day|today|tomorrow)\b)"), (15 * 60, None)),
)
"""Parts of a day that are narrower than the tools know them, in minutes since midnight."""
_NARROW = re.compile(r"lunch|late|early|school|last thing|end of|in the day")


@dataclass(frozen=True, slots=True)
class Clock:
    """Minutes since midnight: those that can be meant, or not before `after` and before `before`."""

    minutes: tuple[int, ...] = ()
    after: int | None = None
    before: int | None = None

    def __bool__(self) -> bool:
        return bool(self.minutes) or self.after is not None or self.before is not None

    def allows(self, minute: int) -> bool:
        """Whether a visit may begin then."""
        if self.minutes:
            return minute in self.minutes
        return (self.after is None or minute >= self.after) and (self.before is None or minute < self.before)

    def distance(self, minute: int) -> int:
        """How far that is from what was asked for, in minutes."""
        wanted = self.minutes or tuple(end for end in (self.after, self.before) if end is not None)
        return min((abs(minute - each) for each in wanted), default=0)


NO_CLOCK = Clock()


def read_clock(words: str) -> tuple[Clock, str, str]:
    """The time of day in `words` (lower case), the part of the day if one is named, and the words that are left."""
    clock, left = _read(words)
    part = ""
    if match := _NOT_PART.search(left):
        left = _without(left, match)
        if match["part"] == "morning" and not clock:
            clock = Clock(after=_NOON)
        part = "morning" if match["part"] == "afternoon" else ""
    for stretch, (after, before) in _STRETCHES if not clock and _NARROW.search(left) else ():
        if not clock and (match := stretch.search(left)):
            clock, left = Clock(after=after, before=before), _without(left, match)
    for name, form in _PARTS:
        left, found = form.subn(_BETWEEN, left)
        part = part or (name if found else "")
    return clock, part, left


def every_time(words: str) -> Clock:
    """All times in `words`: beside several days each belongs to one of them, and none replaces another."""
    found, _ = _every(words)
    return Clock(tuple(minute for _, meant in sorted(found) for minute in meant))


def read_hour(left: str, own: Collection[str] = frozenset()) -> tuple[Clock, str]:
    """Bare hours beside a day that has been read, one, some or a stretch of them; and the words that are left."""
    matches = list(_HOUR_AFTER_DAY.finditer(left)) or list(_HOUR_BEFORE_DAY.finditer(left)) or _spans(left, own)
    ends = [((match["how"] or "").strip(), match["low"], match["high"]) for match in matches]
    if len(ends) == 1 and ends[0][0] in ("-", "to"):
        [(_, low, high)] = ends
        clock = Clock(after=_likely(_with_colon(low)), before=_likely(_with_colon(high)))
    else:
        clock = Clock(tuple(minute for _, *both in ends for hour in both if hour for minute in _meant(hour)))
    for match in matches:
        left = _without(left, match)
    return clock, left


def _spans(left: str, own: Collection[str]) -> list[re.Match[str]]:
    """The one stretch of hours that stands before a day and is wished for; none in another order."""
    found = list(_SPAN_BEFORE_DAY.finditer(left))
    if len(found) != 1 or _TURNED_DOWN.search(left):
        return []
    [match] = found
    before = left[: match.start()]
    lead, behind = _LEADS_TO_SPAN.search(before), left[match.end() :].strip(" ,").partition(" ")[0].strip(".,!?")
    choice = match["apart"] and (not match["low"].isdigit() or int(match["low"]) <= MOST_CHOICES)
    counted = (lead is None or lead["word"] not in (None, *own)) or (behind.endswith("s") and behind[:-1] in own)
    if choice or counted or ("to" in match["how"] and _MOVES.search(before)):
        return []
    low, high = (_likely(_with_colon(match[end])) for end in ("low", "high"))
    return found if low is not None and high is not None and low < high else []


def _meant(bare: str) -> tuple[int, ...]:
    """What `9`, `nine` or `930` can mean."""
    if bare in _HOURS:
        return hours_meant(_HOURS[bare])
    hour, _, minute = _with_colon(bare.rstrip("ap")).partition(":")
    return _minutes(int(hour), int(minute or 0), bare[-1] if bare[-1] in "ap" else "")


def _with_colon(bare: str) -> str:
    digits = bare.replace(".", "").replace(":", "").replace(" ", "")
    return f"{digits[:-2]}:{digits[-2:]}" if digits.isdigit() and len(digits) > 2 else bare


def hours_meant(hour: int) -> tuple[int, ...]:
    """What a bare hour can mean, in minutes since midnight; nothing if it is none."""
    return _minutes(hour, 0, "")


def _read(words: str) -> tuple[Clock, str]:
    if not _NAMES_HOUR.search(words):
        return NO_CLOCK, words
    if (match := _OCCUPIED.search(words)) and (free := _likely(match["time"])) is not None:
        return Clock(after=free), _without(words, match)
    between = _RANGE.search(words)
    if between and _is_clock(between):
        low, high = _likely(between["low"]), _likely(between["high"])
        if low is not None and high is not None and low < high:
            return Clock(after=low, before=high), _without(words, between)
    if (either := _EITHER.search(words)) and (meant := _one_of(either)):
        return Clock(meant), _without(words, either)
    if match := _PAST.search(words):
        hour = _HOURS.get(match["time"]) or int(match["time"])
        shift = 30 if "half" in match["what"] else -15 if " t" in match["what"] else 15
        meant = tuple((minute + shift) % _DAY for minute in hours_meant(hour))
        return Clock(meant), _without(words, match)
    # What is refused is read first: it turns round what follows it.
    before, words = _bound((_NOT_AFTER,), words)
    after, words = _bound((_NOT_BEFORE, *_FROM), words)
    before, words = (before, words) if before is not None else _bound(_TO, words)
    if after is not None or before is not None:
        return Clock(after=after, before=before), words
    if match := _SPELLED.search(words):
        hour = _HOURS.get(match["time"]) or int(match["time"])
        meant = tuple(minute + _MINUTES[match["minutes"]] for minute in hours_meant(hour))
        return Clock(meant), _without(words, match)
    return _exact(words)


def _bound(forms: Sequence[re.Pattern[str]], words: str) -> tuple[int | None, str]:
    for form in forms:
        for match in form.finditer(words):
            bound = _likely(match["time"])
            if bound is not None:
                return bound, _without(words, match)
    return None, words


def _one_of(match: re.Match[str]) -> tuple[int, ...]:
    """Both of two times, where they are times; what the second says of am or pm the first says too."""
    low, high = (_ONE.fullmatch(match[end].removeprefix(match["at"] or "").strip()) for end in ("low", "high"))
    if low is None or high is None:
        return ()
    # Small bare numbers are those of choices.
    hours = min(int(low["hour"]), int(high["hour"])) > MOST_CHOICES
    if not (hours or match["at"] or low["minute"] or high["minute"] or high["half"]):
        return ()
    half = high["half"] or ""
    first = _minutes(int(low["hour"]), int(low["minute"] or 0), low["half"] or half)
    return first + _minutes(int(high["hour"]), int(high["minute"] or 0), half)


def _exact(words: str) -> tuple[Clock, str]:
    """A time in numbers. Of several the last one counts."""
    found, words = _every(words)
    if not found and (match_noon := _NOON_WORD.search(words)):
        return Clock((0 if match_noon["midnight"] else _NOON,)), _without(words, match_noon)
    return Clock(max(found)[1] if found else ()), words


def _every(words: str) -> tuple[list[tuple[int, tuple[int, ...]]], str]:
    """All times in numbers, each with its place, and the words that are left."""
    found = []
    for form in _EXACT:
        for match in list(form.finditer(words)):
            parts = match.groupdict()
            hour = int(parts["hour"]) if parts.get("hour") else _HOURS.get(parts.get("word") or "", 99)
            meant = _minutes(hour, int(parts.get("minute") or 0), parts.get("half") or "")
            if meant:
                found.append((match.start(), meant))
                words = words[: match.start()] + _BETWEEN.center(len(match[0])) + words[match.end() :]
    return found, words


def _minutes(hour: int, minute: int, half: str) -> tuple[int, ...]:
    """Every minute of the day that can be meant."""
    if half:
        if not 1 <= hour <= _HALF_DAY_H:
            return ()
        return ((hour % _HALF_DAY_H + (_HALF_DAY_H if half.startswith("p") else 0)) * 60 + minute,)
    if 1 <= hour <= _HALF_DAY_H:
        return (hour % _HALF_DAY_H * 60 + minute, (hour % _HALF_DAY_H + _HALF_DAY_H) * 60 + minute)
    return (hour * 60 + minute,) if hour < 2 * _HALF_DAY_H else ()


def _likely(words: str) -> int | None:
    """One bound of a stretch: without am or pm the one that falls into a working day."""
    words = words.strip()
    if words in ("noon", "midday"):
        return _NOON
    match = _ONE.fullmatch(words)
    if match is None:
        return None
    hour = int(match["hour"]) if match["hour"] else _HOURS[match["word"]]
    meant = _minutes(hour, int(match["minute"] or 0), match["half"] or "")
    if len(meant) < 2:
        return meant[0] if meant else None
    return meant[0] if _FIRST_LIKELY_MORNING_H <= hour < _HALF_DAY_H else meant[1]


def _is_clock(match: re.Match[str]) -> bool:
    """Whether a range is one of hours and not of days, numbers or a house: it says so, or holds am, pm or a colon."""
    return match[0].startswith(("between", "from")) or bool(re.search(r"[apm:]", match["low"] + match["high"]))


def _without(words: str, match: re.Match[str]) -> str:
    return words[: match.start()] + _BETWEEN.center(len(match[0])) + words[match.end() :]
