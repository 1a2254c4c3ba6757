"""A lying model over every story: nothing is changed but what the customer was asked about, by its right name, or said.

What the customers write is the stories', whatever they hear: a model that lies turns many of them into other stories.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
import pytest

from app.booking.business import Business
from app.booking.store import Booking
from app.inference.model import ModelAnswer, Question
from app.sms import phrases
from tests.booking.acme import CHICAGO, NOW, acme
from tests.fakes.calendar import FakeCalendar
from tests.fakes.clock import FakeClock
from tests.sms import hard_stories, stories
from tests.sms.conversing import BETWEEN_TEXTS_S, Phone, Story, _act, _turns
from tests.sms.modelled import Scripted, Texting, calls, say
from tests.tools.talking import agent

ALL = (*stories.ALL, *hard_stories.ALL)
LOOK_DAYS = ("2026-11-24", "2026-11-25", "2026-11-30")
CHANGES = 3
TUESDAY_9 = "Home inspection with Dana, Tue Nov 24 at 9:00 AM"
ONLY_ONE = "the only one they have is cancelled"
PLAINLY = {
    "Home inspection Tuesday at 9am, my name is Jane Roe": TUESDAY_9,
    "inspection tuesday 9, my name is Jane Roe": TUESDAY_9,
    "inspection tuesday 9am, my name is Jane Roe": TUESDAY_9,
    "inspection tuesday 10am, my name is Jane Roe": "Home inspection with Dana, Tue Nov 24 at 10:00 AM",
    "first one\nJane Roe\nyes": "Home inspection with Dana, Mon Nov 30 at 8:00 AM",
    "sorry can't make it": ONLY_ONE,
    "I need to cancel my appt": ONLY_ONE,
    "cancel my appointment": ONLY_ONE,
    "just cancel it": ONLY_ONE,
    "please cancel": ONLY_ONE,
    "cancel my wednesday appointment": ONLY_ONE,
    "cancel my 9 am visit": ONLY_ONE,
}
"""What was said so that nobody need ask back, and what comes of it; "first" is the first of the times told here."""


@dataclass
class Liar(Scripted):
    """Looks everything up, and then wants something else to be changed in each turn, sure of it."""

    lies: int = 0

    async def ask(self, question: Question, within_s: float) -> ModelAnswer:
        self.seen.append(question)
        told = [message.text for message in question.messages if message.who == "tool"]
        said = [message.text for message in question.messages if message.who == "customer"][-1]
        if not told:
            day = LOOK_DAYS[self.lies % len(LOOK_DAYS)]
            looks = [("check_availability", {"service": each, "date": day}) for each in ("inspection", "treatment")]
            return calls(("find_appointments", {}), *looks)
        if len(told) >= 3 + CHANGES:
            return say("ask_what_else")
        found, slots = _known(told)
        self.lies += 1
        sure = {"confidence": 0.99, "rests_on": [said]}
        which = self.lies % 3
        if which == 0 and found:
            return calls(("cancel_appointment", {**sure, "reference": found[self.lies % len(found)]}))
        if (which == 1 or "move" in said.lower()) and found and slots:
            moved = {"reference": found[-1], "slot_id": slots[self.lies % len(slots)]}
            return calls(("reschedule_appointment", {**sure, **moved}))
        if slots:
            name = re.search(r"\b[A-Z][a-z]+ [A-Z][a-z]+\b", said)
            booked = {"slot_id": slots[self.lies % len(slots)], **({"customer_name": name[0]} if name else {})}
            return calls(("book_appointment", {**sure, **booked}))
        return say("ask_what_else")


def _known(told: list[str]) -> tuple[list[str], list[str]]:
    found, slots = list[str](), list[str]()
    for text in told:
        result: dict[str, Any] = orjson.loads(text)
        found += [each["reference"] for each in result.get("appointments", ())]
        slots += [each["slot_id"] for each in result.get("slots", ())]
    return found, slots


@dataclass(frozen=True)
class Change:
    """One that was made, and what the question for it has to say."""

    kind: str
    visit: str
    asked: str


def _changes(before: Sequence[Booking], after: Sequence[Booking], business: Business, today: date) -> list[Change]:
    found, old, new = list[Change](), _standing(before), _standing(after)
    for reference in {**old, **new}:
        was, now = old.get(reference), new.get(reference)
        row = now or was
        assert row is not None
        start = datetime.fromtimestamp(row.starts, CHICAGO)
        visit = phrases.visit(business, row.service, row.technician, start, today)
        if now is None:
            found.append(
                Change("cancelled" if len(old) > 1 else ONLY_ONE, visit, f"Cancel {visit}? Reply YES to cancel it")
            )
        elif was is None:
            asked = f"{visit}, for {phrases.short(row.customer_name)}. Reply YES to book it"
            found.append(Change("booked", visit, phrases.plain(asked)))
        elif was.starts != now.starts:
            found.append(Change("moved", visit, f"to: {visit}? Reply YES to move it"))
    return found


def _standing(rows: Sequence[Booking]) -> dict[str, Booking]:
    return {row.reference: row for row in rows if row.active and not row.amends}


async def played(story: Story, url: str) -> list[tuple[Change, str, bool]]:
    """The changes, by what words they were made, and whether the customer had been asked about just that."""
    fake, clock = FakeCalendar() if story.calendar == "fake" else None, FakeClock(NOW)
    business = acme(scheme="fake" if fake else "embedded", **story.business)
    async with agent(url, fake, business, clock, embedded=not fake) as talking:
        sms = Texting(talking, Liar(lies=ALL.index(story)), guided=True)
        others: Any = Phone(talking, None, clock, [], fake)  # type: ignore[arg-type]  # nobody answers by it
        made, heard = list[tuple[Change, str, bool]](), list[str]()
        for kind, texts in _turns(story.lines):
            if kind in "<=":
                continue
            if kind != ">":
                await _act(others, kind, texts, [])
                continue
            clock.advance(BETWEEN_TEXTS_S)
            before, today = await sms.house.rows(), datetime.fromtimestamp(clock.now(), CHICAGO).date()
            bodies = [text.replace("\\n", "\n").removeprefix("[picture]").strip() for text in texts]
            replies = await sms.text(*bodies, media=int(texts[0].startswith("[picture]")))
            for one in _changes(before, await sms.house.rows(), sms.house.business, today):
                made.append((one, "\n".join(bodies), any(one.asked in reply for reply in heard)))
            again = any("to try again" in reply for reply in replies)
            heard = replies + (heard if again or not replies else [])
        return made


@pytest.mark.parametrize("story", ALL, ids=lambda story: story.name)
async def test_nothing_is_changed_unasked_and_unsaid(sqlite_url: str, story: Story) -> None:
    for change, said, asked in await played(story, sqlite_url):
        assert asked or PLAINLY.get(said) in (change.kind, change.visit), (said, change)
