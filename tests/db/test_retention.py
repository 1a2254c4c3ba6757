from sqlalchemy import func, select

from app.audit.log import seal
from app.db.engine import Database
from app.db.retention import BATCH, KEEP_ANSWERS_S, KEEP_CALLS_S, Retention
from app.db.schema import calls, synthetic_calls, tool_calls
from tests.fakes.clock import FakeClock


async def test_what_no_retry_can_ask_for_is_forgotten_and_the_rest_stays(database_url: str) -> None:
    clock = FakeClock()
    database = Database(database_url, seal)
    await database.start()
    now = clock.now()
    old, young = now - KEEP_ANSWERS_S - 1, now - KEEP_ANSWERS_S + 60
    answers = [_answer(f"old-{i}", old) for i in range(BATCH + 5)] + [_answer("young", young)]
    arrivals = [_call("old", now - KEEP_CALLS_S - 1), _call("young", now - KEEP_CALLS_S + 60)]
    await database.write(lambda t: t.connection.execute(tool_calls.insert(), answers) and None)
    await database.write(lambda t: t.connection.execute(calls.insert(), arrivals) and None)
    own = [_synthetic("old", now - KEEP_CALLS_S - 1), _synthetic("young", now - KEEP_CALLS_S + 60)]
    await database.write(lambda t: t.connection.execute(synthetic_calls.insert(), own) and None)

    assert await Retention(database, clock).forget() == BATCH + 7
    assert await Retention(database, clock).forget() == 0
    kept = await database.read(
        lambda c: (
            c.execute(select(tool_calls.c.key)).scalars().all(),
            c.execute(select(calls.c.call_id)).scalars().all(),
            c.execute(select(synthetic_calls.c.id)).scalars().all(),
            c.execute(select(func.count()).select_from(tool_calls)).scalar(),
        )
    )
    assert kept == (["young"], ["young"], ["young"], 1)
    await database.stop()


def _answer(key: str, at: float) -> dict[str, object]:
    return {"key": key, "request": None, "owner": "", "business": "acme", "name": "t", "result": "{}", "started_at": at}


def _call(call_id: str, at: float) -> dict[str, object]:
    return {"platform": "vapi", "call_id": call_id, "business": "acme", "admitted": True, "first_seen": at}


def _synthetic(identity: str, at: float) -> dict[str, object]:
    return {"id": identity, "at": at, "failed": "", "seen": "", "seconds": 1.0}
