"""What kind of thing a question wants to hear: how long, how many, when, whether something must be done.

A sentence about the same matter that says nothing of the kind is no answer: "How long is the inspection?" is not
answered by what it costs.
"""

import re
from dataclasses import dataclass
from typing import Final

STEM_CHARS: Final = 5
"""Of what is counted: "visits" and "visit" are the same."""
_COUNT: Final = (
    r"(?:\d+(?:[.,]\d+)?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|forty|fifty|"
    r"sixty|ninety|half|several|few|couple|no)"
)
_UNIT: Final = r"(?:second|minute|min|hour|hr|night|day|week|month|year|season|while)s?"
_SPAN: Final = (
    rf"\b(?:(?:an?|{_COUNT})[\s-]+(?:\w+\s+){{0,2}}{_UNIT}|immediately|at once|right away|lifetime|overnight)\b"
)
_MOMENT: Final = (
    r"\b(?:after|before|until|till|when|once|upon|as soon as|at the (?:start|end|time)|(?:mon|tues|wednes|thurs|fri|"
    r"satur|sun)days?|daily|every|noon|midnight|mornings?|afternoons?|evenings?|nights?|around the clock|24/7|"
    r"\d{1,2}(?::\d\d)?\s?[ap]\.?m\b|\d{1,2}:\d\d)"
)
_DUTY: Final = (
    r"\b(?:please|should(?:n't)?|must(?:n't)?|need(?:s|ed|n't)?|have to|has to|required?|requires|necessary|make sure|"
    r"be sure|necessarily|ask you|recommended?|avoid|don't|do not|optional)\b"
)

_LONG: Final = re.compile(r"\bhow (?:long|soon|fast|quick(?:ly)?|many (?:minutes|hours|days|weeks|months|years))\b")
_MANY: Final = re.compile(r"\bhow many (\w+)")
_OFTEN: Final = re.compile(r"\bhow (?:often|regularly)\b")
_WHEN: Final = re.compile(r"^\W*(?:(?:and|so|ok|hi|hello) )*when\b|\b(?:what|which) (?:time|day|days|hours)\b")
_MUST: Final = re.compile(
    r"\b(?:do|does|did|will|would) (?:i|we|u|you|they|he|she|it|my \w+|our \w+|the \w+|someone|somebody|anyone|"
    r"anybody) (?:really |still |also )?(?:have|need|got) to\b|"
    r"\b(?:must|should) (?:i|we|my|our|the|someone|somebody|anyone)\b"
)
_SHOWN: Final = re.compile(
    r"\b(?:is|are|r|was|were) (?:this|that|these|those) (?:an? |some |one of )(?:\w+ )?\w+\s*\??$|"
    r"\b(?:what|which|whats|what's)(?: (?:kind|sort|type)s?(?: of)?)?(?: (?:a|an))?(?: \w+)? "
    r"(?:is|are|r|was|were) (?:this|that|these|those)\W*$|"
    r"\b(?:whats|what's|what) (?:this|that|these|those)(?: \w+)?\W*$"
)
"""It points at something that only the customer sees."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a sentence has to say. `never` is a question that no document can answer."""

    wants: re.Pattern[str] | None = None
    never: bool = False

    def said_in(self, sentence: str) -> bool:
        """Whether this sentence says anything of the kind."""
        return not self.never and (self.wants is None or bool(self.wants.search(sentence)))


_KINDS: Final = (
    (_LONG, Kind(re.compile(_SPAN, re.I))),
    (
        _OFTEN,
        Kind(re.compile(rf"\b(?:each|every|once|twice|always|never|daily|weekly|monthly|yearly)\b|{_SPAN}", re.I)),
    ),
    (_MUST, Kind(re.compile(_DUTY, re.I))),
    (_WHEN, Kind(re.compile(rf"{_MOMENT}|{_SPAN}", re.I))),
)
_ANY: Final = Kind()


def kind_of(question: str) -> Kind:
    """What kind of thing is asked for; the first that is, where it is several."""
    low = question.casefold().replace("’", "'").strip()
    if _SHOWN.search(low):
        return Kind(never=True)
    if (counted := _MANY.search(low)) and not _LONG.search(low):
        stem = re.escape(counted[1][:STEM_CHARS])
        return Kind(re.compile(rf"\b{_COUNT}\s+(?:[\w-]+\s+)?{stem}", re.I))
    return next((kind for asks, kind in _KINDS if asks.search(low)), _ANY)
