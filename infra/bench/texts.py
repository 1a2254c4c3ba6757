"""Texts that come in at a steady rate on SQLite, from the request to the answer that says "kept", against the floor."""

import asyncio
import random
import time
from collections import deque
from dataclasses import asdict
from itertools import count

from infra.bench.asking import Bench, check
from infra.bench.bodies import template
from infra.bench.figures import Figures, percentile
from infra.bench.report import Goal, Table, middle, number
from infra.bench.servers import business
from infra.bench.wire import Connection, connected
from tests.fakes.twilio_server import PUBLIC, TOKEN, signed_text

RATE = 50.0
MOST_ABOVE_MS = 20.0
LINE = "+15555550100"
CUSTOMERS = 400
WITHIN_S = 15.0

_numbers = count(1)


def texts(bench: Bench) -> Table:
    """Milliseconds of a webhook at 50 texts a second, with nobody working on them and with the server's own jobs."""
    given = {"READBACK_PUBLIC_URL": PUBLIC, "TWILIO_AUTH_TOKEN": TOKEN}
    found: dict[str, list[Figures]] = {"floor": [], "nobody answers": [], "beside": [], "same process": []}
    with bench.site() as stage:
        question = check({"date": "tomorrow"})
        bare = stage.floor('{"ok": true, "say": "kept"}')
        shared = {"database_url": stage.file(), **given}
        ports = {
            "floor": bare.port,
            "nobody answers": stage.product(business(1, "embedded"), READBACK_JOBS="off", **given).port,
            "beside": stage.product(business(1, "embedded"), READBACK_JOBS="off", **shared).port,
            "same process": stage.product(business(1, "embedded"), **given).port,
        }
        stage.worker(business(1, "embedded"), **shared)
        total = max(5, int(RATE * bench.plan.texts_s))
        for turn in range(bench.plan.rounds):
            bench.progress(f"texts: round {turn + 1} of {bench.plan.rounds}")
            for name, port in ports.items():
                wires = [template("/vapi", question).wire(n, n) if name == "floor" else _text() for n in range(total)]
                found[name].append(asyncio.run(_arrived(port, wires)))
    return _table(found)


def _text() -> bytes:
    """The request about a new text, signed."""
    place = next(_numbers)
    content, headers = signed_text(
        "Can I move my visit?", f"SM{place:032x}", f"+1512{5_550_000 + place % CUSTOMERS}", LINE
    )
    body = content.encode()
    told = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /twilio/sms HTTP/1.1\r\nhost: 127.0.0.1\r\n{told}content-length: {len(body)}\r\n\r\n".encode() + body


async def _arrived(port: int, wires: list[bytes]) -> Figures:
    """Each sent when its time has come, whatever became of those before."""
    times: list[float] = []
    figures = Figures(asked=len(wires))
    idle: deque[Connection] = deque()
    everything = asyncio.Event()

    def done(connection: Connection, status: int, _: bytes) -> None:
        times.append(time.perf_counter() - connection.sent_at)
        figures.wrong += status != 200
        idle.append(connection)
        if len(times) == len(wires):
            everything.set()

    idle.extend([await connected(port, done) for _ in range(4)])
    chance, due = random.Random(len(wires)), time.perf_counter()
    for wire in wires:
        due += chance.expovariate(RATE)
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        connection = idle.popleft() if idle else await connected(port, done)
        connection.sent_at = time.perf_counter()
        connection.send(wire)
    await asyncio.wait_for(everything.wait(), WITHIN_S)
    for connection in idle:
        connection.close()
    ordered = sorted(1_000 * seconds for seconds in times)
    figures.answers = len(times)
    figures.p50, figures.p99 = percentile(ordered, 0.5), percentile(ordered, 0.99)
    figures.worst = ordered[-1]
    return figures


def _table(found: dict[str, list[Figures]]) -> Table:
    table = Table(
        "texts", f"POST /twilio/sms at {RATE:g} a second, SQLite", ("server", "p50 ms", "p99 ms", "worst ms", "wrong")
    )
    p99 = {name: middle([figures.p99 for figures in rounds]) for name, rounds in found.items()}
    for name, rounds in found.items():
        cells = (middle([f.p50 for f in rounds]), p99[name], max(f.worst for f in rounds))
        table.rows.append((name, *(number(cell) for cell in cells), str(sum(f.wrong for f in rounds))))
    wrong = sum(figures.wrong for rounds in found.values() for figures in rounds)
    for name in ("beside", "same process"):
        above = p99[name] - p99["floor"]
        table.goals.append(
            Goal(
                f"a text is kept at {RATE:g} a second while texts are answered, {name}: p99 above the floor",
                f"under {MOST_ABOVE_MS:g} ms, none lost",
                f"{number(above)} ms, {wrong} lost",
                above < MOST_ABOVE_MS and not wrong,
            )
        )
    table.notes.append(
        "Median of the rounds. beside = `readback work`, and serve with READBACK_JOBS=off; same process = serve alone. "
        "Every text is answered meanwhile, and nothing is sent."
    )
    table.figures = {name: [asdict(figures) for figures in rounds] for name, rounds in found.items()}
    return table
