"""What commands answer with `--json`: programs read it, so one kind of value has one form in all of it."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.audit.log import seal
from app.db.once import committing
from app.review.reviews import decided
from app.review.truth import learned
from tests.commanding import command
from tests.dashboard.filled import fill
from tests.flows.businesses import acme, written

LISTINGS = (
    ("pages", "list"), ("incident", "list", "--all"), ("tasks", "list"), ("reviews", "list", "--all"),
    ("reviews", "truths"), ("reviews", "show", "rev0"), ("dead-letters", "list"), ("flag", "list"), ("volume", "list"),
    ("figures", "list"), ("checklist",), ("bookings", "show", "K7M4QX"), ("calendars", "list"), ("canary", "list"),
)  # fmt: skip
MOMENT = re.compile(r"20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z")
KEPT_AS_GIVEN = {"data", "content", "proposed"}
"""What was handed in, and is shown as it was."""
LEAST_MOMENT = 1e9


@pytest.mark.parametrize("asked", LISTINGS, ids=" ".join)
def test_a_time_has_one_form_whichever_command_tells_it(
    sqlite_url: str, tmp_path: Path, asked: tuple[str, ...]
) -> None:
    now = time.time()
    fill(sqlite_url)
    with committing(sqlite_url, seal) as transaction:
        learned(transaction, decided(transaction, "rev0", False, by="Dana", now=now), by="Dana", now=now)
    businesses = str(written(tmp_path, acme()))

    told = command(sqlite_url, *asked, "--json", READBACK_BUSINESSES=businesses)

    assert told.returncode in (0, 1), told
    for name, value in _values(json.loads(told.stdout)):
        assert not isinstance(value, float | int) or value < LEAST_MOMENT, (name, value)
        if name.endswith("_at") or name in ("at", "since", "due", "start", "starts", "ends"):
            assert value is None or isinstance(value, float | int | bool) or MOMENT.fullmatch(value), (name, value)


def _values(told: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(told, dict):
        for inner, value in told.items():
            if inner not in KEPT_AS_GIVEN:
                yield from _values(value, inner)
    elif isinstance(told, list):
        for value in told:
            yield from _values(value, name)
    else:
        yield name, told
