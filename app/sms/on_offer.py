"""A question on the way to a visit whether there is another service: it is answered, and what was asked stays asked."""

import re

from app.sms import phrases
from app.sms.meant import all_services_in
from app.sms.state import Step
from app.sms.talk import Talk
from app.sms.vocabulary import INSTEAD_OF_IT
from app.sms.words import Intent, Said

_WHETHER = re.compile(
    r"\W*(?:(?:and|also|plus|but|ok|okay|hi|hey|btw|by the way|quick question),? )*"
    r"do (?:you|u|ya|y'?all)(?: (?:guys|also|even))* (?:do|treat|offer|handle|provide)(?: [a-z'-]+){1,4}"
    r"(?: (?:too|also|as well))?\W*"
)
_ASKED = (Step.WHICH_DAY, Step.TIME, Step.NAME, Step.CONFIRM)


def asks_whether(talk: Talk, said: Said) -> bool:
    """Whether nothing but that is asked: "also do you do ants", unlike "do you do ants on Tuesday"."""
    bare = not said.when and said.number is None and said.answer is None and said.next is None
    low = said.text.lower()
    wish = bare and said.intent in (None, Intent.BOOK) and _WHETHER.fullmatch(low) and not INSTEAD_OF_IT.search(low)
    return bool(wish) and talk.state.step in _ASKED and bool(all_services_in(talk, said.text))


def told(talk: Talk) -> bool:
    """Whether it was that, and has been answered."""
    if not told_beside(talk, talk.said):
        return False
    talk.say(f"{talk.replies.pop()} {talk.question()}")
    return True


def told_beside(talk: Talk, rest: Said) -> bool:
    """Whether what stands beside an answer was that, and has been answered: "2, also do you do ants?"."""
    if not asks_whether(talk, rest):
        return False
    names = [service.name for service in all_services_in(talk, rest.text)]
    talk.say(phrases.WE_OFFER.format(services=" and ".join(names)))
    return True
