"""The overview names silent and flooded lines alike, however many there are of each."""

import pytest

from app.dashboard.overview import BAD, GOOD, UNKNOWN, of_lines, sentence
from app.watch.volume_overview import HourOfDay, LineVolume

FAR = "Nothing is wrong; today's number of calls and texts, {}, is far from the usual 142 by now."


@pytest.mark.parametrize(
    ("states", "value", "word", "told"),
    [
        ("silent normal", "1", "silent", "1 silent line"),
        ("flood flood", "2", "flooded", "2 flooded lines"),
        ("silent flood normal", "2", "1 silent and 1 flooded", "1 silent line and 1 flooded line"),
        ("flood silent silent", "3", "2 silent and 1 flooded", "2 silent lines and 1 flooded line"),
    ],
)
def test_silences_and_floods_are_both_named(states: str, value: str, word: str, told: str) -> None:
    lines = [
        LineVolume("acme", f"+1512555{at:04}", state, "call", "", 0, None, None, {})
        for at, state in enumerate(states.split())
    ]
    tiles = of_lines(lines, 1_795_651_200)
    [tile] = [tile for tile in tiles if tile.name == "Lines"]
    assert (tile.value, tile.state, tile.word) == (value, BAD, word)
    assert sentence(tiles) == f"Not normal: {told}."


@pytest.mark.parametrize(
    ("state", "count", "expected"),
    [("silent", 0, BAD), ("flood", 93, BAD), ("silent", 18, GOOD), ("flood", 22, GOOD), ("normal", 30, GOOD)],
)
def test_what_came_today_is_not_good_where_a_line_is_odd_and_it_is_far_from_usual(
    state: str, count: int, expected: str
) -> None:
    now = 1_795_651_200
    hours = (HourOfDay(now - 3_600, count, 10, 20.0, 30),)
    tile = of_lines([LineVolume("acme", "+15125550100", state, "call", "", 0, None, None, {"call": hours})], now)[0]
    assert (tile.name, tile.value, tile.state) == ("Calls and texts today", str(count), expected)
    assert tile.word == "20 usual by now"


def test_what_came_today_is_called_bad_for_what_is_bad_about_it_beside_a_line_that_learns() -> None:
    now = 1_795_651_200
    hours = (HourOfDay(now - 3_600, 93, 10, 20.0, 30),)
    flooded = LineVolume("acme", "+15125550100", "flood", "call", "", 0, None, None, {"call": hours})
    learning = LineVolume("acme", "+15125550101", "learning", "call", "", 0, None, None, {})

    tile = of_lines([flooded, learning], now)[0]

    assert (tile.state, tile.word) == (BAD, "far from usual")


@pytest.mark.parametrize(
    ("count", "usual", "state", "said"),
    [
        (7, 142.0, UNKNOWN, FAR.format(7)),
        (300, 142.0, UNKNOWN, FAR.format(300)),
        (110, 142.0, GOOD, "Everything is normal."),
        (6, 0.5, GOOD, "Everything is normal."),
    ],
)
def test_a_count_far_from_the_usual_is_not_called_good_where_no_line_is_odd(
    count: int, usual: float, state: str, said: str
) -> None:
    now = 1_795_651_200
    hours = (HourOfDay(now - 3_600, count, 0, usual, 30),)
    lines = [LineVolume("acme", "+15125550100", "normal", "call", "", 0, None, None, {"call": hours})]
    tiles = of_lines(lines, now)
    assert (tiles[0].value, tiles[0].state) == (str(count), state)
    assert sentence(tiles) == said
