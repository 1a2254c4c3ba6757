"""What lasts and has a watch of its own is in the sentence whatever became of its page."""

import time
import uuid

import pytest
from sqlalchemy import insert

from app.audit.log import seal
from app.dashboard.lasting import Lasting, read
from app.dashboard.overview import BAD, GOOD, Tile, of_caps, of_lasting, of_reach, sentence, worst
from app.db.engine import Transaction
from app.db.once import committing, looking
from app.db.schema import synthetic_calls, upstream_shapes
from app.watch.pages import Page, acknowledged, listed, raised, resolved
from app.watch.unheard import unheard

HOUR_S, DAY_S = 3_600.0, 86_400.0
EVERY_S = 300.0


def found(url: str, now: float, every_s: float = EVERY_S) -> Lasting:
    with looking(url) as connection:
        return read(connection, now, every_s)


def test_a_limit_and_settings_last_while_their_watch_says_so_in_hand_or_not(database_url: str) -> None:
    now = time.time()

    def given(transaction: Transaction) -> None:
        for kind, key in (("limit_near", "disk"), ("limit_near", "google_requests"), ("settings_drift", "prod tool/x")):
            raised(transaction, Page(kind, key, f"{kind} {key}", ""), now=now)
        raised(transaction, Page("calendar_silent", "dana", "Calendar", ""), now=now)

    assert found(database_url, now) == Lasting()
    with committing(database_url, seal) as transaction:
        given(transaction)
        for page in listed(transaction.connection):
            acknowledged(transaction, page.id, by="Dana", now=now)
    assert found(database_url, now) == Lasting(limits=2, settings=1)
    with committing(database_url, seal) as transaction:
        resolved(transaction, "limit_near", "disk", now=now)
        resolved(transaction, "settings_drift", "prod tool/x", now=now)
    assert found(database_url, now) == Lasting(limits=1)


@pytest.mark.parametrize(
    ("calls", "every_s", "fail"),
    [
        ([], EVERY_S, False),
        ([(10, "calendar")], EVERY_S, False),
        ([(10, "calendar"), (310, "calendar")], EVERY_S, True),
        ([(10, "calendar"), (310, "")], EVERY_S, False),
        ([(10, ""), (310, "calendar"), (610, "calendar")], EVERY_S, False),
        ([(10, "booking"), (310, "calendar")], 0.0, False),
        ([(1_400, "calendar"), (1_700, "calendar")], EVERY_S, False),
    ],
)
def test_synthetic_calls_fail_from_the_second_on_and_as_long_as_somebody_makes_them(
    sqlite_url: str, calls: list[tuple[float, str]], every_s: float, fail: bool
) -> None:
    now = time.time()
    with committing(sqlite_url, seal) as transaction:
        for ago_s, failed in calls:
            row = {"id": uuid.uuid4().hex, "at": now - ago_s, "failed": failed, "seen": "", "seconds": 0.1}
            transaction.connection.execute(insert(synthetic_calls).values(row))

    assert found(sqlite_url, now, every_s).calls_fail is fail


@pytest.mark.parametrize(
    ("wrong_ago_s", "right_ago_s", "shapes"),
    [
        (60.0, None, 1),
        (60.0, 10.0, 1),
        (2 * HOUR_S, 3 * HOUR_S, 1),
        (2 * HOUR_S, 60.0, 0),
        (None, 60.0, 0),
        (2 * DAY_S, None, 0),
    ],
)
def test_a_shape_is_wrong_until_it_was_right_for_a_while_or_nobody_asks(
    database_url: str, wrong_ago_s: float | None, right_ago_s: float | None, shapes: int
) -> None:
    now = time.time()
    with committing(database_url, seal) as transaction:
        for version, problem, ago_s in (("a", "id is missing", wrong_ago_s), ("b", "", right_ago_s)):
            if ago_s is not None:
                at = {"first_seen": now - ago_s, "last_seen": now - ago_s}
                row = {"upstream": "google", "path": "event", "version": version, "problem": problem, **at}
                transaction.connection.execute(insert(upstream_shapes).values(row))
        other = {"upstream": "twilio", "path": "message", "version": "a", "problem": ""}
        seen = {"first_seen": now, "last_seen": now}
        transaction.connection.execute(insert(upstream_shapes).values(**other, **seen))

    assert found(database_url, now).shapes == shapes


@pytest.mark.parametrize(
    ("lasts", "said"),
    [
        (Lasting(), "Everything is normal."),
        (Lasting(limits=1), "Not normal: 1 limit near its end."),
        (Lasting(limits=2, calls_fail=True), "Not normal: synthetic calls that fail and 2 limits near their ends."),
        (Lasting(settings=1), "Not normal: 1 platform record that is not as it was applied."),
        (Lasting(settings=3, shapes=1), "Not normal: 3 platform records that are not as they were applied and 1 "
                                        "upstream answer in another shape."),
    ],
)  # fmt: skip
def test_the_sentence_says_what_lasts(lasts: Lasting, said: str) -> None:
    tiles = [Tile("Pages", "0", GOOD, "none", "pages"), *of_lasting(lasts)]

    assert sentence(tiles) == said
    assert worst(tiles) == (GOOD if lasts == Lasting() else BAD)


@pytest.mark.parametrize(
    ("used_up", "said"),
    [
        ([], "Everything is normal."),
        (["Acme"], "Not normal: the daily call cap of Acme, which is used up, so that callers are sent away."),
        (
            ["Acme", "Zenith"],
            "Not normal: the daily call caps of 2 businesses, which are used up, so that callers are sent away.",
        ),
    ],
)
def test_the_sentence_says_that_a_cap_is_used_up(used_up: list[str], said: str) -> None:
    assert sentence([Tile("Pages", "0", GOOD, "none", "pages"), *of_caps(used_up)]) == said


def test_where_pages_reach_nobody_nothing_is_normal() -> None:
    good = Tile("Pages", "0", GOOD, "none", "pages")

    assert sentence([good, *of_reach(unheard(["json://ops"], {}))]) == "Everything is normal."
    assert sentence([good, *of_reach(unheard([], {"acme": []}))]) == "Not normal: pages that reach nobody."
    some = of_reach(unheard([], {"acme": ["json://acme"]}))
    assert sentence([good, *some]) == "Not normal: pages about the whole installation that reach nobody."


@pytest.mark.parametrize(("number", "end"), [(5, "d and e"), (6, "d, e and 1 more thing"), (8, "e and 3 more things")])
def test_the_sentence_stays_short_whatever_is_wrong(number: int, end: str) -> None:
    tiles = [Tile(name, "1", BAD, "wrong", "", name) for name in "abcdefgh"[:number]]

    said = sentence(tiles)

    assert said.startswith("Not normal: a, b, c, d")
    assert said.endswith(f"{end}.")
