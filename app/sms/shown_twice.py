"""Two times that the clocks show alike, in the night when they go back: which is meant, by the label each bears."""

import re
from collections.abc import Sequence

from app.sms.state import Offered
from app.sms.vocabulary import NEGATION

_LABEL = re.compile(
    r"\b(?P<which>before|after) (?:(?:the|they|it|our) )?(?:clocks?|time change|change|go(?:es)? back|fall|hour|dst)\b|"
    r"^\W*(?:(?:the|one|1:[0-5][0-9]|[ap]m) ?)*(?P<alone>before|after)(?: one)?(?: please| pls)?\W*$"
)

_BOTH = 2


def by_label(slots: Sequence[Offered], low: str) -> Offered | None:
    """The one of them that these words (lower case) name; None where no two are shown alike, or none is named."""
    shown = [slot.starts.replace(tzinfo=None) for slot in slots]
    alike = [slot for slot, one in zip(slots, shown, strict=True) if shown.count(one) > 1]
    if len({slot.start for slot in alike}) != _BOTH or NEGATION.search(low) or not (said := _LABEL.search(low)):
        return None
    ends = max if "after" in (said["which"], said["alone"]) else min
    meant = [slot for slot in alike if slot.starts == ends(each.starts for each in alike)]
    return meant[0] if len(meant) == 1 else None
