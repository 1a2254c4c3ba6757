"""Two servers on one PostgreSQL database: whichever is asked again gives the answer that was given first."""

import asyncio
from collections.abc import Callable
from typing import Any

from app.db.serving import SURE_FOR_S
from tests.flows.running import Process


async def asked(server: Process, call: str) -> dict[str, Any]:
    (answer,) = await server.call(("t1", "check_availability", {"service": "inspection"}), call_id=call)
    return answer


async def test_a_newcomer_gives_what_was_given_before_it_came(start: Callable[..., Process], postgres_url: str) -> None:
    first = start(postgres_url)
    alone = await asked(first, "before")
    second = start(postgres_url)
    await first.call(("t0", "check_availability", {"date": "tomorrow"}), call_id="other")
    assert await asked(second, "before") == alone
    await asyncio.sleep(SURE_FOR_S)
    together = await asyncio.gather(*(asked(server, "beside") for server in (first, second) for _ in range(3)))
    assert together == [together[0]] * 6
    second.kill()
    assert await asked(first, "beside") == together[0]
