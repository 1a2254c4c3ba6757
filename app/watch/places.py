"""Where on the dashboard the matter of a page is: its review, booking, letter, limit, or else its own card. Pure."""

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple
from urllib.parse import quote, urlencode

from app.watch.pages import Kept, Page

DASHBOARD: Final = "/dashboard"
_REFERENCE: Final = re.compile(r"[A-Z0-9-]{4,16}", re.ASCII)


class Place(NamedTuple):
    """`path` begins with a slash; `what` is found there."""

    path: str
    what: str


def _booking(page: Page) -> Place:
    if not _REFERENCE.fullmatch(page.key):  # about a whole calendar
        return Place("/bookings?show=doubted", "the bookings in doubt")
    return Place(f"/bookings?{urlencode({'reference': page.key})}", "the booking")


def _cap(page: Page) -> Place:
    whose = page.key.partition(" ")[0]
    return Place("/limits#daily_call_cap" + ("" if whose == "*" else f".{quote(whose)}"), "the limit")


def _line(page: Page) -> Place:
    return Place(f"/volume?{urlencode({'business': page.business})}", "the line")


def _fixed(path: str, what: str) -> Callable[[Page], Place]:
    return lambda _: Place(path, what)


def _keyed(path: str, what: str) -> Callable[[Page], Place]:
    return lambda page: Place(f"{path}{quote(page.key)}", what)


_task, _letters, _limit = (
    _keyed("/tasks#", "the task"),
    _fixed("/dead-letters", "the letters"),
    _keyed("/limits#", "the limit"),
)
_PLACES: Final[Mapping[str, Callable[[Page], Place]]] = {
    "review": _keyed("/reviews#", "the review"),
    "task_due_soon": _task,
    "task_late": _task,
    "answer_not_delivered": _task,
    "read_back_mismatch": _booking,
    "read_back_changed": _booking,
    "read_back_cannot_verify": _booking,
    "appointment_changed": _booking,
    "booking_unsettled": _booking,
    "change_unsettled": _booking,
    "customer_to_be_told": _booking,
    "crm_copy_missing": _booking,
    "dead_letter": _letters,
    "dead_letters_old": _letters,
    "limit_near": _limit,
    "confirmations_end": _fixed("/limits", "the limits"),
    "cap_near": _cap,
    "cap_reached": _cap,
    "figure": _fixed("/figures", "the figures"),
    "silence": _line,
    "flood": _line,
    "silence_of_many": _fixed("/volume", "the lines"),
    "flood_of_many": _fixed("/volume", "the lines"),
    "incident_update_due": _keyed("/incidents?id=", "the incident"),
    "model_path_off": _fixed("/flags", "the flag"),
}


def place_of(kept: Kept) -> Place:
    """Where to go about a page."""
    found = _PLACES.get(kept.page.kind)
    return found(kept.page) if found else Place(f"/pages#{kept.id}", "the page")


def on_dashboard(kept: Kept) -> str:
    """The path of that place."""
    return DASHBOARD + place_of(kept).path


def address(public_url: str | None, kept: Kept) -> str:
    """The whole address, "" where the installation has none."""
    return f"{public_url}{on_dashboard(kept)}" if public_url else ""
