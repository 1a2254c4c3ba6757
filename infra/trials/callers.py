"""People who call again and again: they book, move, cancel, hang up, and remember what they were told."""

import asyncio
import random
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from infra.trials.fleet import Fleet
from infra.trials.place import ELSEWHERE, VANISHING, WELL, Place
from tests.flows.speaking import new_call

DAYS_AHEAD = (2, 55)
THINKS_S = (0.1, 0.5)
MOVES, CANCELS = 0.5, 0.3
"""Share of booked customers who change their mind."""


@dataclass
class Story:
    """One customer. Outcomes are what was told: confirmed, pending, refused, or empty when no answer was heard."""

    name: str
    call_id: str
    reference: str = ""
    booked: str = ""
    starts: int = 0
    """What they were told last, where that was certain."""
    moves: list[tuple[int, str]] = field(default_factory=list)
    """Each new time they asked for, and the outcome."""
    cancelled: str | None = None
    """None when they never asked to cancel."""
    removed_at: float = 0.0
    """When somebody removed their event behind our back, epoch seconds; 0 for never."""

    @property
    def fate(self) -> str:
        return self.name.split()[0]


class Callers:
    """`together` people at a time, until told to stop. `stories` holds every one of them.

    `patient` is the share of requests that the platform delivers again when no answer came.
    """

    def __init__(self, fleet: Fleet, place: Place, dice: random.Random, *, together: int, patient: float) -> None:
        self._fleet = fleet
        self._place = place
        self._dice = dice
        self._numbers = count(1)
        self._stopping = False
        self._together = together
        self._patient = patient
        self.stories: list[Story] = []

    async def call_until_stopped(self) -> None:
        await asyncio.gather(*(self._forever() for _ in range(self._together)))

    def stop(self) -> None:
        """Everybody finishes what they are saying, and nobody calls any more."""
        self._stopping = True

    async def _forever(self) -> None:
        while not self._stopping:
            await self._one()
            await asyncio.sleep(self._dice.uniform(*THINKS_S))

    async def _one(self) -> None:
        fate = self._dice.choice(self._place.fates)
        story = Story(f"{fate} Customer {next(self._numbers)}", new_call())
        slot = await self._slot(story.call_id, technician="Dana" if fate == ELSEWHERE else None)
        if slot is None:
            return
        self.stories.append(story)
        wanted = {"slot_id": slot["slot_id"], "customer_name": story.name}
        answer = await self._ask("book_appointment", wanted, story)
        if answer is None:
            return
        story.booked, story.reference = _outcome(answer), answer.get("reference", "")
        if story.booked != "confirmed":
            return
        story.starts = _epoch(answer["start"])
        if fate == VANISHING and await self._place.remove(story.reference):
            story.removed_at = time.time()
        if fate == WELL and self._dice.random() < MOVES:
            await self._move(story)
        if fate == WELL and self._dice.random() < CANCELS:
            await asyncio.sleep(self._dice.uniform(*THINKS_S))
            gone = await self._ask("cancel_appointment", {"reference": story.reference}, story)
            story.cancelled = _outcome(gone)

    async def _move(self, story: Story) -> None:
        slot = await self._slot(story.call_id)
        if slot is None:
            return
        await asyncio.sleep(self._dice.uniform(*THINKS_S))
        wanted = {"reference": story.reference, "slot_id": slot["slot_id"]}
        outcome = _outcome(await self._ask("reschedule_appointment", wanted, story))
        story.moves.append((_epoch(slot["start"]), outcome))
        if outcome == "confirmed":
            story.starts = _epoch(slot["start"])

    async def _slot(self, call_id: str, technician: str | None = None) -> dict[str, Any] | None:
        ahead = timedelta(days=self._dice.randint(*DAYS_AHEAD))
        day: date = datetime.now(UTC).date() + ahead
        asked = {"service": "inspection", "date": day.isoformat(), "limit": 50}
        found = await self._fleet.ask(
            "check_availability", asked | ({"technician": technician} if technician else {}), call_id
        )
        slots = (found or {}).get("slots")
        return self._dice.choice(slots) if slots else None

    async def _ask(self, tool: str, arguments: dict[str, Any], story: Story) -> dict[str, Any] | None:
        return await self._fleet.ask(tool, arguments, story.call_id, patient=self._dice.random() < self._patient)


def _outcome(answer: dict[str, Any] | None) -> str:
    """What was told: an answer without an outcome says that it is not known."""
    if answer is None:
        return ""
    outcome: str = answer.get("outcome") or ("pending" if answer.get("code") == "still_checking" else "refused")
    return outcome


def _epoch(told: str) -> int:
    return int(datetime.fromisoformat(told).timestamp())
