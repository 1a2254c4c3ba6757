"""Volume against the real server: a call is counted once on its line, ours is not, and somebody looks."""

from collections.abc import Callable

from app.booking.store import SYNTHETIC_CALLER
from tests.fakes.databases import executed, soon
from tests.flows.businesses import ACME_LINE, EMBEDDED, acme
from tests.flows.running import Process
from tests.flows.speaking import message, new_call, new_id

LOOK = ("check_availability", {"service": "inspection", "date": "tomorrow"})


async def test_calls_are_counted_on_their_line_and_the_line_is_looked_at(
    start: Callable[..., Process], sqlite_url: str
) -> None:
    server = start(sqlite_url, acme(EMBEDDED))
    first, second = new_call(), new_call()
    for call_id in (first, second, first):
        await server.vapi(message("assistant-request", call_id=call_id))
        await server.call((new_id(), *LOOK), call_id=call_id)
    await server.call((new_id(), *LOOK), call_id=new_call(), caller=SYNTHETIC_CALLER)

    def rows(channel: str) -> list[tuple[object, ...]]:
        asked = f"select business, line, channel, count from volume where channel = '{channel}'"  # noqa: S608 - ours
        return executed(sqlite_url, asked)

    await soon(lambda: rows("call") == [("acme", ACME_LINE, "call", 2)] and len(rows("look")) == 1)
    figures = await server.figures()
    assert [value for name, value in figures.items() if name.startswith("readback_volume_state{")] == [4.0], "learning"
    assert not any(ACME_LINE in name for name in figures)
