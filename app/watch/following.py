"""Which pages follow from trouble that people hear of already, and so need not ring beside it. Pure.

One is held back only behind a page that reached whoever would hear of it. It is named when that page is told again, and
rings by itself when it was not named in time, or when the other is over and it is not: a second cause is late at most.
Until when is not kept, but found anew from both pages every `SETTLES_S`: what became of the other meanwhile counts.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from app.watch.escalation import QUIET_S, WITHIN, Progress, Reach
from app.watch.pages import Kept

PATIENT_S: Final = 600.0
"""How long one waits to be named."""
FOR_CUSTOMERS_S: Final = QUIET_S[0] + 30.0
"""The same where a customer does not know how they stand: just longer than until the other is told again, or of two
that are raised at once each would ring by itself."""
FIGURES_S: Final = 900.0
"""The same for figures, which look back over ten minutes: so long after its end they still tell of another's cause."""
BACK_S: Final = 60.0
"""What is slow for so long after a database came back is slow for that."""
NAMED_S: Final = 4_500.0
"""After it was named: longer than the quietest pause of the page that names it."""
SETTLES_S: Final = 90.0
"""After the other ended, until what waited behind it rings, unless it ended as well."""
AT_ONCE_S: Final = 30.0
"""For the first one of several that are raised in one moment to reach somebody."""
MOST_NAMED: Final = 20
SHOWN: Final = "another page"
"""What stands in the list of receivers of one that was named."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Kinds of pages behind which one waits, how long to be named, and how long after their end where it came later."""

    behind: frozenset[str]
    hold_s: float = PATIENT_S
    after_s: float = 0.0


_CALENDAR: Final = frozenset({"calendar_silent", "google_credentials"})
_WRITES: Final = _CALENDAR | {"calendar_refuses_writes"}
_DATABASE: Final = frozenset({"database_down", "cap_store_down"})
_TEXTS: Final = frozenset({"texts_late", "texts_refused"})
_CRM: Final = frozenset({"crm_refuses", "crm_copies_late", "crm_copy_missing"})
_MODELS: Final = frozenset({"model_fails", "model_path_off"})

_RULES: Final[Mapping[str, Rule]] = {
    "calendar_silent": Rule(_CALENDAR),
    "calendar_refuses_writes": Rule(_WRITES),
    "read_back_cannot_verify": Rule(frozenset({"read_back_cannot_verify"}), FOR_CUSTOMERS_S),
    "booking_unsettled": Rule(frozenset({"booking_unsettled"}), FOR_CUSTOMERS_S),
    "change_unsettled": Rule(frozenset({"change_unsettled", "booking_unsettled"}), FOR_CUSTOMERS_S),
    "crm_copies_late": Rule(frozenset({"crm_refuses", "figure"})),
    "crm_copy_missing": Rule(_CRM),
    "texts_late": Rule(frozenset({"texts_refused", "figure"})),
    "texts_unanswered": Rule(_TEXTS),
    "grader_silent": Rule(_MODELS),
    "audit_not_anchored": Rule(frozenset({"database_down"})),
    "cap_store_down": Rule(frozenset({"database_down"}), after_s=BACK_S),
    "model_account_silent": Rule(frozenset({"database_down"}), after_s=BACK_S),
    "call_event_lost": Rule(_DATABASE, after_s=BACK_S),
    "synthetic_call_failed": Rule(_WRITES | {"database_down", "web_down"}),
}
_FIGURES: Final[Mapping[str, frozenset[str]]] = {
    "tool": _WRITES | _DATABASE,
    "fillers": _WRITES | _DATABASE,
    "hangs": _WRITES | _DATABASE,
    "cache": _WRITES,
    "fallbacks": _MODELS,
    "unverified": _CALENDAR | {"read_back_cannot_verify", "jobs_down"},
}
"""By the first word of a figure's name."""
_UPSTREAMS: Final[Mapping[str, frozenset[str]]] = {
    "google": _WRITES,
    "caldav": _WRITES,
    "twilio": _TEXTS,
    "crm": _CRM,
    "redis": frozenset({"redis_down"}),
    "openai": _MODELS,
    "anthropic": _MODELS,
}
"""Of figures `upstream_*`, by the upstream; those of any other follow from nothing."""
FIGURE: Final = "figure"
OF_MANY: Final[Mapping[str, str]] = {"silence": "silence_of_many", "flood": "flood_of_many"}
"""Kinds, and the kind that tells of many such at once, as far as each notes that it does; for as long as it is up."""


def may_wait(page: Kept) -> bool:
    """Whether there are pages that one of its kind follows from."""
    return _rule(page) is not None


def waits_until(page: Kept, others: Iterable[Kept], hears: Callable[[str, str], bool], now: float) -> float | None:
    """When to ask again of a page that has not rung and waits behind one of `others`; None when it rings now.

    `hears(business, other)`: whether everybody who hears of pages of the first business hears of those of the other.
    """
    rule = _rule(page)
    if rule is None:
        return None
    until = max((_until(page, other, rule) for other in others if _leads(other, page, rule, hears)), default=0.0)
    return min(until, now + SETTLES_S) if now < until else None


def along(page: Kept, waiting: Sequence[Kept], hears: Callable[[str, str], bool]) -> list[Kept]:
    """Those of `waiting` that are named when this page is told."""
    return [one for one in waiting if (rule := _rule(one)) and _leads(page, one, rule, hears)]


def naming(page: Kept, others: Sequence[Kept]) -> Kept:
    """The page with what is told along with it in its words."""
    if not others:
        return page
    more = [f"and {len(others) - MOST_NAMED} more"] if len(others) > MOST_NAMED else []
    named = "\n".join([*(f"- {other.page.title}" for other in others[:MOST_NAMED]), *more])
    words = f"{page.page.body}\n\nIt may be why these are up as well (readback pages list):\n{named}"
    return replace(page, page=replace(page.page, body=words))


def waiting(progress: Progress) -> Progress:
    """As one that waits to be named."""
    return replace(progress, reach={WITHIN: Reach(SHOWN), **progress.reach})


def named_in(page_id: str, now: float) -> dict[str, Reach]:
    """What is known of a page of which people read in the words of the one with this id."""
    return {place(page_id): Reach(SHOWN, reached_at=now)}


def has_rung(page: Kept) -> bool:
    """Whether anybody was tried for it."""
    progress = page.progress
    return bool(progress.round or progress.tries or progress.heard())


def place(page_id: str) -> str:
    """Where a page notes that the one with this id tells of it."""
    return f"{WITHIN}:{page_id}"


def led_by(page: Kept) -> str | None:
    """The id of the page about many that tells of this one since last; None where there is none."""
    if page.page.kind not in OF_MANY:
        return None
    names = {reach.reached_at: name for name, reach in page.progress.reach.items() if name.startswith(f"{WITHIN}:")}
    return names[max(names)].partition(":")[2] if names else None


def leads(wide: Kept, now: float) -> bool:
    """Whether a page about many keeps those it tells of from ringing to whoever hears of it.

    Also while it reaches nobody: it is tried on at the very receivers that each of those would be tried at.
    """
    return wide.page.kind in OF_MANY.values() and (wide.status != "resolved" or now < wide.changed_at + SETTLES_S)


def _rule(page: Kept) -> Rule | None:
    if page.page.kind != FIGURE:
        return _RULES.get(page.page.kind)
    behind = _behind_figure(page.page.key)
    return Rule(behind | {FIGURE}, FIGURES_S, FIGURES_S) if behind else None


def _behind_figure(key: str) -> frozenset[str]:
    name, _, of = key.partition(":")
    family = name.partition("_")[0]
    return (_UPSTREAMS.get(of) if family == "upstream" else _FIGURES.get(family)) or frozenset()


def _leads(other: Kept, page: Kept, rule: Rule, hears: Callable[[str, str], bool]) -> bool:
    if other.id == page.id or other.page.kind not in rule.behind or not hears(page.page.business, other.page.business):
        return False
    return other.page.kind != FIGURE or bool(_behind_figure(other.page.key) & rule.behind)


def _until(page: Kept, other: Kept, rule: Rule) -> float:
    """Until when it waits behind this other one; 0 where it does not."""
    named = page.progress.reach.get(place(other.id))
    patient = named.reached_at + NAMED_S if named else page.raised_at + rule.hold_s
    if not other.progress.heard():
        first = other.status == "open" and (other.raised_at, other.id) < (page.raised_at, page.id)
        return min(patient, other.raised_at + AT_ONCE_S) if first else 0.0
    if other.status != "resolved":
        return patient
    settles_s = SETTLES_S if page.raised_at < other.changed_at else 0.0
    after_s = 0.0 if other.resolution else rule.after_s
    return min(patient, other.changed_at + max(settles_s, after_s))
