from sqlalchemy import func, select

from app.audit.log import seal
from app.db.engine import Database
from app.db.retention import BATCH, KEEP_ANSWERS_S, KEEP_CALLS_S, KEEP_LOST_S, KEEP_TEXTS_S, Retention
from app.db.schema import calls, model_asides, model_claims, synthetic_calls, text_outbox, texts_in, tool_calls
from app.inference import asides
from app.promises.texts import ACCEPTED, DELIVERED, ENDED_BADLY, OPEN, SENT
from app.sms.conversations import DONE, WAITING
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


async def test_texts_are_forgotten_once_nothing_can_become_of_them(database_url: str) -> None:
    clock = FakeClock()
    database = Database(database_url, seal)
    await database.start()
    old = clock.now() - KEEP_TEXTS_S - 1
    over = (ACCEPTED, SENT, DELIVERED, *ENDED_BADLY)
    came = [_came_in(state, old, state) for state in (DONE, WAITING)] + [_came_in("young", old + 60, DONE)]
    went = [_went_out(state, old, state) for state in (*over, *OPEN)] + [_went_out("young", old + 60, DELIVERED)]
    await database.write(lambda t: t.connection.execute(texts_in.insert(), came) and None)
    await database.write(lambda t: t.connection.execute(text_outbox.insert(), went) and None)

    assert await Retention(database, clock).forget() == 1 + len(over)
    kept = await database.read(
        lambda c: (
            set(c.execute(select(texts_in.c.id)).scalars()),
            set(c.execute(select(text_outbox.c.id)).scalars()),
        )
    )
    assert kept == ({WAITING, "young"}, {*OPEN, "young"})
    await database.stop()


async def test_what_may_still_be_asked_for_stays(database_url: str) -> None:
    clock, day_s = FakeClock(), 86_400
    database = Database(database_url, seal)
    await database.start()
    now = clock.now()
    answer = _answer("within the longest window of repeats", now - 7 * day_s)
    came, went = (make("a year ago", now - 366 * day_s, DELIVERED) for make in (_came_in, _went_out))
    await database.write(lambda t: t.connection.execute(tool_calls.insert(), [answer]) and None)
    await database.write(lambda t: t.connection.execute(texts_in.insert(), [came | {"state": DONE}]) and None)
    await database.write(lambda t: t.connection.execute(text_outbox.insert(), [went]) and None)

    assert await Retention(database, clock).forget() == 0
    await database.stop()


async def test_money_that_is_set_aside_stays_until_it_counts_as_spent_and_nobody_comes_for_it(
    database_url: str,
) -> None:
    clock = FakeClock()
    database = Database(database_url, seal)
    await database.start()
    old, young = clock.now() - KEEP_LOST_S - 1, clock.now() - 60
    rows = [
        {"id": f"{state} {at}", "business": "acme", "day": "2026-11-20", "micros": 1, "at": at, "state": state}
        for state in (asides.OPEN, asides.LOST)
        for at in (old, young)
    ]
    claims = [
        {"question": "over", "asker": "a", "until": young},
        {"question": "asked", "asker": "a", "until": clock.now() + 1},
    ]
    await database.write(lambda t: t.connection.execute(model_asides.insert(), rows) and None)
    await database.write(lambda t: t.connection.execute(model_claims.insert(), claims) and None)

    assert await Retention(database, clock).forget() == 2
    kept = await database.read(lambda c: c.execute(select(model_asides.c.id)).scalars().all())
    asked = await database.read(lambda c: c.execute(select(model_claims.c.question)).scalars().all())
    assert (set(kept), asked) == ({f"open {old}", f"open {young}", f"lost {young}"}, ["asked"])
    await database.stop()


def _came_in(identity: str, at: float, state: str) -> dict[str, object]:
    about = {"business": "acme", "conversation": "c", "body": "Hi", "media": 0, "form": "{}", "turn": ""}
    return {"id": identity, "state": state, "received_at": at, "changed_at": at, **about}


def _went_out(identity: str, at: float, state: str) -> dict[str, object]:
    about = {"business": "acme", "to_number": "+1", "from_number": "+1", "body": "Hi", "kind": "reply", "revision": 0}
    return {"id": identity, "booking": identity, "state": state, "created_at": at, **about}


def _answer(key: str, at: float) -> dict[str, object]:
    return {"key": key, "request": None, "owner": "", "business": "acme", "name": "t", "result": "{}", "started_at": at}


def _call(call_id: str, at: float) -> dict[str, object]:
    return {"platform": "vapi", "call_id": call_id, "business": "acme", "admitted": True, "first_seen": at}


def _synthetic(identity: str, at: float) -> dict[str, object]:
    return {"id": identity, "at": at, "failed": "", "seen": "", "seconds": 1.0}
