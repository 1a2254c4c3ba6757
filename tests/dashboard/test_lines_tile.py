"""The overview names silent and flooded lines alike, however many there are of each."""

import pytest

from app.dashboard.overview import BAD, of_lines, sentence
from app.watch.volume_overview import LineVolume


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
