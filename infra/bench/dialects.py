"""What a lookup from memory costs by each platform's way of asking, against Vapi's way: one server, in alternation."""

import asyncio
import json
import time
from collections.abc import Callable
from itertools import count

from infra.bench import proc
from infra.bench.asking import OFFERED, Bench, WrongAnswersError, check, days
from infra.bench.bodies import RECORDED, SECRET, template
from infra.bench.figures import percentile
from infra.bench.report import Goal, Table, middle, number
from infra.bench.servers import Server, business
from infra.bench.wire import Client
from tests.contracts.speakers import SPEAKERS, Asked, Speaker, public

MOST_CPU, MOST_MCP_MS = 1.2, 3.0
WITHIN_S = 10.0
VAPI, MCP, LONG = "vapi", "mcp", "retell, long call"
SAID = ["I would like somebody to look at the ants in our kitchen.", "Of course. Which day suits you best?"]

Wire = Callable[[int], bytes]


def dialects(bench: Bench) -> Table:
    """CPU and milliseconds of one lookup by every way of asking."""
    named = dict.fromkeys(("RETELL_API_KEYS", "ELEVENLABS_SECRETS", "BLAND_SECRETS", "TOOLS_SECRETS"), SECRET)
    variables = {f"READBACK_{name}": value for name, value in named.items()}
    with bench.site() as stage:
        server = stage.product(business(1, "embedded"), READBACK_TELNYX_PUBLIC_KEYS=public(SECRET), **variables)
        ways = _ways()
        for wire in ways.values():
            asyncio.run(_asked(server, wire, 10))
        many = bench.plan.dialect_calls
        cpu: dict[str, list[float]] = {name: [] for name in ways}
        times: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(bench.plan.rounds):
            bench.progress(f"dialects: round {turn + 1} of {bench.plan.rounds}")
            for name, wire in ways.items():
                before = proc.cpu_s(server.pid)
                took = asyncio.run(_asked(server, wire, many))
                cpu[name].append(((proc.cpu_s(server.pid) or 0.0) - (before or 0.0)) / many * 1e6)
                times[name].append(percentile(took, 0.5) * 1000)
    return _table(many, cpu, times, {name: len(wire(1)) for name, wire in ways.items()})


def _ways() -> dict[str, Wire]:
    """By name, how request number n is written; Vapi's is the recorded message."""
    [day] = days()[:1]
    asked = {"service": "inspection", "date": f"{day:%Y-%m-%d}"}
    numbers = count(1)
    recorded = template("/vapi", check(asked))

    def vapi(_: int) -> bytes:
        at = next(numbers)
        return recorded.wire(at // 5, at)

    def by(speaker: Speaker, turns: int = 4) -> Wire:
        def written(_: int) -> bytes:
            at = next(numbers)
            wanted = Asked("check_availability", asked, f"call_{at // 5}", f"tool_{at}", SECRET, time.time())
            return _wire(speaker, wanted, turns)

        return written

    found = {VAPI: vapi} | {speaker.name: by(speaker) for speaker in SPEAKERS if speaker.name != VAPI}
    [retell] = [speaker for speaker in SPEAKERS if speaker.name == "retell"]
    return found | {LONG: by(retell, 40)}


def _wire(speaker: Speaker, asked: Asked, turns: int) -> bytes:
    """The request; Retell's with so many turns of the conversation in it, twice, as it sends them."""
    body = None
    if speaker.name == "retell":
        message = speaker.body(asked)
        heard = [{"role": "user", "content": text, "words": _words(text)} for text in SAID * (turns // 2)]
        message["call"]["transcript_object"] = heard
        message["call"]["transcript_with_tool_calls"][:0] = heard
        body = json.dumps(message).encode()
    request = speaker.request(asked, body)
    told = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items() if name != "content-length")
    content = request.read()
    return (
        f"{request.method} {request.url.raw_path.decode()} HTTP/1.1\r\n{told}content-length: {len(content)}\r\n\r\n"
    ).encode() + content


def _words(text: str) -> list[dict[str, object]]:
    """Every word with its times, as the platform sends them."""
    return [{"word": word, "start": at / 3, "end": at / 3 + 0.3} for at, word in enumerate(text.split())]


async def _asked(server: Server, wire: Wire, many: int) -> list[float]:
    """So many in a row on one connection; the seconds of each, in order. Raises WrongAnswersError."""
    wires = [wire(n) for n in range(many)]
    client, times = Client(server.port), []
    await client.open()
    for one in wires:
        since = time.perf_counter()
        status, answer = await client.ask(one, WITHIN_S)
        times.append(time.perf_counter() - since)
        if status != 200 or OFFERED.encode() not in answer:
            raise WrongAnswersError(f"{one[:80]!r} was answered {status}: {answer[-300:]!r}")
    client.close()
    return sorted(times)


def _table(many: int, cpu: dict[str, list[float]], times: dict[str, list[float]], sizes: dict[str, int]) -> Table:
    table = Table(
        "dialects",
        f"check_availability from memory by every way of asking, against Vapi's ({RECORDED.name})",
        ("way", "bytes", "x CPU", "CPU us", "p50 ms"),
    )
    against = {
        name: middle([mine / vapis for mine, vapis in zip(figures, cpu[VAPI], strict=True) if vapis] or [0.0])
        for name, figures in cpu.items()
    }
    for name, figures in cpu.items():
        row = (
            name,
            str(sizes[name]),
            number(against[name]),
            number(middle(figures), 0),
            number(middle(times[name]), 3),
        )
        table.rows.append(row)
    table.figures = {"cpu_us": cpu, "p50_ms": times, "against_vapi": against, "bytes": sizes}
    dearest = max(
        (name for name in against if name != LONG and not name.startswith(MCP)), key=lambda name: against[name]
    )
    slowest = max(middle(found) for name, found in times.items() if name.startswith(MCP))
    table.goals = [
        Goal("a call by any dialect, CPU against Vapi's", f"at most {MOST_CPU}", f"{against[dearest]:.2f} ({dearest})",
             against[dearest] <= MOST_CPU),
        Goal("a call by MCP, p50 in ms", f"at most {MOST_MCP_MS}", f"{slowest:.2f}", slowest <= MOST_MCP_MS),
    ]  # fmt: skip
    table.notes = [
        "x CPU = processor time of the server for one call over that of Vapi's in the same round, median of rounds. "
        f"{many} calls in a row on one connection; requests are written and signed beforehand.",
        "telnyx: a third of it is the check of an Ed25519 signature, by the fastest library that could be found.",
        f"{LONG}: not judged; Vapi's message grows with the call as well, and the recorded one is short.",
    ]
    return table
