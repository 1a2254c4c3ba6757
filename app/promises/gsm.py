"""Words as a phone network carries them: in signs of the cheap alphabet where they look alike, and in few segments.

One sign outside the GSM 7-bit alphabet (3GPP TS 23.038) turns the whole text into UTF-16: 70 signs a segment, not 160.
"""

import re
import unicodedata
from typing import Final

BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
DOUBLE: Final = frozenset("^{}\\[~]|€\f")
"""In the alphabet's second half: each takes two places."""
LOOK_ALIKES: Final = {
    **dict.fromkeys("‘’‚‛′´`ʼ", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u200a\u202f\u3000\t", " "),
    **dict.fromkeys("\u200b\u2060\ufeff\u00ad", ""),
    "…": "...",
    "•": "-",
    "·": "-",
    "×": "x",
    "™": "(TM)",
    "®": "(R)",
    "©": "(C)",
}
MOST_CHARS: Final = 1_600
"""What the carrier takes at once."""
MOST_SEGMENTS: Final = 4
"""Of one text; longer words are several texts."""
MOST_PARTS: Final = 3
"""Of one reply; who has more to say says it to a person."""
CUT: Final = "..."

_BREAKS: Final = (re.compile(r"\n+"), re.compile(r"(?<=[.!?])\s+"), re.compile(r"\s+"))


def clean(text: str) -> str:
    """The same words in signs that a phone shows, in the GSM alphabet where that changes nothing."""
    swapped = "".join(LOOK_ALIKES.get(sign, sign) for sign in text)
    shown = "".join(
        sign for sign in swapped if sign == "\n" or unicodedata.category(sign) not in ("Cc", "Cs", "Co", "Cn")
    )
    return re.sub(r"\n{3,}", "\n\n", re.sub(r" {2,}", " ", shown)).strip()


def segments(text: str) -> int:
    """How many segments a text is; what one costs and what carriers count."""
    if all(sign in BASIC or sign in DOUBLE for sign in text):
        return _share(sum(2 if sign in DOUBLE else 1 for sign in text), 160, 153)
    return _share(_places(text), 70, 67)


def fitted(text: str) -> str:
    """A text as it may be handed to a carrier: clean, and cut off, visibly, where it takes no more. Idempotent."""
    whole = clean(text)
    if _places(whole) <= MOST_CHARS:
        return whole
    most = MOST_CHARS - len(CUT)
    return clean(whole.encode("utf-16-be")[: 2 * most].decode("utf-16-be", "ignore")) + CUT


def parted(reply: str) -> list[str]:
    """A reply as texts within the budget, broken where a reader would pause; what is too much is cut off, visibly."""
    left = clean(reply)
    parts: list[str] = []
    while left and len(parts) < MOST_PARTS:
        part, left = _first(left)
        parts.append(part)
    if left:
        parts[-1] = _shortened(parts[-1])
    return parts


def _first(text: str) -> tuple[str, str]:
    """As much as fits into one text, and the rest."""
    if _fits(text):
        return text, ""
    for breaks in _BREAKS:
        ends = [found for found in breaks.finditer(text, 0, MOST_CHARS) if _fits(text[: found.start()])]
        if ends and len(text[: ends[-1].start()]) * 3 > _most(text):
            return text[: ends[-1].start()].rstrip(), text[ends[-1].end() :]
    most = _most(text)
    return text[:most], text[most:].lstrip()


def _most(text: str) -> int:
    """How many of its first signs fit into one text."""
    low, high = 1, min(len(text), MOST_CHARS)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _fits(text[:middle]) else (low, middle - 1)
    return low


def _shortened(part: str) -> str:
    while not _fits(part + CUT):
        part = part[:-1]
    return part.rstrip() + CUT


def _fits(text: str) -> bool:
    return len(text) <= MOST_CHARS and segments(text) <= MOST_SEGMENTS


def _places(text: str) -> int:
    """Signs as UTF-16 counts them, which is how carriers do."""
    return len(text.encode("utf-16-be")) // 2


def _share(places: int, alone: int, each: int) -> int:
    return 1 if places <= alone else -(-places // each)
