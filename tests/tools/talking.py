"""Calling a tool as an agent does, through the dispatcher, with everything behind it real but the calendar."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from app.booking.business import Business, Businesses
from app.calls.cap import DailyCap
from app.calls.dispatch import Dispatcher
from app.calls.handover import Handover
from app.calls.late import LateAnswers
from app.calls.model import CallRef, ToolCall
from app.calls.owed import Owed
from app.calls.push import Push
from app.clock import Clock
from tests.booking.acme import CALLER, DEADLINE_S, TTL_S, House, acme, house
from tests.fakes.calendar import FakeCalendar
from tools import tools


class NoPush:
    """No live call can be spoken into."""

    def allows(self, url: str | None) -> bool:
        return False

    async def say(self, url: str, text: str) -> bool:
        return False

    async def transfer(self, url: str, number: str, text: str) -> bool:
        return False


class Agent:
    """Asks tools and gets their results as the dictionaries that platforms are sent."""

    def __init__(self, house: House, dispatcher: Dispatcher) -> None:
        self.house = house
        self._dispatcher = dispatcher
        self.dispatch = dispatcher.dispatch
        self._numbers = itertools.count(1)

    async def __call__(self, tool: str, *, caller: str | None = CALLER, call: str = "c1", **arguments: Any) -> dict:
        return await self.ask(CallRef("plain", call, caller, self.house.business.lines[:1]), tool, **arguments)

    async def ask(self, ref: CallRef, tool: str, **arguments: Any) -> dict:
        asked = ToolCall(ref, tool, arguments, f"t{next(self._numbers)}")
        (result,) = await self._dispatcher.dispatch([asked])
        return checked(result.as_dict())

    async def stop(self) -> None:
        """Write down what is waiting to be."""
        await self._dispatcher.stop(2.0)

    async def first_slot(self, **arguments: Any) -> dict:
        answer = await self("check_availability", **({"service": "inspection"} | arguments))
        slot: dict = answer["slots"][0]
        return slot


def checked(answer: dict) -> dict:
    """Every result is flat apart from the lists the contract names, and has something to say in one line."""
    assert isinstance(answer["ok"], bool)
    assert isinstance(answer["say"], str)
    assert answer["say"].strip()
    assert "\n" not in answer["say"]
    assert "\r" not in answer["say"]
    assert answer["ok"] or answer["code"]
    for name, value in answer.items():
        if name in ("slots", "appointments"):
            assert all(isinstance(v, str) for entry in value for v in entry.values())
        else:
            assert isinstance(value, str | bool | int | float), name
    return answer


@asynccontextmanager
async def agent(
    url: str,
    calendar: FakeCalendar | None = None,
    business: Business | None = None,
    clock: Clock | None = None,
    deadline_s: float = DEADLINE_S,
    push: Push | None = None,
    embedded: bool = False,
    ttl_s: float = TTL_S,
) -> AsyncIterator[Agent]:
    """An agent talking to a started house."""
    async with house(url, calendar, business=business or acme(), clock=clock, embedded=embedded, ttl_s=ttl_s) as made:
        businesses = Businesses({made.business.id: made.business})
        alarms: Any = made.alarms
        late = LateAnswers(NoPush(), businesses, alarms, Owed(made.database, made.clock), made.clock)
        handover = Handover(businesses, made.database, push or NoPush(), alarms, made.clock)
        dispatcher = Dispatcher(
            tools=tools(made.front, handover),
            businesses=businesses,
            cap=DailyCap(made.database, alarms, made.clock, 0),
            late=late,
            database=made.database,
            alarms=alarms,
            clock=made.clock,
            deadline_s=deadline_s,
            filler_after_s=0.8,
            repeat_window_s=600,
        )
        await dispatcher.start()
        yield Agent(made, dispatcher)
        await dispatcher.stop(2.0)
