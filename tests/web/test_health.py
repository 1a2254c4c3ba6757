"""Alive and ready: what the outside may know about the inside."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from app.web.ports import State
from app.web.server import Check
from tests.fakes.web import House

Ask = Callable[..., httpx.AsyncClient]


@dataclass(eq=False)
class Probe:
    """A dependency in a state, in pieces (`error`), or silent."""

    state: Any = "ok"
    error: Exception | None = None
    silent: bool = False
    asked: int = 0

    async def __call__(self) -> State:
        self.asked += 1
        if self.silent:
            await asyncio.Event().wait()
        if self.error:
            raise self.error
        return self.state  # type: ignore[no-any-return]  # a table of states


async def test_the_process_lives(ask: Ask) -> None:
    response = await ask().get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert (await ask().head("/healthz")).status_code == 200


@pytest.mark.parametrize(
    ("database", "google", "status", "states"),
    [
        (Probe(), Probe(), 200, ("ok", "ok")),
        (Probe(), Probe("degraded"), 200, ("ok", "degraded")),
        (Probe(), Probe("down"), 200, ("ok", "down")),
        (Probe(), Probe(error=OSError("10.0.0.5 refused")), 200, ("ok", "down")),
        (Probe("degraded"), Probe(), 200, ("degraded", "ok")),
        (Probe("down"), Probe(), 503, ("down", "ok")),
        (Probe(error=OSError("10.0.0.5 refused")), Probe(), 503, ("down", "ok")),
        (Probe(silent=True), Probe(silent=True), 503, ("down", "down")),
    ],
)
async def test_only_what_harms_a_caller_makes_us_unready(
    ask: Ask, database: Probe, google: Probe, status: int, states: tuple[str, str]
) -> None:
    checks = (Check("database", database, harms=True, deadline_s=0.05), Check("google", google, deadline_s=0.05))
    response = await ask(checks=checks).get("/readyz")
    assert response.status_code == status
    assert response.json() == dict(zip(("database", "google"), states, strict=True))


async def test_readiness_without_dependencies_is_ready(ask: Ask) -> None:
    response = await ask().get("/readyz")
    assert (response.status_code, response.json()) == (200, {})


async def test_a_crowd_asks_the_dependency_once_a_second(ask: Ask, house: House) -> None:
    probe = Probe()
    client = ask(checks=(Check("database", probe, harms=True),))
    await asyncio.gather(*(client.get("/readyz") for _ in range(20)))
    assert probe.asked == 1
    probe.state = "down"
    house.clock.advance(1.0)
    assert (await client.get("/readyz")).status_code == 503
    assert probe.asked == 2
