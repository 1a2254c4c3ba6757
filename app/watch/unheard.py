"""Which pages nobody hears of, for no receiver is named that would get them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

MOST_NAMED: Final = 3
"""Businesses in a sentence."""
REMEDY: Final = (
    "Set READBACK_PAGE_URLS to where whoever runs this installation is reached; `readback doctor --page` tries it."
)


@dataclass(frozen=True, slots=True)
class Unheard:
    """`pages` are those that reach nobody, as they stand in a sentence; `why` is a sentence without its full stop."""

    pages: str
    why: str

    @property
    def sentence(self) -> str:
        """What is the matter, and what to do."""
        return f"{self.why}. {REMEDY}"


def unheard(own: Sequence[str], by_business: Mapping[str, Sequence[str]]) -> Unheard | None:
    """None while every page reaches somebody. `own` are the installation's receivers, the others those of businesses.

    The installation's own hear of everything; those of a business only of what concerns it.
    """
    if own:
        return None
    without = [business for business, urls in by_business.items() if not urls]
    if len(without) == len(by_business):
        why = "READBACK_PAGE_URLS is not set, nor `page` of a business: whatever goes wrong, nobody is told"
        return Unheard("pages that reach nobody", why)
    why = "READBACK_PAGE_URLS is not set: of what concerns the whole installation, as its database does, nobody is told"
    also = f", nor of what concerns {_some(without)}" if without else ""
    return Unheard("pages about the whole installation that reach nobody", f"{why}{also}")


def _some(names: Sequence[str]) -> str:
    more = [f"{len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
    return " and ".join([", ".join(names[:MOST_NAMED]), *more])
