"""A line's day as a picture: what came in each hour before the band in which nineteen such hours in twenty lie.

SVG without any style of its own; the same figures stand in the table below it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from markupsafe import Markup

WIDTH: Final = 480
HEIGHT: Final = 150
LEFT: Final = 24
BOTTOM: Final = 20
TOP: Final = 12
MOST_MARKS: Final = 4
"""Lines across, the one at nothing not counted."""


def bars(hours: Sequence[Mapping[str, Any]], zone: str, now: float, title: str) -> Markup:
    """The picture of one day; `hours` as `volume_overview` has them, in order."""
    step = mark_every(max((max(one["count"], one["high"] or 0) for one in hours), default=0))
    highest = step * MOST_MARKS
    wide = (WIDTH - LEFT) / max(1, len(hours))

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / highest)

    parts = [_mark(mark, y(mark)) for mark in range(0, highest + 1, step)]
    for number, one in enumerate(hours):
        parts.append(_hour(one, LEFT + number * wide, wide, y, now))
        then = datetime.fromtimestamp(one["start"], ZoneInfo(zone))
        if then.hour % 6 == 0 and then.minute == 0:
            parts.append(
                Markup('<text class="hour" x="{:.1f}" y="{}">{}</text>').format(
                    LEFT + number * wide, HEIGHT - 5, then.strftime("%H:%M")
                )
            )
    return Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, HEIGHT, title, Markup("").join(parts)
    )


def _mark(value: int, y: float) -> Markup:
    return Markup(
        '<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/><text class="tick" x="{}" y="{:.1f}">{}</text>'
    ).format(LEFT, WIDTH, y, y, LEFT - 5, y + 3, value)


def mark_every(highest: float) -> int:
    """How far apart the lines across are: 1, 2 or 5 of a power of ten, so that `MOST_MARKS` of them are enough."""
    power = 1
    while True:
        for step in (1, 2, 5):
            if step * power * MOST_MARKS >= highest:
                return step * power
        power *= 10


def _hour(one: Mapping[str, Any], x: float, wide: float, y: Any, now: float) -> Markup:
    parts = []
    if not one["counted"]:
        whole = Markup('<rect class="uncounted" x="{:.1f}" y="{}" width="{:.1f}" height="{}"/>')
        parts.append(whole.format(x, TOP, wide, HEIGHT - TOP - BOTTOM))
    if one["high"]:
        top, bottom = y(one["high"]), y(one["low"])
        parts.append(
            Markup('<rect class="band" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
                x, top, wide, max(1.5, bottom - top)
            )
        )
        usual = y(one["expected"])
        parts.append(
            Markup('<line class="usual" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>').format(
                x, x + wide, usual, usual
            )
        )
    if one["count"]:
        top = y(one["count"])
        outside = one["high"] and not one["low"] <= one["count"] <= one["high"] and one["start"] + 3_600 <= now
        outside = outside and one["counted"]
        parts.append(
            Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="1.5"/>').format(
                "count outside" if outside else "count", x + wide * 0.22, top, wide * 0.56, y(0) - top
            )
        )
    return Markup("").join(parts)
