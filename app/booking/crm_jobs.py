"""The jobs that bring a booking to a CRM, and how long they wait. Jobs carry ids, and nothing of the customer."""

import random
from collections.abc import Mapping
from typing import Any, Final

from app.booking.crm_record import Key, Record
from app.jobs.outbox import Data, Job

COPY, READ_BACK = "crm_copy", "crm_read_back"
FIRST_PAUSE_S: Final = 5.0
LONGEST_PAUSE_S: Final = 3_600.0
SHORTEST_SPARE_S, LONGEST_SPARE_S = 5.0, 300.0
JITTER: Final = 0.25


def copy_job(key: Key, business: str, now: float, again: str = "") -> Job:
    """Have the CRM take this. `again` sets it apart from the job that was done already."""
    return Job(COPY, name(key) + again, now, data(key, business))


def read_back_job(record: Record, due: float) -> Job:
    """Look whether it is there; each time it is written, one job of its own."""
    key = f"{name(record.key)}:{record.since:.0f}:{record.rewrites}"
    return Job(READ_BACK, key, due, data(record.key, record.business))


def name(key: Key) -> str:
    """How jobs and letters call one copy."""
    return f"{key.booking}:{key.revision}:{key.event}"


def data(key: Key, business: str) -> Data:
    """What a job carries."""
    return {"booking": key.booking, "revision": key.revision, "event": key.event, "business": business}


def key_of(carried: Mapping[str, Any]) -> Key:
    """What a job is about, from what it carries."""
    return Key(str(carried["booking"]), int(carried["revision"]), str(carried["event"]))


def pause_s(attempts: int, wanted_s: float = 0.0) -> float:
    """Before the attempt after so many: growing, jittered, and never shorter than the CRM wants it."""
    growing = min(FIRST_PAUSE_S * 2.0 ** (max(attempts, 1) - 1), LONGEST_PAUSE_S)
    return max(jittered(growing), min(wanted_s, LONGEST_PAUSE_S))


def spared_s(age_s: float) -> float:
    """While a CRM is being spared: a quarter of the copy's age, so that those who wait long do not all ask at once."""
    return jittered(min(max(age_s / 4, SHORTEST_SPARE_S), LONGEST_SPARE_S))


def jittered(seconds: float) -> float:
    """A quarter more or less."""
    return seconds * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - jitter, not a secret
