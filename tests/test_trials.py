"""A trial notices what it is there for: each promise, broken once, is found; and a story that went well is not."""

import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra.trials.callers import Story
from infra.trials.evidence import Evidence, broken
from infra.trials.place import ELSEWHERE, VANISHING, WELL, Seen
from tests.nursery import PLACE_VARIABLE
from tests.processes import ROOT

EVENT = Seen("google:dana", "e1", "AAAAAA", 1_000, 4_600)
PAGE = {"id": "p1", "kind": "read_back_mismatch", "key": "AAAAAA", "title": "t", "status": "open", "round": 1}
PAGE |= {"told": ""}
FOLLOWS = {"id": "p2", "kind": "booking_unsettled", "key": "BBBBBB", "title": "u", "status": "open", "round": 0}
FOLLOWS |= {"told": "held"}


def booking(**changes: Any) -> dict[str, Any]:
    """One appointment, confirmed and as it should be."""
    row = {
        "reference": "AAAAAA",
        "customer_name": f"{WELL} Customer 1",
        "status": "confirmed",
        "reason": "",
        "told": "",
    }
    row |= {"calendar": "google:dana", "event_id": "e1", "starts": 1_000, "ends": 4_600, "revision": 1, "amends": ""}
    row |= {"verified_at": 0.0}
    return row | {"blocked_from": 1_000, "blocked_to": 5_500} | changes


def looked(kind: str = "read_back_verified", revision: int = 1) -> dict[str, Any]:
    return {"kind": kind, "subject": "AAAAAA", "data": f'{{"revision": {revision}}}'}


def story(**changes: Any) -> Story:
    told = {
        "name": f"{WELL} Customer 1",
        "call_id": "c1",
        "reference": "AAAAAA",
        "booked": "confirmed",
        "starts": 1_000,
    }
    return Story(**(told | changes))


WENT_WELL = Evidence(
    stories=[story()],
    bookings=[booking()],
    audited=[looked()],
    pages=[],
    tasks=[],
    waiting=[],
    events=[EVENT],
    heard=Counter(),
    incidents=Counter(),
)
PAGED = {"pages": [PAGE], "heard": Counter(t=1), "incidents": Counter(p1=1)}
REMOVED = {
    "stories": [story(name=f"{VANISHING} Customer 1", removed_at=100.0)],
    "bookings": [booking(customer_name=f"{VANISHING} Customer 1")],
    "audited": [looked("read_back_mismatch")],
    "events": [],
}
STRAY = {
    "stories": [story(name=f"{ELSEWHERE} Customer 1", booked="", reference="")],
    "bookings": [booking(customer_name=f"{ELSEWHERE} Customer 1", status="refused")],
    "audited": [],
    "events": [replace(EVENT, calendar="google:lee")],
}
MOVED = {"bookings": [booking(starts=9_000, ends=12_600)], "events": [replace(EVENT, starts=9_000, ends=12_600)]}
CANCELLED = {"bookings": [booking(status="cancelled")], "events": []}
NEXT_DOOR = booking(reference="BBBBBB", customer_name="x", event_id="e2", starts=5_000, ends=8_600, blocked_from=5_000)

HELD = {
    "as promised": {},
    "removed by somebody, and paged": REMOVED | PAGED,
    "removed by somebody after it was read back": REMOVED
    | {
        "bookings": [booking(customer_name=f"{VANISHING} Customer 1", verified_at=99.0)],
    },
    "written elsewhere, and paged": STRAY | PAGED,
    "moved, as was told": MOVED | {"stories": [story(moves=[(9_000, "confirmed")], starts=9_000)]},
    "moved, unheard": MOVED | {"stories": [story(moves=[(9_000, "")])]},
    "cancelled, as was told": CANCELLED | {"stories": [story(cancelled="confirmed")]},
    "held back behind one that rang": PAGED | {"pages": [PAGE, FOLLOWS]},
    "heard twice": PAGED | {"heard": Counter(t=2), "incidents": Counter(p1=2)},
    "not sure yet, and a person owes them the end": {
        "stories": [story(cancelled="pending")],
        "tasks": [{"subject": "c1", "status": "open"}],
    },
    "not sure yet, and told in the end": {
        "stories": [story(booked="pending")],
        "bookings": [booking(told="confirmed")],
    },
}
BROKEN = {
    "exactly one event per confirmed booking": [
        {"events": []},
        {"events": [EVENT, EVENT]},
        {"events": [EVENT, replace(EVENT, reference="BBBBBB")]},
        {"events": [replace(EVENT, starts=2_000)]},
        CANCELLED | {"events": [EVENT]},
        {"bookings": [booking(), NEXT_DOOR], "events": [EVENT, Seen("google:dana", "e2", "BBBBBB", 5_000, 8_600)]},
    ],
    "no orphan hold after its expiry": [
        {"bookings": [booking(status="held")], "events": []},
        {"bookings": [booking(status="pending")]},
        {"bookings": [booking(), booking(reference="BBBBBB", amends="b1", status="pending")]},
    ],
    "each read-back ran once": [
        {"audited": []},
        {"audited": [looked(), looked()]},
        {"audited": [looked(revision=2)]},
    ],
    "no page lost": [
        REMOVED,
        REMOVED | {"bookings": [booking(customer_name=f"{VANISHING} Customer 1", verified_at=102.0)]},
        STRAY,
        REMOVED | PAGED | {"heard": Counter()},
        REMOVED | PAGED | {"incidents": Counter()},
        PAGED | {"pages": [PAGE, FOLLOWS | {"told": ""}]},
        PAGED | {"pages": [PAGE, FOLLOWS | {"kind": "read_back_changed"}]},
        {"pages": [FOLLOWS]},
    ],
    "no page doubled": [
        REMOVED | PAGED | {"pages": [PAGE, PAGE]},
        {"incidents": Counter(p2=1)},
    ],
    "what callers were told holds": [
        {"bookings": [booking(), booking(reference="BBBBBB", status="pending")]},
        {"stories": [story(booked="refused")]},
        {"stories": [story(reference="CCCCCC")]},
        MOVED,
        CANCELLED,
        {"stories": [story(booked="pending")]},
        {"stories": [story(cancelled="pending")]},
        {"stories": [story(moves=[(9_000, "pending")])]},
    ],
    "no work left over": [{"waiting": [{"kind": "read_back", "key": "b1:1"}]}],
}


@pytest.mark.parametrize("name", HELD)
def test_what_is_as_promised_breaks_nothing(name: str) -> None:
    assert not any(broken(replace(WENT_WELL, **HELD[name])).values())


@pytest.mark.parametrize(
    ("promise", "number"), [(promise, number) for promise, cases in BROKEN.items() for number in range(len(cases))]
)
def test_what_is_not_as_promised_is_found(promise: str, number: int) -> None:
    assert broken(replace(WENT_WELL, **BROKEN[promise][number]))[promise]


def test_what_was_heard_twice_is_counted() -> None:
    heard = replace(WENT_WELL, pages=[PAGE, PAGE | {"title": "u", "round": 3}], heard=Counter(t=2, u=3))
    assert heard.doubled() == 1


def test_a_trial_starts_processes_also_where_no_suite_runs() -> None:
    asked = "from tests.nursery import PLACE_VARIABLE, readback; print(readback('--help').returncode)\n"
    asked += "import os; print(os.environ[PLACE_VARIABLE])"
    environ = {name: value for name, value in os.environ.items() if name != PLACE_VARIABLE}
    told = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, env=environ, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    code, folder = told.stdout.split()
    assert code == "0"
    assert not Path(folder).exists()
