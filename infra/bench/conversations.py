"""Callers who act on what they hear: look up and book, and thirty who want the same slot."""

import asyncio
import re
import time
from typing import Any

from infra.bench import proc
from infra.bench.bodies import Question, Template, template
from infra.bench.figures import percentile
from infra.bench.wire import Client

WITHIN_S = 30.0
TOOLS = 10**15
"""Numbers of tool calls start here: apart from those of plain load on the same server."""
SLOT = re.compile(rb'slot_id\\":\\"([^\\]+)')
CONFIRMED = b'outcome\\":\\"confirmed'
BOOK: Question = {
    "tool": "book_appointment",
    "arguments": {"slot_id": "@slot@", "customer_name": "Jordan Smith", "notes": "Ants in the kitchen."},
}


async def pairs(*, port: int, pid: int, questions: list[Question], callers: int, seconds: float, first: int) -> Any:
    """Each caller looks up and books the first time offered, again and again; every question is asked once at a time.

    Returns pairs per second, percentiles in ms of both halves, CPU per pair, and what went wrong.
    """
    asks, book = [template("/vapi", question) for question in questions], template("/vapi", BOOK)
    times: dict[str, list[float]] = {"check": [], "book": [], "pair": []}
    trouble: dict[str, int] = {"no_slots": 0, "not_confirmed": 0, "failed": 0}
    cpu, since = proc.cpu_s(pid), time.perf_counter()
    until = since + seconds

    async def caller(number: int) -> None:
        client = Client(port)
        await client.open()
        turn = 0
        while time.perf_counter() < until:
            call = first + number + callers * turn
            asked = asks[(number + callers * turn) % len(asks)]
            turn += 1
            try:
                await _pair(client, (asked, book), call, times, trouble)
            except (OSError, TimeoutError):
                trouble["failed"] += 1
        client.close()

    await asyncio.gather(*(caller(number) for number in range(callers)))
    took, done = time.perf_counter() - since, len(times["pair"])
    after = proc.cpu_s(pid)
    figures: dict[str, Any] = {"pairs": done, "per_s": done / took, **trouble}
    figures["cpu_us"] = (after - cpu) / done * 1e6 if after is not None and cpu is not None and done else None
    for half, taken in times.items():
        taken.sort()
        figures[half] = {"p50": percentile(taken, 0.5) * 1000, "p99": percentile(taken, 0.99) * 1000}
    return figures


async def _pair(
    client: Client, templates: tuple[Template, Template], call: int, times: dict[str, Any], trouble: dict[str, int]
) -> None:
    began = time.perf_counter()
    status, answer = await client.ask(templates[0].wire(call, TOOLS + 2 * call), WITHIN_S)
    heard = time.perf_counter()
    slot = SLOT.search(answer)
    if status != 200 or slot is None:
        trouble["no_slots"] += 1
        return
    status, answer = await client.ask(templates[1].wire_for(slot[1], call, TOOLS + 2 * call + 1), WITHIN_S)
    ended = time.perf_counter()
    if status != 200 or CONFIRMED not in answer:
        trouble["not_confirmed"] += 1
        return
    times["check"].append(heard - began)
    times["book"].append(ended - heard)
    times["pair"].append(ended - began)


async def race(*, port: int, questions: list[Question], callers: int, first: int) -> Any:
    """One round per question: everybody looks up, then all book at once, every other one a start that overlaps.

    Returns how many were confirmed in each round and the percentiles of those bookings, winners and losers, in ms.
    """
    book = template("/vapi", BOOK)
    clients = [Client(port) for _ in range(callers)]
    for client in clients:
        await client.open()
    winners: list[int] = []
    times: list[float] = []
    unanswered = 0
    for number, question in enumerate(questions):
        ask, base = template("/vapi", question), first + number * callers
        wires: list[bytes] = []
        for caller, client in enumerate(clients):
            _, answer = await client.ask(ask.wire(base + caller, TOOLS + 2 * (base + caller)), WITHIN_S)
            slots = SLOT.findall(answer)
            if len(slots) < 2:
                raise ValueError(f"a racer was offered {len(slots)} times: {answer[-300:]!r}")
            wires.append(book.wire_for(slots[caller % 2], base + caller, TOOLS + 2 * (base + caller) + 1))
        outcomes = await asyncio.gather(
            *(_timed(client, wire) for client, wire in zip(clients, wires, strict=True)), return_exceptions=True
        )
        answered = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
        unanswered += len(outcomes) - len(answered)
        winners.append(sum(confirmed for confirmed, _ in answered))
        times.extend(taken for _, taken in answered)
    for client in clients:
        client.close()
    times.sort()
    return {
        "winners": winners,
        "unanswered": unanswered,
        "p50": percentile(times, 0.5) * 1000,
        "p99": percentile(times, 0.99) * 1000,
        "worst": times[-1] * 1000 if times else 0.0,
    }


async def _timed(client: Client, wire: bytes) -> tuple[bool, float]:
    began = time.perf_counter()
    status, answer = await client.ask(wire, WITHIN_S)
    return status == 200 and CONFIRMED in answer, time.perf_counter() - began
