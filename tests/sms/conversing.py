"""Whole text conversations, played against the real tools, and what they leave in the database.

A story is lines: `> text` is what a customer sends, `+ text` another one in the same turn, `< words` must be in the
answer, `<` alone means that none is sent, `= words` must not be in it, `~ 5h` lets time pass, `!` is done by others.
"""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.booking.business import Businesses
from app.sms.guided import GuidedConversation
from app.sms.phrases import MAX_CHARS, plain
from app.sms.tool_calls import through
from app.sms.turn import Conversation, Incoming
from tests.booking.acme import CALLER, CHICAGO, NOW, acme, at
from tests.fakes import calendar as scripted
from tests.fakes.calendar import FakeCalendar
from tests.fakes.clock import FakeClock
from tests.fakes.databases import executed
from tests.tools.talking import Agent, agent

LINE = "+15125550100"
MOST_CALLS = 6
BETWEEN_TEXTS_S = 20
STEPS = {"unknown": scripted.UNKNOWN, "done_but_unknown": scripted.DONE_BUT_UNKNOWN, "refused": scripted.REFUSED}


@dataclass(frozen=True)
class Story:
    """What is sent and answered, and what is true afterwards: appointments as `service day clock name status`."""

    name: str
    lines: str
    bookings: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    business: Mapping[str, Any] = field(default_factory=dict)
    calendar: str = "embedded"


@dataclass
class Phone:
    """One customer's phone. `ask` counts and shows what tools were called."""

    talking: Agent
    responder: GuidedConversation
    clock: FakeClock
    called: list[tuple[str, Mapping[str, Any], str]]
    calendar: Any
    customer: str = CALLER
    state: Mapping[str, Any] = field(default_factory=dict)
    sent: int = 0

    async def send(self, *bodies: str, media: int = 0) -> tuple[str, ...]:
        """Texts of one turn, and what is answered."""
        texts = []
        for body in bodies:
            self.clock.advance(BETWEEN_TEXTS_S)
            self.sent += 1
            texts.append(Incoming(f"SM{self.sent:03d}", body, self.clock.now(), media))
        before = len(self.called)
        conversation = Conversation("acme:1", "acme", self.customer, LINE, self.state)
        turn = await self.responder.answer(conversation, texts)
        self.state = turn.state
        assert len(self.called) - before <= MOST_CALLS
        for reply in turn.replies:
            assert reply.strip() == reply, reply
            assert 0 < len(reply) <= MAX_CHARS, reply
            assert plain(reply) == reply, reply
        return turn.replies

    async def appointments(self) -> list[str]:
        """What is booked, as stories write it."""
        found = []
        for row in sorted(await self.talking.house.rows(), key=lambda row: (row.starts, row.created_at)):
            when = datetime.fromtimestamp(row.starts, CHICAGO).strftime("%Y-%m-%d %H:%M")
            if row.status not in ("refused", "released"):
                found.append(f"{row.service} {when} {row.customer_name} {row.status}")
        return found

    async def tasks(self) -> list[str]:
        return [task.kind for task in await self.talking.house.tasks()]

    def events(self) -> int:
        """How many events of ours the calendars hold."""
        if isinstance(self.calendar, FakeCalendar):
            return sum(len(events) for events in self.calendar.stored.values())
        url = self.talking.house.database.url.replace("+psycopg", "")
        return int(executed(url, "SELECT count(*) FROM embedded_events WHERE NOT cancelled")[0][0])


@asynccontextmanager
async def phone(
    url: str,
    changes: Mapping[str, Any] | None = None,
    fake: FakeCalendar | None = None,
) -> AsyncIterator[Phone]:
    """A phone that texts Acme, whose calendars are embedded ones unless a scripted one is given."""
    clock = FakeClock(NOW)
    scheme = "fake" if fake else "embedded"
    async with agent(url, fake, acme(scheme=scheme, **(changes or {})), clock, embedded=not fake) as talking:
        called: list[tuple[str, Mapping[str, Any], str]] = []
        through_dispatch = through(talking.dispatch)

        async def ask(
            conversation: Conversation, session: str, tool: str, arguments: Mapping[str, Any], tool_call_id: str
        ) -> Mapping[str, Any]:
            called.append((tool, arguments, tool_call_id))
            return await through_dispatch(conversation, session, tool, arguments, tool_call_id)

        businesses = Businesses({talking.house.business.id: talking.house.business})
        responder = GuidedConversation(businesses, ask)
        yield Phone(talking, responder, clock, called, fake)


async def play(story: Story, url: str) -> None:
    """Play it, line by line, and hold it to what it says."""
    fake = FakeCalendar() if story.calendar == "fake" else None
    async with phone(url, story.business, fake) as customer:
        heard: list[str] = []
        for kind, texts in _turns(story.lines):
            heard = await _act(customer, kind, texts, heard)
        booked, tasks = await customer.appointments(), await customer.tasks()
        assert booked == list(story.bookings), f"{booked}, heard {heard}"
        assert tasks == list(story.tasks), f"{tasks}, heard {heard}"
        await customer.talking.house.jobs.run_due()
        standing = [line for line in story.bookings if line.endswith((" confirmed", " pending"))]
        if not any(line.endswith(" pending") for line in standing):
            assert customer.events() == len(standing), "the calendars hold what is said to be booked"


def _turns(lines: str) -> list[tuple[str, list[str]]]:
    """The lines by kind; texts of one turn together."""
    found: list[tuple[str, list[str]]] = []
    for raw in filter(None, (line.strip() for line in lines.splitlines())):
        kind, text = raw[0], raw[1:].strip()
        if kind == "+":
            found[-1][1].append(text)
        else:
            found.append((kind, [text]))
    return found


async def _act(customer: Phone, kind: str, texts: list[str], heard: list[str]) -> list[str]:
    [text, *_] = texts
    if kind == ">":
        if text.startswith("[picture]"):
            return list(await customer.send(text.removeprefix("[picture]").strip(), media=1))
        return list(await customer.send(*(text.replace("\\n", "\n") for text in texts)))
    if kind == "<":
        assert (text in "\n".join(heard)) if text else not heard, f"expected {text!r}, heard {heard}"
    elif kind == "=":
        assert text not in "\n".join(heard), heard
    elif kind == "~":
        number, unit = re.fullmatch(r"(\d+)(min|h|d)", text).groups()  # type: ignore[union-attr]
        customer.clock.advance(int(number) * {"min": 60, "h": 3600, "d": 86_400}[unit])
    elif kind == "!":
        await _event(customer, text)
    else:
        raise AssertionError(kind)
    return heard


async def _event(customer: Phone, text: str) -> None:
    """`dana takes 2026-11-24 09:00`: another customer gets it; `free fails`, `book unknown`: a scripted calendar."""
    words = text.split()
    house = customer.talking.house
    if words[1] == "takes":
        slot_id = house.slot_ids.mint(house.business, "inspection", words[0], at(words[2], words[3]), house.clock.now())
        answer = await customer.talking(
            "book_appointment", caller="+15125550999", call=text, slot_id=slot_id, customer_name="Somebody Else"
        )
        assert answer["outcome"] == "confirmed", answer
    else:
        customer.calendar.script(words[0], STEPS[words[1]])
