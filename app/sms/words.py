"""What a text says, apart from its time: what it wants, yes or no, a number, a name. Pure; reads, and decides nothing.

A text is only ever material: nothing in it can name a caller, a tool or another customer's appointment.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain, islice

from app.sms import vocabulary as v
from app.sms.cancelling import Cancelling, cancelling
from app.sms.cleaning import cleaned
from app.sms.dates_in_words import When
from app.sms.ground import STREET, Ground
from app.sms.intents import Intent as Intent
from app.sms.intents import intent_of, without_verbs
from app.sms.names_in_words import NAME_CUE, WEAK_NAME_CUE, alone, named, titled
from app.sms.numbers_in_words import read_number
from app.sms.origins_in_words import without_origin
from app.sms.rules_in_words import asks_rules
from app.sms.sooner_in_words import SOONER

MAX_BETWEENS = 8
"""Places where a second request is looked for in one text."""
MAX_AGAIN_CHARS = 1_200
"""As much is read again for it: a long text at fewer places."""
_TWO = 2
MOST_WISHES = 3
"""In one text, each with its own words; what follows the last one is read with it."""


class Answer(StrEnum):
    """Yes, no, or both at once, which is neither."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


class More(StrEnum):
    """Other times than the offered ones."""

    LATER = "later"
    EARLIER = "earlier"
    OTHER_DAY = "other_day"


@dataclass(frozen=True, slots=True)
class Said:
    """What was said, all of it. `name` came with a cue or beside something else, `alone` is what could be a name.

    `titled` is written like a first and a last name although it can mean something else: "Sunday Okafor".
    """

    text: str = ""
    whole: str = ""
    """All the texts of the turn, also where `text` is only the part before the `next` request."""
    told: str = ""
    """What is said beside the time and beside a question, in small letters."""
    intent: Intent | None = None
    own: bool = False
    """Whether an appointment that exists is spoken of."""
    cancelling: Cancelling = Cancelling.UNSAID
    answer: Answer | None = None
    number: int | None = None
    """-1: the last one."""
    when: When = When()  # noqa: RUF009 - frozen, so it can be shared
    name: str = ""
    alone: str = ""
    titled: str = ""
    more: More | None = None
    at: When = When()  # noqa: RUF009 - likewise
    """The hour where a visit is that shall be moved."""
    kept: "tuple[Said, ...]" = ()
    """What is named to say that it stays as it is, each with its time and its number."""
    question: str = ""
    """What is asked beside something else, and is not about a time."""
    next: "Said | None" = None
    """A second request, to be seen to after this one: "cancel Tuesday and book Wednesday at ten"."""
    thanks: bool = False
    closing: bool = False
    """Nothing but what people say at the end."""
    asks: bool = False
    greets: bool = False
    instead: bool = False
    foreign: bool = False
    rude: bool = False
    pictures: int = 0

    @property
    def cancels(self) -> bool:
        """Whether something is to be cancelled, be it a visit or what is under way: "cancel it"."""
        aborts = self.intent is Intent.ABORT and self.cancelling >= Cancelling.HALF
        return self.intent is Intent.CANCEL or aborts

    @property
    def only_greets(self) -> bool:
        """Whether it says hello and no more."""
        return self.greets and len(self.text.split()) <= 2

    @property
    def only_answers(self) -> bool:
        """Whether it says nothing but what answers a question asked before."""
        return self.intent is None and not (self.when and not self.when.loose) and not self.greets and not self.asks

    @property
    def only_puzzled(self) -> bool:
        """Whether nothing that can be answered is asked: "???", "who is this?"."""
        low = self.text.lower()
        return bool(v.PUZZLED.fullmatch(low) or v.WHO.fullmatch(low))

    @property
    def wishes_sooner(self) -> bool:
        """Whether an earlier or a later time is asked for, for a visit that stands: "can you come a bit later?"."""
        low = self.text.lower()
        asks = self.asks or bool(v.WISHES_FOR.search(low)) or bool(v.PLEASE.search(low))
        return asks and self.more in (More.EARLIER, More.LATER) and bool(SOONER.search(low))

    def then(self, later: "Said") -> "Said":
        """Both, one after the other: a change of mind wins over what it changes."""
        moved = bool(later.when.days) and not later.when.loose
        merged = replace(
            later,
            text="\n".join(filter(None, (self.text, later.text))),
            told="\n".join(filter(None, (self.told, later.told))),
            intent=later.intent or self.intent,
            own=later.own or self.own,
            cancelling=max(later.cancelling, self.cancelling),
            answer=later.answer or self.answer,
            number=later.number if later.number is not None or moved else self.number,
            when=self.when.then(later.when),
            name=later.name or self.name,
            alone=later.alone or self.alone,
            titled=later.titled or self.titled,
            more=later.more or self.more,
            at=later.at or self.at,
            kept=self.kept + later.kept,
            question="\n".join(filter(None, (self.question, later.question))),
            next=later.next or self.next,
        )
        return replace(
            merged,
            thanks=self.thanks or later.thanks,
            closing=self.closing and later.closing,
            asks=self.asks or later.asks,
            greets=self.greets or later.greets,
            instead=self.instead or later.instead,
            foreign=self.foreign or later.foreign,
            rude=self.rude or later.rude,
            pictures=self.pictures + later.pictures,
        )


def read(texts: Sequence[tuple[str, int]], ground: Ground) -> Said:
    """What some texts say together, read in their order. Each is its words and how many pictures came with it."""
    said: Said | None = None
    bodies = [(cleaned(body), pictures) for body, pictures in texts]
    for text, pictures in bodies:
        for one in _each(text, ground):
            one = _with_first_name(said, one)
            whole = replace(one, name=one.alone) if len(texts) > 1 and _is_whole_name(one) else one
            said = whole if said is None else _together(said, whole)
        said = replace(said or Said(), pictures=(said.pictures if said else 0) + pictures)
        said = replace(said, instead=said.instead or bool(v.INSTEAD.search(text)))
    return replace(said or Said(), whole="\n".join(text for text, _ in bodies if text))


def _with_first_name(said: Said | None, one: Said) -> Said:
    """The name that comes in two texts of one word each, as one."""
    words = [each.alone for each in (said, one) if each and each.alone.lower() == each.text.lower() and each.alone]
    single = len(words) == _TWO and len({w.lower() for w in words}) == _TWO and not any(" " in w for w in words)
    return replace(one, alone=" ".join(words)) if single else one


def _each(text: str, ground: Ground, most: int = MOST_WISHES) -> list[Said]:
    """What each of its clauses says. A request that follows another one can be followed by one itself."""
    clauses = [clause.strip() for clause in _clauses(text, ground)]
    said = [_read(clause, ground) for clause in clauses if clause or not text]
    if len(said) == _TWO and most > _TWO and not v.INSTEAD.search(text):
        head, *rest = _each(clauses[1], ground, most - 1)
        for later in rest:
            head = _together(head, later)
        if head.next is not None and _together(said[0], head).next is not None:
            return [said[0], replace(head, whole=clauses[1])]
    return said


def _clauses(text: str, ground: Ground) -> list[str]:
    """What was said and what replaces it, or two requests that stand in one text."""
    if v.INSTEAD.search(text):
        return v.INSTEAD.split(text)
    low = text.lower()
    agreed, more = v.YES.match(low), any(form.search(low) for form in (v.ONE_MORE, v.FOR_THEIRS, v.TOO))
    beside = v.BESIDES.search(text) and (agreed or _read(text, ground).intent is not Intent.MOVE)
    betweens = chain(v.REQUESTS.finditer(text), v.BESIDES.finditer(text) if beside else ())
    spans = [between.span() for between in islice(betweens, most_betweens(text))]
    if agreed and (then := v.YES_THEN.match(low)):
        spans.append(then.span("gap"))
    for start, end in spans:
        clauses = [text[:start], text[end:]]
        first = _read(clauses[0], ground)
        if (more or _leads(first)) and _together(first, _read(clauses[1], ground)).next:
            return clauses
    return [text]


def most_betweens(text: str) -> int:
    """Before how many of its parts a second request is looked for."""
    return min(MAX_BETWEENS, MAX_AGAIN_CHARS // max(len(text), 1) + 1)


def _leads(said: Said) -> bool:
    """Whether a second request can follow this: only a yes and a request have one after them, unless it says so."""
    wishes = said.intent in (Intent.BOOK, Intent.MOVE, Intent.CANCEL, Intent.STATUS)
    return said.answer is Answer.YES or said.cancels or wishes


def _together(said: Said, later: Said) -> Said:
    """One after the other; a visit to cancel and one to book are two requests, and the cancelling comes first.

    After a yes they may be two as well: whether they are, what was asked decides.
    """
    low = later.text.lower()
    agreed = said.answer is Answer.YES and said.intent in (None, Intent.BOOK)
    if said.intent is Intent.STATUS and later.intent is None and SOONER.search(low):
        return replace(said, next=later)
    wishes = bool(later.when) and later.intent in (None, Intent.BOOK) and not v.HAS_ONE.search(low)
    clear = later.intent is Intent.BOOK or bool(later.when.clock)
    if wishes and ((said.cancels and clear) or (agreed and later.intent is Intent.BOOK)):
        return replace(said, next=later)
    if later.intent in (None, Intent.BOOK) and _is_one_more(said, later, agreed=agreed):
        return replace(said, next=later)
    tells_which = later.own or bool(later.when.days) or bool(v.CANCELS_ONE.search(low))
    if later.intent is Intent.CANCEL and tells_which and (agreed or said.intent is Intent.BOOK):
        if agreed:
            return replace(said, next=later)
        return replace(later, whole="", next=replace(said, next=later.next or said.next))
    moves_one = later.intent is Intent.MOVE and bool(v.MOVES_ONE.search(low) or v.OTHER_ONE.search(low))
    another = (
        (moves_one and (agreed or said.intent is Intent.CANCEL or _books(said)))
        or (said.intent is Intent.MOVE and later.intent is Intent.CANCEL and tells_which)
        or (said.intent is Intent.MOVE and said.when and later.intent is Intent.BOOK and later.when)
    )
    return replace(said, next=later) if another else said.then(later)


def _books(said: Said) -> bool:
    """Whether a time is asked for or chosen, and not only spoken of."""
    verb = said.intent is Intent.BOOK and not said.own and bool(v.BOOKS.search(said.text.lower()))
    return verb or (said.intent is None and said.number is not None)


def _is_one_more(said: Said, later: Said, *, agreed: bool) -> bool:
    """Whether what comes later is a visit besides: after a yes "and" with a day makes it one, else it has to say so."""
    low, when = later.text.lower(), later.when
    if v.BETTER.search(low) or v.HAS_ONE.search(low) or not (agreed or said.intent in (None, Intent.BOOK, Intent.MOVE)):
        return False
    said_so, as_well = bool(v.ONE_MORE.search(low)), bool(v.AS_WELL.search(low))
    if agreed:
        plus = bool(v.PLUS.match(low)) and (bool(when.days) or (as_well and bool(when.clock)))
        return plus or said_so
    if not (said.when or said.number is not None or (said_so and _is_whole_name(said))):
        return False
    both = bool(v.PLUS.match(low) and said.when.clock and said.when.days and when.days and when.clock)
    besides = bool(v.TOO.search(low) or v.FOR_THEIRS.search(low)) and not v.BETTER.search(said.text.lower())
    return (said_so and bool(when)) or (both and besides) or (_books(said) and (both or (as_well and bool(when.clock))))


def _read(text: str, ground: Ground) -> Said:
    if text not in ground.looked_at:
        ground.looked_at[text] = _read_through(text, ground)
    said: Said = ground.looked_at[text]
    return said


def _read_through(text: str, ground: Ground) -> Said:
    low = text.lower()
    greeting = v.GREETING.match(low)
    rest = text[greeting.end() :].strip(" ,.!") if greeting else text  # a good morning is no morning, and no yes
    rest = v.WISHES.sub("", rest)
    segments = [part.strip(' "*') for part in v.SEGMENTS.split(rest) if part.strip(' "*')]
    rules = asks_rules(low)
    asides = [part for part in segments if _is_aside(part, ground, rules=rules)]
    others = [part for part in segments if part not in asides]
    question = "\n".join(asides) if asides and _says_something(others, ground) else ""
    told_of = v.ONE_ON_DAY.sub(v.VISIT_ON_DAY, _without_rules(rest, asides))
    bare = without_verbs(STREET.sub(" , ", v.PHONE.sub(" , ", told_of)), ground.own_words)
    at, meant = without_origin(v.KEPT_ONE.sub(" , ", bare))
    when, left = ground.when(meant)
    told = ", ".join(part for part in segments if part not in asides or not _is_asked(part)) if question else rest
    answer = _answer(segments)
    number = read_number([part for part in v.SEGMENTS.split(meant) if part.strip()], meant.lower())
    about = ground.own_words | ground.technicians
    intent = intent_of(", ".join(others).lower() if question else low, when, about)
    beside = bool(when) or number is not None or answer is not None
    return Said(
        text=text,
        told=ground.when(v.ONE_ON_DAY.sub(v.VISIT_ON_DAY, told))[1].strip(),
        intent=intent,
        own=bool(v.OWN.search(low)),
        cancelling=cancelling(low, about),
        answer=answer,
        number=number,
        when=when,
        name=named(text, segments, ground, beside),
        alone=alone(rest, segments, left, about),
        titled=titled(rest, left, intent),
        more=_more(left),
        at=ground.when(f"at {at}")[0] if at else When(),
        kept=_kept(told_of, ground),
        question=question,
        thanks=bool(v.THANKS.search(low)),
        closing="?" not in text and bool(v.CLOSING.fullmatch(low.strip(" .!,"))),
        asks="?" in text or bool(v.ASKING.match(low)),
        greets=greeting is not None,
        foreign=_is_foreign(text, low),
        rude=bool(v.RUDE.search(low)),
    )


def _kept(text: str, ground: Ground) -> tuple[Said, ...]:
    found = [match["kept"] for match in v.KEPT_ONE.finditer(text) if not match["unwanted"]]
    return tuple(Said(text=kept, when=ground.when(kept)[0], number=read_number([kept], kept.lower())) for kept in found)


def _is_aside(part: str, ground: Ground, *, rules: bool) -> bool:
    """Whether this part of a text is a question that no time and no appointment answers."""
    low = part.lower()
    if rules and asks_rules(low):
        return True
    if ground.when(low)[0]:
        return False
    if v.TOPICS.search(low):
        return True
    bare = v.JOINING.sub("", low)
    is_question = (part.endswith("?") or bool(v.ASKING.match(bare))) and len(low.split()) >= v.LEAST_QUESTION_WORDS
    if not is_question or v.ABOUT_TIMES.search(low) or v.TAG.fullmatch(low):
        return False
    own = ground.own_words & set(low.strip("?").split())
    return intent_of(low, When(), ground.own_words) is None and not (own and v.OPENINGS.search(low))


def _without_rules(text: str, asides: Sequence[str]) -> str:
    """Without what is asked about the rules: "up to Monday" in it is no day that is wished for."""
    for part in asides:
        text = text.replace(part, " , ") if asks_rules(part.lower()) else text
    return text


def _is_asked(part: str) -> bool:
    """Whether what it is about is asked, and not only spoken of: "how much is it", unlike "send me the price first"."""
    return part.endswith("?") or bool(v.ASKING.match(v.JOINING.sub("", part.lower())))


def _says_something(parts: Sequence[str], ground: Ground) -> bool:
    """Whether these parts alone are a request, an answer or a name."""
    text = ", ".join(parts)
    low = text.lower()
    when, _ = ground.when(text)
    cued = bool(NAME_CUE.search(text) or WEAK_NAME_CUE.search(text))
    given = read_number(parts, low) is not None or intent_of(low, when, ground.own_words)
    told = when or cued or _answer(parts) or given
    return bool(told) and not v.THANKS.search(low)


def _is_whole_name(said: Said) -> bool:
    """Whether a text between others is a first and a last name, and nothing else."""
    words = said.alone.split()
    bare = said.intent is None and said.answer is None and said.number is None and not said.closing
    return bare and len(words) > 1 and all(word[:1].isupper() for word in words)


def _answer(segments: Sequence[str]) -> Answer | None:
    """What the parts of a text begin with; a question answers nothing."""
    low = [v.NO_BUT_FINE.sub(" ", part.lower()).strip() for part in segments if not part.endswith("?")]
    if any(v.CONDITION.search(part.lower()) for part in segments):
        return None
    yes = any(v.YES.match(part) for part in low)
    no = any(v.NO.match(part) for part in low)
    if yes and (any(v.NEGATION.search(part) for part in low) or any(v.TURNS.search(part) for part in low)):
        return Answer.UNSURE
    return Answer.YES if yes else Answer.NO if no else None


def _more(left: str) -> More | None:
    if v.OTHER_DAY.search(left):
        return More.OTHER_DAY
    if v.EARLIER.search(left):
        return More.EARLIER
    return More.LATER if v.LATER.search(left) else None


def _is_foreign(text: str, low: str) -> bool:
    letters = [] if text.isascii() else [c for c in text if c.isalpha()]
    other = sum(1 for c in letters if not unicodedata.name(c, "").startswith("LATIN"))
    return other * 2 > len(letters) or len(v.FOREIGN.findall(low)) >= v.FOREIGN_WORDS
