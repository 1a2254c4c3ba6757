"""What `/readyz` looks at: one check for each thing the process depends on."""

from typing import TYPE_CHECKING

from app.booking.crm_copies import CrmCopies
from app.db.engine import Database
from app.main.sources import Sources
from app.watch.loops import Loops
from app.web.ports import Check, State

if TYPE_CHECKING:
    from app.adapters.redis_connection import RedisConnection


def checks(
    database: Database, loops: Loops, sources: Sources, crm: CrmCopies | None, redis: "RedisConnection | None"
) -> list[Check]:
    """`crm` and `redis` are None where there is none; only the database's absence harms a caller."""

    async def written() -> State:
        if database.refuses:
            await database.prove(1.0)
        else:
            await database.write(lambda _: None, 1.0)
        return "ok" if database.is_there() else "down"

    async def going_round() -> State:
        return "degraded" if loops.late() else "ok"

    found = [Check("database", written, harms=True), Check("loops", going_round), *sources.checks()]
    if crm is not None:
        found.append(Check("crm", crm.state))
    if redis is not None:
        found.append(Check("redis", redis.state))
    return found
