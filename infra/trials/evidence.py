"""What can be seen from outside after a trial, and the promises it is held to. Judging is pure and reads nothing."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from app.db.schema import audit, bookings, job_outbox, pages, tasks
from app.watch.pages import HELD
from infra.trials.callers import Story
from infra.trials.place import ELSEWHERE, LATE, Place, Seen
from tests.fakes.page_receiver import PageReceiver
from tests.fakes.pagerduty import FakePagerDuty
from tests.flows import books

MISMATCH, CHANGED, TOLD, OWED = (
    "read_back_mismatch",
    "read_back_changed",
    "customer_to_be_told",
    "answer_not_delivered",
)
READING_S = 1.0
"""Between a calendar's answer and our note of it, at most; less than a read-back comes after its booking."""
ONCE_ONLY = (MISMATCH, CHANGED, TOLD, "booking_unsettled")
"""Kinds of pages of which one appointment gets one."""
ONE_EACH = (MISMATCH, CHANGED, TOLD, OWED)
"""Kinds of pages that ring for each customer, whatever else is up."""
LOOKED = ("read_back_verified", "read_back_mismatch", "read_back_cannot_verify")
"""What the audit log says when a revision was read back for the first time."""


@dataclass(frozen=True)
class Evidence:
    """Rows as dictionaries. `heard` counts deliveries by title, `incidents` triggers by the page's id."""

    stories: list[Story]
    bookings: list[dict[str, Any]]
    audited: list[dict[str, Any]]
    pages: list[dict[str, Any]]
    tasks: list[dict[str, Any]]
    waiting: list[dict[str, Any]]
    events: list[Seen]
    heard: Counter[str]
    incidents: Counter[str]

    def appointments(self) -> list[dict[str, Any]]:
        """Bookings without the rows that only change one."""
        return [row for row in self.bookings if not row["amends"]]

    def named(self, name: str) -> list[dict[str, Any]]:
        return [row for row in self.appointments() if row["customer_name"] == name]

    def story(self, row: dict[str, Any]) -> Story | None:
        return next((story for story in self.stories if story.name == row["customer_name"]), None)

    def live(self, reference: str) -> list[Seen]:
        return [seen for seen in self.events if seen.reference == reference]

    def paged(self, key: str, *kinds: str) -> bool:
        """Whether people were paged about this, or have a task about it."""
        if any(page["key"] == key and page["kind"] in kinds for page in self.pages):
            return True
        return any(task["subject"] == key for task in self.tasks)

    def rang(self, page: dict[str, Any]) -> bool:
        """Whether both receivers heard of it."""
        return bool(self.heard[page["title"]] and self.incidents[page["id"]])

    def waits_its_turn(self, page: dict[str, Any]) -> bool:
        """Whether it is held back behind one that rang and is up; what a customer does not know never is."""
        behind = (one for one in self.pages if one["status"] == "open" and one["told"] != HELD)
        return page["told"] == HELD and page["kind"] not in ONE_EACH and any(self.rang(one) for one in behind)

    def doubled(self) -> int:
        """Deliveries beyond the first of each page and the repeats it is owed while nobody acknowledges."""
        planned: Counter[str] = Counter()
        for page in self.pages:
            planned[page["title"]] += max(1, page["round"])
        return sum((self.heard - planned).values())


async def gathered(
    url: str, place: Place, receiver: PageReceiver, duty: FakePagerDuty, stories: Iterable[Story]
) -> Evidence:
    """Look at everything once; the calendar last, for what is written down must be there by then."""
    tables = (bookings, audit, pages, tasks, job_outbox)
    rows = [await asyncio.to_thread(books.rows, url, table) for table in tables]
    heard = Counter(page.title for page in receiver.pages if page.type == "failure")
    triggered = Counter(event["dedup_key"] for event in duty.events if event["event_action"] == "trigger")
    return Evidence(list(stories), *rows, await place.events(), heard, triggered)


# --- the promises -----------------------------------------------------------------------------------------------------


def one_event_each(e: Evidence) -> list[str]:
    """Exactly one event for each confirmed booking, where it is said to be, and none that is nobody's."""
    broken = []
    known = {row["reference"] for row in e.appointments()}
    broken += [f"{seen.reference}: an event that is nobody's" for seen in e.events if seen.reference not in known]
    for row in e.appointments():
        story, live = e.story(row), e.live(row["reference"])
        if story is not None and (
            story.removed_at or (story.fate in (ELSEWHERE, LATE) and row["status"] != "confirmed")
        ):
            continue  # spoiled behind our back: a page must tell of it, which is another promise
        wanted = [(row["calendar"], row["event_id"], row["starts"], row["ends"])] * (row["status"] == "confirmed")
        there = [(seen.calendar, seen.id, seen.starts, seen.ends) for seen in live]
        if there != wanted:
            broken.append(f"{row['reference']} ({row['customer_name']}, {row['status']}): {wanted} but {there}")
    return broken + [f"{a} and {b} overlap" for a, b in _overlaps(e)]


def no_orphan_hold(e: Evidence) -> list[str]:
    """Nothing is held for ever: what is in doubt at the end is in a person's hands."""
    return [
        f"{row['reference']} ({row['customer_name']}) is still {row['status']} ({row['reason']})"
        for row in e.bookings
        if row["status"] in ("held", "pending") and (row["amends"] or not e.paged(row["reference"], MISMATCH))
    ]


def read_back_once(e: Evidence) -> list[str]:
    """The last revision of every booking, moved and cancelled ones included, was read back once, and no other twice."""
    looked: Counter[tuple[str, int]] = Counter()
    for row in e.audited:
        if row["kind"] in LOOKED:
            looked[row["subject"], json.loads(row["data"])["revision"]] += 1
    broken = [f"{reference} revision {revision}: {n} times" for (reference, revision), n in looked.items() if n > 1]
    return broken + [
        f"{row['reference']} ({row['customer_name']}) revision {row['revision']}: never"
        for row in e.appointments()
        if row["status"] in ("confirmed", "cancelled") and not looked[row["reference"], row["revision"]]
    ]


def no_page_lost(e: Evidence) -> list[str]:
    """Whatever was spoiled was paged, and whatever was raised was heard by both receivers."""
    broken = []
    for row in e.appointments():
        story = e.story(row)
        live = [(seen.calendar, seen.starts) for seen in e.live(row["reference"])]
        booked = row["status"] == "confirmed"
        wrong = live != [(row["calendar"], row["starts"])] if booked else bool(live)
        spoiled = story is not None and (_removed_before_read_back(story, row) or story.fate in (ELSEWHERE, LATE))
        if spoiled and wrong and not e.paged(row["reference"], MISMATCH, CHANGED):
            broken.append(f"{row['reference']} ({row['customer_name']}, {row['status']}): nobody was paged")
    return broken + [
        f"page {page['title']!r} was not heard"
        for page in e.pages
        if page["status"] == "open" and not (e.rang(page) or e.waits_its_turn(page))
    ]


def no_page_doubled(e: Evidence) -> list[str]:
    """One appointment, one page: a key is raised once, and a receiver that knows keys sees one incident."""
    raised = Counter((page["kind"], page["key"]) for page in e.pages if page["kind"] in ONCE_ONLY)
    ids = {page["id"] for page in e.pages}
    return [f"{kind} {key}: {n} pages" for (kind, key), n in raised.items() if n > 1] + [
        f"incident {key} of no page" for key in e.incidents if key not in ids
    ]


def what_was_said_holds(e: Evidence) -> list[str]:
    """Nobody was told more than is so, nobody was booked twice, and who was told "not sure yet" is owed an end."""
    broken = []
    for story in e.stories:
        rows = e.named(story.name)
        kept = [row for row in rows if row["status"] not in ("refused", "released")]
        if len(kept) > 1:
            broken.append(f"{story.name} has {len(kept)} bookings")
        if story.booked == "refused" and kept and story.fate != LATE:
            broken.append(f"{story.name} was told 'refused' and has {kept[0]['status']} {kept[0]['reference']}")
        if story.booked == "confirmed":
            broken += _confirmed_holds(story, rows)
        unsure = [story.booked, story.cancelled, *(outcome for _, outcome in story.moves)].count("pending")
        if unsure and not _told(e, story, rows):
            said = [(row["reference"], row["status"], row["reason"]) for row in rows]
            broken.append(f"{story.name} was told 'not sure yet' and nobody owes them the end: {said}")
    return broken


PROMISES: dict[str, Callable[[Evidence], list[str]]] = {
    "exactly one event per confirmed booking": one_event_each,
    "no orphan hold after its expiry": no_orphan_hold,
    "each read-back ran once": read_back_once,
    "no page lost": no_page_lost,
    "no page doubled": no_page_doubled,
    "what callers were told holds": what_was_said_holds,
}


def broken(e: Evidence) -> dict[str, list[str]]:
    """What is not as promised, by promise; a promise that holds has an empty list."""
    found = {name: judge(e) for name, judge in PROMISES.items()}
    found["no work left over"] = [
        f"{row['kind']} {row['key']} waits" for row in e.waiting if row["kind"] == "read_back"
    ]
    return found


def _removed_before_read_back(story: Story, row: dict[str, Any]) -> bool:
    """What was seen right and removed after that is found by the sweep, hours later where the visit is days ahead."""
    return bool(story.removed_at) and not 0 < row["verified_at"] < story.removed_at + READING_S


def _overlaps(e: Evidence) -> list[tuple[str, str]]:
    """Confirmed bookings of one calendar that are closer than their buffers allow."""
    found = []
    booked = [row for row in e.appointments() if row["status"] == "confirmed"]
    booked.sort(key=lambda row: (row["calendar"], row["blocked_from"]))
    for one, other in pairwise(booked):
        if one["calendar"] == other["calendar"] and other["blocked_from"] < one["blocked_to"]:
            found.append((one["reference"], other["reference"]))
    return found


def _confirmed_holds(story: Story, rows: list[dict[str, Any]]) -> list[str]:
    row = next((row for row in rows if row["reference"] == story.reference), None)
    if row is None:
        return [f"{story.name} was told {story.reference}, which is not there"]
    may_be = {None: ("confirmed",), "confirmed": ("cancelled",), "refused": ("confirmed",)}
    allowed = may_be.get(story.cancelled, ("confirmed", "cancelled"))
    found = []
    if row["status"] not in allowed:
        found.append(f"{story.name} was told {story.cancelled or story.booked!r} and is {row['status']}")
    unsure = [start for start, outcome in story.moves if outcome not in ("confirmed", "refused")]
    if row["starts"] not in (story.starts, *unsure):
        found.append(f"{story.name} was told {story.starts} (perhaps {unsure}) and is at {row['starts']}")
    return found


def _told(e: Evidence, story: Story, rows: list[dict[str, Any]]) -> bool:
    """Whether a person owes this customer the end, or they have had it."""
    if any(story.call_id in page["key"] for page in e.pages if page["kind"] == OWED):
        return True
    if any(task["subject"] == story.call_id for task in e.tasks if task["status"] == "open"):
        return True
    return any(row["told"] or e.paged(row["reference"], TOLD, MISMATCH) for row in rows)
