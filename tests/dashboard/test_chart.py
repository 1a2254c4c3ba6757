"""The columns that charts are drawn of: nothing is drawn where nothing is known."""

import orjson
import pytest

from app.clock import utc
from app.dashboard.chart import MOST_DRAWN, day, latency
from app.watch.judgement import LEAST_FLOOD

DAY = 1_795_651_200


USUAL = {"low": 2, "expected": 4.5, "high": 9, "counted": True}


@pytest.mark.parametrize("hours", [23, 24, 25])
def test_every_hour_of_a_day_has_its_place(hours: int) -> None:
    told = [{"start": utc(DAY + 3_600 * h), "count": h} | USUAL for h in range(hours)]

    drawn = orjson.loads(day(told, "America/Chicago", DAY + 3_600 * 11 + 60))

    assert drawn["zone"] == "America/Chicago"
    assert drawn["count"] == [*range(12), *[None] * (hours - 12)]
    assert drawn["outside"] == [True, True, *[False] * 8, True, True, *[False] * (hours - 12)]
    assert (drawn["low"], drawn["expected"], drawn["high"]) == ([2] * hours, [4.5] * hours, [9] * hours)


@pytest.mark.parametrize(
    ("count", "band", "goes_on", "outside"),
    [
        (10, (2, 9), True, True),  # a flood shows while it lasts
        (9, (2, 9), True, False),
        (0, (2, 9), True, False),  # it may still come
        (0, (2, 9), False, True),
        (2, (2, 9), False, False),
        (1, (0, 0), False, False),
        (LEAST_FLOOD, (0, 0), True, True),
        (LEAST_FLOOD, (0, 0), False, True),
    ],
)
def test_an_hour_outside_its_band_is_marked_as_soon_as_that_is_known(
    count: int, band: tuple[int, int], goes_on: bool, outside: bool
) -> None:
    hour = {"start": utc(DAY), "count": count, "low": band[0], "expected": 4.5, "high": band[1], "counted": True}
    drawn = orjson.loads(day([hour], "UTC", DAY + (1_800 if goes_on else 3_600)))
    assert drawn["outside"] == [outside]


def test_there_is_no_band_while_a_line_learns_and_nothing_strange_where_nobody_counted() -> None:
    learning = {"start": utc(DAY), "count": 30, "low": None, "expected": None, "high": None, "counted": True}
    gap = {"start": utc(DAY + 3_600), "count": 1} | USUAL | {"counted": False}

    drawn = orjson.loads(day([learning, gap], "UTC", DAY + 9_000))

    assert (drawn["low"], drawn["expected"], drawn["high"]) == ([None, 2], [None, 4.5], [None, 9])
    assert (drawn["counted"], drawn["outside"]) == ([True, False], [False, False])


def test_the_tools_used_most_are_drawn() -> None:
    told = [{"tool": f"tool_{n}", "within": [{"s": 0.1, "share": 0.5}, {"s": 1, "share": 1.0}]} for n in range(9)]

    drawn = orjson.loads(latency(told))

    assert drawn["within"] == [0.1, 1]
    assert drawn["tools"] == [f"tool {n}" for n in range(MOST_DRAWN)]
    assert drawn["shares"] == [[0.5, 1.0]] * MOST_DRAWN
    assert orjson.loads(latency([]))["within"] == []
