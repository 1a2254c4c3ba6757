"""Whether a text is a yes to what is about to be done, and to nothing else; or only a good word on what is done.

It is one where nothing is left over once the yes, the courtesies and the request itself, said again, are taken away.
What else may be meant is for others to read; here it only keeps a visit from being booked, moved or cancelled.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from app.sms import way_in
from app.sms.cancelling import without_told
from app.sms.clocks_in_words import hours_meant
from app.sms.dates_in_words import When
from app.sms.ground import ground
from app.sms.meant import NOT_THE_POINT, names_technician, names_time, picked, services_in
from app.sms.state import Booked, Offered, Step, Task
from app.sms.talk import Talk
from app.sms.vocabulary import CANCEL_IT, CONDITION, INSTEAD_OF_IT, WISHES, WISHES_FOR
from app.sms.words import Answer, Intent, Said, read

_SIGNS = re.compile(r"[^\w']+")
_VISIT = "visit"
"""Stands for the service that is asked about, by whatever words it was named."""
_ONE = (
    r"(?:(?:the|my|our|this|that|an?|la|mi) )*(?:visit|appointment|appt|apt|booking|reservation|cita)"
    r"(?: (?:visit|appointment|appt|booking|one|then))*|(?:the|this|that) (?:one|time|slot|date|day|spot)"
)
_IT = rf"(?:{_ONE}|it|that|this)"
_WISH = (
    r"(?:(?:i|we) (?:do |really |still |would |just )*(?:want|need|have|like|wish) (?:you )?to |"
    r"(?:i|we)'?d like (?:you )?to |(?:you|u) (?:can|may) |let'?s |let us )"
)

_YES = (
    r"yes+|y|yea+|yeah+|yea?p+|yep+|yup+|ye|(?<!see )(?<!thank )ya|yeh|yass*|yess?ir|sure(?: thing)?|for sure|"
    r"absolutely|definitely|totally|exactly|of course|ofc|affirmative|i (?:confirm|agree|accept)|agreed|accepted|"
    r"s[ií]|claro|dale|de acuerdo|please do|(?:let'?s )?(?:go ahead|go for it)|(?:let'?s )?do (?:it|that|this)|deal|"
    r"(?:you )?bet|that'?s (?:it|the one)|(?:i|we) (?:do|would)|(?:i'?m|i am) sure|"
    r"sounds? (?:good|great|perfect|fine|right|like a plan)(?: to me)?"
)
"""A yes that is one beside a question, too."""
_FINE = (
    r"(?:very |just |totally |absolutely )*"
    r"(?:right|correct|fine|good|great|perfect|perfecto|ok+|okay+|okey|okie|awesome|excellent|cool|nice|wonderful|lovely|"
    r"fantastic|alright|vale|bueno)(?: (?:by|for|with) (?:me|us))?"
)
_APPROVAL = (
    rf"(?:(?:that'?s|that is|that would be|that) )?{_FINE}|k+|confirm(?:ed|o|ado)?|est[aá] bien|"
    r"that(?:'ll| will)? works?(?: for (?:me|us))?"
)
"""A yes where nothing else is spoken of."""
_COURTESY = (
    r"please|pls|plz|thanks?(?: (?:again|you|u|a lot|a bunch|a million))?|many thanks|thank (?:you|u|ya)(?: again)?|"
    r"thx|thnx|tks|ty|tysm|tyvm|(?:muchas )?gracias|por favor|so much|very much|much appreciated|"
    r"(?:i )?appreciate (?:it|you|that)|(?:no|not a) (?:problem|prob|worries|rush)|why not|don'?t worry|"
    r"have an? (?:good|great|nice|wonderful|blessed) (?:day|one|night|evening|weekend)|take care|"
    r"in advance|kindly|god bless(?: you)?|ma[' ]?a?m|miss|sir|señora?|dear|hun|hon|guys?|man|bro|bud(?:dy)?|dude|hi|"
    r"hello|hey"
)
_FILLER = r"um+|uh+|oh+|ah+|hmm+|well|so|just|then|and|lol|(?:ha)+|i said|really|yay|y'?all"
_NOW = r"now"
_TAKING_LEAVE = r"(?:good)?bye(?: bye)?"
_TO_TIME = r"at|on|for|to|in|by|the|that|this|de|el|los|las|a"

_MATTER_OF_FACT = (
    rf"(?:(?:{_IT}|looks?)(?:'?s| is| would be)?|is) {_FINE}|"
    rf"(?:{_IT}(?:'?ll)? )?(?:will )?works?(?: (?:great|fine|well|perfectly|good|best))?(?: for (?:me|us))?|"
    rf"(?:i'?ll|i will|we'?ll|we will|let me) (?:take|have) {_IT}|i can do {_IT}|"
    rf"(?:i|we)(?:'?d| would)? (?:want|love|like|need) {_IT}"
)
_COMING = (
    r"(?:(?:i|we)(?:'?ll| will) )?see (?:you|u|ya|y'?all|him|her|them)(?: (?:then|there|soon))*|"
    r"(?:i'?m )?looking forward(?: to (?:it|that|(?:meeting|seeing)(?: (?:you|him|her|them))?))?|"
    r"can'?t wait|(?:i'?ll|i will|we'?ll|we will) be (?:there|home|here|ready|waiting)"
)
_COME = r"(?:(?:you|he|she|they) can )?come(?: (?:out|by|over))?"
"""Said of a visit that is to take place; in answer to whether to cancel it that is a no."""
_BOOK = (
    rf"(?:{_WISH}|and |to )?(?:book|schedule|reserve|reservar)(?: {_IT}| me| us)?(?: in)?(?: for (?:me|us))?|"
    r"(?:lock|put|sign|pencil|get) (?:it|that|me|us) (?:in|up|down)"
)
_MOVE = (
    rf"(?:{_WISH}|and |to )?(?:re ?schedule|re ?book|move|change|switch|shift|push|swap|postpone|mover|cambiar)"
    rf"(?: {_IT})?(?: (?:to|back))?(?: for (?:me|us))?"
)
_CANCEL = (
    rf"(?:{_WISH}|and |to )?(?:cancel+(?:ing|ed|ation)?|cancelar(?:l[ao])?|canc[eé]l[ae](?:l[ao])?|can[cs]le)"
    rf"(?: {_IT})?(?: for (?:me|us))?|call (?:it|that) off|"
    r"(?:(?:i|we) )?(?:can'?t|can ?not|won'?t(?: be able to)?) (?:make it|come)(?: any ?more)?|"
    r"(?:(?:i|we) )?(?:do ?n'?t|do not|no longer) need (?:it|that)(?: any ?more)?|"
    r"(?:(?:it'?s|it is) )?no longer needed|(?:and )?(?:do ?n'?t|do not) come"
)
_CLOSED = (
    r"(?:(?:no+|nope|nah) )?(?:(?:that'?s|that is|that will be) (?:all|it|everything)|nothing else|"
    r"(?:i'?m|i am|we'?re|we are|all) (?:good|set|all set|done))|(?:no+|nope|nah) (?:thanks|thank you|thx)|"
    r"got it|gotcha|will do|noted|done|(?:and )?(?:you|u)(?: guys)? too|same(?: to you)?|love it|adi[oó]s|good to know|"
    r"much appreciated|ok[iey]+ dokie|roger(?: that)?|copy(?: that)?|10 4|sweet|"
    r"(?:good|great|excellent) (?:news|service|job)|"
    r"(?:see|talk to) (?:you|u|ya) later|talk (?:to you )?soon|"
    r"(?:you|u)(?: guys| all)?(?:'?re| are) (?:the best|great|awesome|so kind)|"
    r"(?:that|this|it) was (?:so |very |really )?(?:easy|quick|fast|great)|"
    r"(?:for|(?:(?:i|we) )?appreciate) (?:your|the|all (?:of )?your) (?:\w+ )?(?:help|reply|response|reminder|time)|"
    r"for (?:everything|letting me know|getting back(?: to me)?(?: so \w+)?|reminding me|confirming)"
)
"""Said when nothing is asked any more."""
_REGRET = (
    r"(?:(?:i'?m|i am|so) )*sorry(?: (?:about|for) (?:it|that|this|(?:the|any|all the) (?:\w+ )?"
    r"(?:trouble|inconvenience|notice)))?|unfortunately|for now"
)


def _words(*forms: str) -> re.Pattern[str]:
    """One of these as whole words, in a text of words with one blank between them."""
    return re.compile(rf"(?<![^ ])(?:{'|'.join(forms)})(?![^ ])")


_AROUND = (_COURTESY, _FILLER, _NOW, _TAKING_LEAVE, _ONE)
_REQUESTED = {
    Task.BOOK: _words(_MATTER_OF_FACT, _BOOK, _YES),
    Task.MOVE: _words(_MATTER_OF_FACT, _MOVE, _BOOK, _YES),
    Task.CANCEL: _words(_CANCEL, _YES),
}
_APPROVED = _words(_APPROVAL)
_PLAIN_YES = r"yes+|y|yea+|yeah+|yea?p+|yep+|yup+|ye|ya|yeh|yass*|yess?ir|s[ií]|i confirm"
_STRICT = {
    Task.BOOK: _words(_PLAIN_YES, _BOOK),
    Task.MOVE: _words(_PLAIN_YES, _MOVE),
    Task.CANCEL: _words(_PLAIN_YES, rf"(?:{_WISH}|and |to |please )?(?:cancel|cancelar|can[cs]le)(?: {_IT})?"),
}
"""The only yes to what they did not plainly ask for."""
_BESIDES = {
    Task.BOOK: _words(_COMING, _COME, *_AROUND),
    Task.MOVE: _words(_COMING, _COME, *_AROUND),
    Task.CANCEL: _words(_REGRET, *_AROUND),
}
_GOOD_WORDS = _words(_CLOSED, _MATTER_OF_FACT, _YES, _APPROVAL, _COMING, _TAKING_LEAVE)
_BETWEEN = _words(_COURTESY, _FILLER, _ONE)
_REFUSED = _words(r"no+|nope|nah|naw|n")
_LEAVE = _words(_TAKING_LEAVE)
UNDONE = re.compile(r"\bcanc\w+ (?:(?:my|the|that|this) )?canc|[❌🚫⛔🙅‽]")
"""A cancellation that is to be cancelled, and signs that forbid what stands beside them."""
_NUMBER = re.compile(r"\d+")
"""In a code, it is no hour."""
_HANGS_ON = re.compile(r"^\W*(?:but|though|only)\b", re.M)
"""A question that begins like this has to be answered before the yes is one."""
_PREPOSITIONS = _words(_TO_TIME)
_NUMBERED = _words(r"(?:(?:number|option|the) )*(?:[0-9]{1,2}|one|two|three|first|second|third)(?: one)?")
_NAMED = _words(_ONE)
_THAT_ONE = _words(r"(?:that'?s the|that|this) one")
_CANCELS = _words(_CANCEL)
_TAKES = _words(
    rf"(?:(?:let'?s|i'?ll|we'?ll|i will|we will|please|{_WISH.strip()}) ?)?(?:take|choose|pick|go (?:with|for)|do)",
    r"(?:i'?d|we'?d|i would|we would) like",
    r"(?:i|we) (?:want|choose|pick)",
    r"(?:make|move|change|switch) it",
    r"here",
)
_I_HAVE = _words(r"(?:that )?(?:i|we) have")
_OPEN_END = _words(r"(?:so|well|and|but|um+|uh+|hmm+)$")


def weighed(talk: Talk) -> Said:
    """What was said; where a yes would do something, it is a yes that says nothing else, or none to act upon."""
    said, step = talk.said, talk.state.step
    about = talk.state.appointment if step is Step.CONFIRM_CANCEL else talk.state.slot if step is Step.CONFIRM else None
    if about is None:
        return said
    plain = _without_details(talk, about.who) if isinstance(about, Offered) else said
    if not talk.early and _is_yes(replace(talk, said=plain), about):
        yes = replace(plain, text=said.text, whole=said.whole, next=said.next, pictures=said.pictures)
        return replace(yes, answer=Answer.YES, intent=None, when=When(), number=None)
    return replace(said, answer=Answer.UNSURE) if said.answer is Answer.YES else said


def asks_only(talk: Talk, about: Booked | Offered, task: Task) -> bool:
    """Whether nothing is left over besides the request to cancel this visit, or besides the choice of this time."""
    said = talk.said
    # "The first one" and "the third" are read as a time and as a date, too.
    first = task is not Task.CANCEL and said.number is not None and (said.when.loose or said.when.anytime)
    if (said.when and not first and not names_time(said.when, about.starts)) or said.when.rules_out:
        return False
    words = _spoken(said.told)
    left = _without_names(talk, about, words)
    for form in (_REQUESTED[task], _BESIDES[task]):
        _, left = _taken(form, left)
    if task is not Task.CANCEL:
        for form in (_TAKES, _APPROVED, _NUMBERED):
            _, left = _taken(form, left)
    if said.when:
        _, left = _taken(_PREPOSITIONS, left)
    if task is Task.CANCEL:
        for form in (_REFUSED, _I_HAVE):
            _, left = _taken(form, left)
    _, left = _taken(_NAMED, left)
    return not left and not _OPEN_END.search(words)


def says_nothing_else(talk: Talk) -> bool:
    """Whether nothing is left over but good words on what is done, and the time and the names of what was booked.

    A no is something left over, except in answer to what can be done next.
    """
    said, last = talk.said, talk.state.last
    refuses = said.answer is Answer.NO
    if not said.text or said.asks or said.question or said.next or said.intent not in (None, Intent.ABORT):
        return False
    if refuses and said.instead:
        return False
    if said.closing and said.answer in (None, Answer.YES):
        return True
    its_time = bool(last and names_time(said.when, last.starts))
    its_week = bool(last and said.when.length > 1 and last.starts.date() in _days(said.when))
    if said.when.rules_out or (said.when and not its_time and not its_week):
        return False
    words, repeats = _spoken(said.told), its_time and not talk.state.misses and not services_in(talk)
    left = _any_of([_spoken(talk.business.name)]).sub(" ", words)
    good, left = _taken(_GOOD_WORDS, _without_names(talk, last, left) if last else left)
    good = good or said.thanks or bool(WISHES.search(said.text))
    _, left = _taken(_BETWEEN, left)
    if talk.state.step is Step.INVITED:
        refused, left = _taken(_REFUSED, left)
        good = good or refused
    if said.when:
        _, left = _taken(_PREPOSITIONS, left)
    return not left and (good or repeats) and not _OPEN_END.search(words)


def _is_yes(talk: Talk, about: Booked | Offered) -> bool:
    said = talk.said
    if CANCEL_IT.fullmatch(said.text.lower()):
        return talk.state.step is Step.CONFIRM_CANCEL
    if (
        "?" in said.told
        or CONDITION.search(said.told)
        or UNDONE.search(said.told.lower())
        or _HANGS_ON.search(said.question.lower())
    ):
        return False
    if (said.when and not names_time(said.when, about.starts)) or said.when.rules_out:
        return False
    task = Task.CANCEL if talk.state.step is Step.CONFIRM_CANCEL else talk.state.task
    told = said.told if task is Task.CANCEL else without_told(said.told)
    left = _without_names(talk, about, _spoken(told))
    return _agrees(said, task, left, numbered=_is_number_of(talk, about), strict=talk.state.strict)


def _without_details(talk: Talk, who: str) -> Said:
    """What is said beside what whoever comes has to know, which is passed on: "yes, gate code 1234".

    What names a day or anybody else of those who come may be a wish for them; so may a service, where one is said.
    """
    said, comes, told = talk.said, talk.business.technician(who), ground(talk.business, talk.now)

    wishes = WISHES_FOR.search(said.whole.lower()) or INSTEAD_OF_IT.search(said.whole.lower())

    def weighs(part: str) -> bool:
        if wishes and services_in(talk, Said(text=part)):
            return True
        return names_technician(talk, part) or bool(told.when(_NUMBER.sub(" ", part))[0])

    text = _any_of(comes.name.split()).sub("him", said.text) if comes else said.text
    left = way_in.without(text, weighs)
    return said if left == text else read([(left, 0)], told)


def _agrees(said: Said, task: Task, words: str, *, numbered: bool, strict: bool) -> bool:
    """Whether these words are a yes with nothing left over. A good word is one unless it is about something else, or
    has to be said as a `strict` yes: "ok thanks" may be an answer to anything.
    """
    asked, spoken_of = bool(said.question or _LEAVE.search(words)), False
    if task is Task.CANCEL and not _CANCELS.search(words):
        # "Tuesday is fine" and "confirm my visit" are no wish to cancel it; "yes, the Tuesday one" is.
        named = _NAMED.search(words)
        spoken_of = bool(said.when or named)
        if (said.when and not named) or (named and not said.when and not _THAT_ONE.search(words)):
            return False
    agreed, left = _taken(_REQUESTED[task], words)
    agreed = agreed and (not strict or bool(_STRICT[task].search(words)))
    _, left = _taken(_BESIDES[task], left)
    if not spoken_of:
        approved, left = _taken(_APPROVED, left)
        agreed = agreed or (approved and not asked and not strict)
    if numbered:
        _, left = _taken(_NUMBERED, left)
    if said.when:
        _, left = _taken(_PREPOSITIONS, left)
    return agreed and not left and not _OPEN_END.search(words)


def _is_number_of(talk: Talk, about: Booked | Offered) -> bool:
    """Whether the number that was said is its place among what was offered, or its hour."""
    number, slots, at = talk.said.number, talk.state.slots, about.starts
    if number is None or picked(talk) == about:
        return number is not None
    return number > len(slots) and at.hour * 60 + at.minute in hours_meant(number)


def _days(when: When) -> list[date]:
    return [day + timedelta(days=n) for day in when.days for n in range(when.length)]


def _taken(form: re.Pattern[str], words: str) -> tuple[bool, str]:
    """Whether any was there, and the words that are left."""
    left, found = form.subn(" ", words)
    return found > 0, " ".join(left.split())


def _without_names(talk: Talk, about: Booked | Offered, words: str) -> str:
    """Without who comes and whom it is for; the service in one word."""
    service = talk.business.service(about.service if isinstance(about, Booked) else talk.state.service)
    technician = talk.business.technician(about.who)
    named = _spoken(service.name).split() if service else []
    if named:
        single = [word for word in named if word not in NOT_THE_POINT]
        words = _any_of([" ".join(named), *single]).sub(_VISIT, words)
    whom, whose = technician.name if technician else "", talk.state.name
    for cues, name in (("with|see|and", whom), ("for|under|it'?s|this is|i'?m|my name is|name is", whose)):
        if known := _spoken(name).split():
            words = _any_of(known, rf"(?:(?:{cues}) )?").sub(" ", words)
    return " ".join(words.split())


def _spoken(text: str) -> str:
    """Its words, in small letters, with one blank between them and no signs but those within a word."""
    return " ".join(filter(None, (word.strip("'") for word in _SIGNS.sub(" ", text.lower()).split())))


def _any_of(words: Iterable[str], before: str = "") -> re.Pattern[str]:
    """Any of these words, one or several in a row."""
    one = "|".join(map(re.escape, words))
    return re.compile(rf"(?<![^ ]){before}(?:{one})(?: (?:{one}))*(?![^ ])", re.I)
