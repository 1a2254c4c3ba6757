"""A text as it is read: bounded, without what nobody sees, and with forms that are read in another one."""

import re
import unicodedata

from app.sms import vocabulary as v
from app.sms.cancelling import with_what_is_kept
from app.sms.origins_in_words import each_to_its_goal
from app.sms.other_languages import ABROAD
from app.sms.slips import SLIPS

MAX_CHARS = 1_600
_BUT_NOT = re.compile(r"(?<=everything )but not\b|(?<=all of them )but not\b|(?<=everything, )but not\b", re.I)
"""What is kept of all, as "everything but" it."""


def cleaned(body: str) -> str:
    """The words of a text: no control or invisible characters, signs that mean yes or no as words, plain quotes."""
    text = unicodedata.normalize("NFKC", body[:MAX_CHARS].replace("\ufe0f", "").replace("\u20e3", " "))
    for sign, word in v.SIGNS.items():
        text = text.replace(sign, word)
    text = each_to_its_goal(with_what_is_kept(_BUT_NOT.sub("but", v.ABOUT.sub(r"around \1", text))))
    for form, english in (*ABROAD, *SLIPS):
        text = form.sub(english, text)
    text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    kept = "".join(c if c == "\n" or unicodedata.category(c)[0] not in "CS" or c in v.KEPT_SIGNS else " " for c in text)
    return "\n".join(" ".join(line.split()) for line in v.SIGNATURE.sub("", kept).splitlines()).strip()
