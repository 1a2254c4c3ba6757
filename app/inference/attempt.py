"""One request to one model: leave to send it, the money for it, and what became of it. Neither is ever left open."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from app.inference.model import ModelAnswer, ModelError, ModelName, Question, Usage


class Pass(Protocol):
    """Leave to send one request, of which the outcome is told once."""

    def went_well(self) -> None: ...

    def failed(self, rest_s: float = 0.0) -> None: ...

    def given_up(self) -> None: ...


class Gate(Protocol):
    """Spares a provider that fails. A breaker."""

    def admit(self) -> Pass | None:
        """Leave to ask; None: do not."""


class Purse(Protocol):
    """Money for one inference."""

    async def reserve(self, model: ModelName, question: Question, within_s: float) -> Decimal:
        """Set aside the most that this can cost, within this time. Raises `UnpaidError`."""

    async def settle(self, model: ModelName, reserved: Decimal, usage: Usage | None) -> Decimal:
        """What it cost; without a usage nobody knows, and it counts as all that was reserved."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request that was sent. `outcome` is `ok`, `refused`, or why it was not worth anything."""

    model: str
    outcome: str
    cost: Decimal
    seconds: float
    answer: ModelAnswer | None = None


@dataclass(slots=True)
class Telling:
    """What a gate is to hear of a request: nothing at all, unless it is said here."""

    well: bool = False
    error: ModelError | None = None
    rest_s: float = 0.0

    def failed_with(self, error: ModelError, rest_s: float = 0.0) -> None:
        """It failed, and is to be spared for so long, or as long as it says itself."""
        self.error, self.rest_s = error, max(rest_s, error.rest_s)


@asynccontextmanager
async def told(leave: Pass) -> AsyncIterator[Telling]:
    """The gate hears what became of the request, whatever did."""
    telling = Telling()
    try:
        yield telling
    finally:
        if telling.well:
            leave.went_well()
        elif telling.error is not None and telling.error.retryable:
            leave.failed(telling.rest_s)
        elif telling.error is not None:
            leave.went_well()  # it lives, and refuses this question
        else:
            leave.given_up()


class Bill:
    """Money that was set aside for one attempt."""

    def __init__(self, purse: Purse, name: ModelName, reserved: Decimal) -> None:
        self._purse, self._name, self._reserved = purse, name, reserved
        self.open = True

    async def settle(self, usage: Usage | None) -> Decimal:
        """What it cost. Once begun it is done, whoever does not wait for that."""
        self.open = False
        return await asyncio.shield(self._purse.settle(self._name, self._reserved, usage))


@asynccontextmanager
async def paid(purse: Purse, name: ModelName, question: Question, within_s: float) -> AsyncIterator[Bill]:
    """Money is set aside before, and settled even when nobody waits any more."""
    bill = Bill(purse, name, await purse.reserve(name, question, within_s))
    try:
        yield bill
    finally:
        if bill.open:
            await bill.settle(None)
