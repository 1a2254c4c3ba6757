"""Quantiles out of buckets, and the sentence over it all."""

import math
from zoneinfo import ZoneInfo

import pytest

from app import metrics
from app.dashboard.latency import counted, quantile, rows
from app.dashboard.overview import (
    BAD,
    GOOD,
    NOT_YET,
    UNKNOWN,
    WAITS,
    Tile,
    of_dependencies,
    of_jobs,
    of_lines,
    of_writes,
    sentence,
    worst,
)
from app.dashboard.rendering import ago, plain, seconds, span, when
from app.watch.volume_lines import WHOLE
from app.watch.volume_overview import LineVolume

DAY = 1_795_651_200
QUIET = "only a synthetic call can tell"
NOT_KNOWN_YET = f"Nothing is wrong; {NOT_YET}"


@pytest.mark.parametrize(
    ("bounds", "share", "value"),
    [
        ({}, 0.5, None),
        ({0.1: 0, math.inf: 0}, 0.5, None),
        ({0.1: 10, 0.2: 10, math.inf: 10}, 0.5, 0.05),
        ({0.1: 5, 0.2: 10, math.inf: 10}, 0.5, 0.1),
        ({0.1: 0, 0.2: 10, math.inf: 10}, 0.5, 0.15),
        ({0.1: 1, 0.2: 1, 0.4: 2, math.inf: 2}, 0.99, 0.396),
        ({0.1: 1, math.inf: 100}, 0.95, None),
    ],
)
def test_a_quantile_lies_straight_between_two_bounds(bounds: dict[float, float], share: float, value: float) -> None:
    assert quantile(bounds, share) == (value if value is None else pytest.approx(value))


def test_tools_are_told_with_the_most_used_first() -> None:
    metrics.observe_tool("check_availability", "ok", 0.02)
    metrics.observe_tool("check_availability", "slot_taken", 0.03)

    told = rows({"a": {0.1: 1, math.inf: 1}, "b": {0.1: 3, math.inf: 3}})
    assert [(row["tool"], row["calls"]) for row in told] == [("b", 3), ("a", 1)]
    assert rows({"a": {0.1: 1, 2.5: 3, math.inf: 4}})[0]["within"] == [
        {"s": 0.1, "share": 0.25},
        {"s": 2.5, "share": 0.75},
    ]
    [ours] = [row for row in rows(counted(metrics.render()[0].decode())) if row["tool"] == "check_availability"]
    assert ours["calls"] >= 2


def test_what_is_not_well_is_shown_where_its_tile_leads() -> None:
    [tile] = of_dependencies({"database": "ok", "google": "down"})
    assert tile.path == "figures#dependencies"
    [tile] = of_dependencies({"database": "ok", "loops": "degraded", "crm": "degraded"})
    assert tile.about == "work in the background that stands still and crm degraded"


def test_the_sentence_names_what_is_wrong_before_what_waits() -> None:
    good, waits = Tile("a", "0", GOOD, "none", ""), Tile("b", "2", WAITS, "due", "", "2 callbacks due")
    bad = [Tile("c", "1", BAD, "late", "", about) for about in ("1 late callback", "1 silent line", "3 pages")]

    assert (sentence([good]), worst([good])) == ("Everything is normal.", GOOD)
    unknown = Tile("Lines", "1", UNKNOWN, "not known yet", "volume", NOT_YET)
    assert sentence([good, unknown]) == f"{NOT_KNOWN_YET}."
    assert sentence([unknown, waits]) == "Nothing is wrong, and waiting for a person: 2 callbacks due."
    assert sentence([good, waits]) == "Normal, and waiting for a person: 2 callbacks due."
    held = Tile("Pages", "1", WAITS, "in hand", "pages", "1 page in hand")
    assert sentence([good, held, waits]) == "Not normal, and in hand: 1 page in hand and 2 callbacks due."
    assert sentence([good, *of_dependencies({"database": "ok", "google": "ok"})]) == "Everything is normal."
    ill = of_dependencies({"database": "down", "google": "down", "texting": "degraded"})
    assert sentence([good, *ill, held]) == "Not normal: google down and texting degraded."
    assert sentence([*bad, waits]) == "Not normal: 1 late callback, 1 silent line and 3 pages."
    assert worst([waits, bad[0], good]) == BAD
    assert (worst([unknown, waits]), worst([good, unknown])) == (WAITS, UNKNOWN)


@pytest.mark.parametrize(
    ("works", "state", "told"),
    [
        (True, GOOD, "Everything is normal."),
        (False, BAD, "Not normal: background jobs that nobody works on."),
        (None, UNKNOWN, "Nothing is wrong; whether background jobs are done is not known yet."),
    ],
)
def test_of_jobs_nothing_is_said_before_it_is_known(works: bool | None, state: str, told: str) -> None:
    tiles = [of_jobs(works)]
    assert (worst(tiles), sentence(tiles)) == (state, told)
    unknown = Tile("Lines", "1", UNKNOWN, "not known yet", "volume", NOT_YET)
    if works is None:
        assert sentence([unknown, unknown, *tiles]) == f"{NOT_KNOWN_YET} and {told[18:]}"


@pytest.mark.parametrize(
    ("states", "state", "told"),
    [
        ("normal normal", GOOD, "Everything is normal."),
        ("normal unknown", UNKNOWN, f"{NOT_KNOWN_YET} on 1 of 2 lines."),
        ("normal learning too_quiet", UNKNOWN, f"{NOT_KNOWN_YET} on 1 of 3 lines."),
        ("normal too_quiet", GOOD, f"Everything is normal; {QUIET} of 1 of 2 lines, where too few calls come."),
        ("too_quiet", GOOD, f"Everything is normal; {QUIET} of the line, where too few calls come."),
        ("normal normal *unknown", UNKNOWN, f"{NOT_KNOWN_YET}."),
        ("unknown *unknown", UNKNOWN, f"{NOT_KNOWN_YET}."),
        ("", UNKNOWN, f"{NOT_KNOWN_YET}."),
        ("normal unknown silent", BAD, "Not normal: 1 silent line."),
    ],
)
def test_all_is_normal_only_where_every_line_is_known_to_be(states: str, state: str, told: str) -> None:
    """A star stands before the state of all lines together."""
    lines = [
        LineVolume(
            "acme", WHOLE if one[0] == WHOLE else f"+1512555{at:04}", one.strip(WHOLE), "call", "", 0, None, None, {}
        )
        for at, one in enumerate(states.split())
    ]

    tiles = of_lines(lines, DAY)

    assert (worst(tiles), sentence(tiles)) == (state, told)


def test_times_are_told_in_words() -> None:
    assert [span(s) for s in (5, 300, 9_000, 400_000)] == ["5 s", "5 min", "2 h", "5 days"]
    assert (ago(100, 400), ago("1970-01-01T00:10:00Z", 0), ago(None, 5)) == ("5 min ago", "in 10 min", "never")
    assert when("2026-11-26 15:04:00Z") == '<time datetime="2026-11-26T15:04:00+00:00">26 Nov 15:04 UTC</time>'
    there = when("2026-11-26 15:04:00Z", ZoneInfo("America/Chicago"))
    assert there == '<time datetime="2026-11-26T09:04:00-06:00">26 Nov 09:04 CST</time>'
    assert (seconds(0.0123), seconds(2.25), seconds(None)) == ("12 ms", "2.2 s", "–")
    assert plain({"a<": ["<b>", True], "c": None}) == "a&lt;: &lt;b&gt;<br>yes<br>c: –"
    assert "27 Nov 15:05 UTC</time>" in plain({"due": 1_795_791_908.78})
    assert plain({"times": 1_795_791_908, "share": 0.25}) == "times: 1795791908<br>share: 0.25"


def test_a_database_that_can_only_be_read_is_not_taken_for_one_that_is_well() -> None:
    fine = [Tile("Callbacks", "1", WAITS, "due", "tasks", "1 callback due")]
    assert worst([*fine, *of_writes(False)]) == WAITS
    assert worst([*fine, *of_writes(True)]) == BAD
    said = sentence([*fine, *of_writes(True)])
    assert said == "Not normal: a database that takes no writes, so that callers hear that something is wrong."
