"""A year of made-up traffic for many lines: how often chance is taken for an outage, and how soon an outage is seen.

The judge sees only counts, and learns from weeks that have outages and floods in them like the rest of the year. Each
volume is judged in a quiet year and in one with troubles, of the same calls. Run it by `python -m infra.trials.volume`:
two hundred lines take a quarter of an hour, and everything that was found goes to `var/volume.json`.
"""

import argparse
import math
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Final

from app.watch.baseline import HOUR_S, day_starts
from app.watch.judgement import LEAST_FLOOD, QUARTER_S, Seen, State, Watch, certain_in_s, judged
from infra.bench.generator import ROOT
from infra.bench.report import Goal, Table, goals_text, machine, number, write
from infra.trials.traffic import (
    BEGINS,
    CLOSES,
    IN_HOURS,
    OPENS,
    SATURDAY,
    SUNDAY,
    ZONE,
    Line,
    Trouble,
    beginnings,
    hours,
    local_day,
    made,
    opening_hours,
)

LEARN_DAYS: Final = 35
LOOKS_EVERY_S: Final = 60
FLOOD_STAYS_S: Final = 5 * QUARTER_S
"""So long after a flood a window still has some of it in it: what alarms then is no false alarm."""
LENGTHS_H: Final = ((0.0, 1.0), (1.0, 4.0), (4.0, 8.0), (8.0, math.inf))


@dataclass(frozen=True, slots=True)
class Volume:
    """Calls a day, averaged over the week, and how likely each is to be followed by another of its caller.

    `within_h`: opening hours within which half of all total outages are to be seen; None where there is no goal.
    """

    name: str
    a_day: float
    again: float = 0.0
    within_h: float | None = None
    most_false: float | None = None


WORKING: Final = (5 + SATURDAY + SUNDAY) / 7
VOLUMES: Final = (
    Volume("14 a day over the week", 14.0, within_h=4.0, most_false=1.0),
    Volume("14 a working day", 14.0 * WORKING, within_h=4.0, most_false=1.0),
    Volume("3 an hour of opening", 3.0 * (CLOSES - OPENS) / IN_HOURS * WORKING, within_h=2.5),
    Volume("14 a day, 1 in 4 again", 14.0, 0.25),
    Volume("14 a day, 2 in 5 again", 14.0, 0.4),
)


@dataclass(frozen=True, slots=True)
class Met:
    """One outage or flood of the year. `after`: opening hours until it was seen, of a flood minutes; None if missed.

    `lasted`: opening hours of an outage, all hours of a flood.
    """

    kind: str
    lasted: float
    after: float | None


@dataclass(slots=True)
class Found:
    """What the years of one volume came to. Waits are opening hours of a total outage that goes on until it is seen:
    of those that begin at any hour of the week, and of those that begin in opening hours.
    """

    line_years: float = 0.0
    false_silences: int = 0
    false_floods: int = 0
    waits: list[float] = field(default_factory=list)
    waits_open: list[float] = field(default_factory=list)
    least: list[float] = field(default_factory=list)
    least_open: list[float] = field(default_factory=list)
    """The same of one who knows the true rate and judges each gap by it, at one false alarm a line and year."""
    met: list[Met] = field(default_factory=list)


def year(seed: int, volume: Volume, lines: int, days: int = 365, outages: int = 20, *, troubled: bool = True) -> Found:
    """Many lines' year at this volume. `outages`: moments of each line's year at which a total one is supposed."""
    chance, bad, supposed = random.Random(seed), random.Random(seed + 1), random.Random(seed + 1_000_000)
    since, found = float(day_starts(ZONE, BEGINS + timedelta(days=LEARN_DAYS))), Found()
    enough = to_miss(volume)
    for _ in range(lines):
        line = made(chance, volume.a_day, days, volume.again, bad if troubled else None)
        over = [one for one in line.troubles if one.begins >= since]
        down = math.fsum(one.ends - one.begins for one in over if not one.is_flood)
        found.line_years += (days - LEARN_DAYS - down / 86_400) / 365
        _silences(line, since, over, found)
        _floods(line, since, over, found)
        for opened, waits, least in ((False, found.waits, found.least), (True, found.waits_open, found.least_open)):
            for begins in beginnings(supposed, LEARN_DAYS + 1, days, outages, opened=opened):
                if all(not one.begins <= begins < one.ends + FLOOD_STAYS_S for one in line.troubles):
                    waits.append(outage_seen(line, begins))
                    least.append(seen_at_best(line, begins, enough, 1.0 - volume.again))
    return found


def to_miss(volume: Volume) -> float:
    """Callers that must be missed before a silence is so rare that a year's gaps hold one: -ln(1 / gaps a year).

    No judge of gaps does with fewer at one false alarm a year; a day that is still from its morning may need fewer.
    """
    return math.log(volume.a_day * 365 * (1.0 - volume.again))


def seen_at_best(line: Line, begins: float, enough: float, causes: float) -> float:
    """Opening hours until so many callers are missed, counted from the last call at the line's true rate."""
    left = enough
    for at, until in hours(line.before(begins), begins + 60 * 86_400.0):
        more = causes * line.rate(at) * (until - at) / HOUR_S
        if more >= left:
            return opening_hours(begins, max(begins, at + (until - at) * left / more))
        left -= more
    return math.inf


def outage_seen(line: Line, begins: float) -> float:
    """Opening hours until a total outage that begins at a moment, and goes on, is seen."""
    last = line.before(begins)
    certain = _certain_at(line, last)
    return opening_hours(begins, max(begins, certain)) if certain < math.inf else math.inf


def _certain_at(line: Line, last: float) -> float:
    """The moment from which silence since the last call is taken for an outage."""
    profile = line.profile(local_day(last))
    wait = certain_in_s(profile, judged(profile, Seen(last), Watch(last), last), last)
    return math.inf if wait is None else last + wait


def _silences(line: Line, since: float, troubles: Sequence[Trouble], found: Found) -> None:
    """Each gap is judged at its last moment. One that an outage had part in is that outage's: no further allowance."""
    seen: dict[Trouble, float] = {}
    outages = [one for one in troubles if not one.is_flood]
    for before, after in zip(line.calls, line.calls[1:], strict=False):
        if before < since or after - before < HOUR_S:
            continue
        now = after - 1.0
        if judged(line.profile(local_day(before)), Seen(before), Watch(now), now).state is not State.SILENT:
            continue
        at = min(now, _certain_at(line, before))
        of = [one for one in outages if one.begins <= at and before < one.ends]
        found.false_silences += not of
        for one in of:
            if at < one.ends:
                seen.setdefault(one, opening_hours(one.begins, at))
    for one in outages:
        kind = "partial" if one.times else "total"
        found.met.append(Met(kind, opening_hours(one.begins, one.ends), seen.get(one)))


def _floods(line: Line, since: float, troubles: Sequence[Trouble], found: Found) -> None:
    """Each look after a call at which enough have come lately; a false alarm is an hour that is wrongly a flood."""
    seen: dict[Trouble, float] = {}
    floods, false = [one for one in troubles if one.is_flood], set()
    for first, last in zip(line.calls, line.calls[LEAST_FLOOD - 1 :], strict=False):
        if first < since or last - first > FLOOD_STAYS_S:
            continue
        now = (last // LOOKS_EVERY_S + 1) * LOOKS_EVERY_S
        of = [one for one in floods if one.begins <= now < one.ends + FLOOD_STAYS_S]
        if of and of[0] in seen:
            continue
        if judged(line.profile(local_day(now)), line.seen(now), Watch(now), now).state is State.FLOOD:
            seen |= {one: (now - one.begins) / 60 for one in of}
            false |= set() if of else {int(last) // HOUR_S}
    found.false_floods += len(false)
    for one in floods:
        minutes = seen.get(one)
        within = minutes is not None and minutes * 60 <= one.ends - one.begins
        found.met.append(Met("flood", (one.ends - one.begins) / HOUR_S, minutes if within else None))


# --- what is printed --------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Print tables and goals, and write everything as JSON; 0 whether or not a goal is reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=200, help="lines of each volume")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, default=ROOT / "var" / "volume.json", help="file for everything found")
    asked = parser.parse_args(arguments)
    found: list[tuple[Volume, Found, Found]] = []
    for volume in VOLUMES:
        sys.stderr.write(f"{asked.lines} lines, {volume.name}\n")
        quiet, troubled = (year(asked.seed, volume, asked.lines, troubled=troubled) for troubled in (False, True))
        found.append((volume, quiet, troubled))
    tables = [waits_table(found), _met_table(found, "outages"), _met_table(found, "floods")]
    for table in tables:
        print(table.text())
    print(goals_text([goal for table in tables for goal in table.goals]))
    write(asked.output, {**machine(), "lines": asked.lines, "seed": asked.seed}, tables, {})
    print(f"\neverything found: {asked.output}")
    return 0


def waits_table(found: Sequence[tuple[Volume, Found, Found]]) -> Table:
    """False alarms, and waits for a total outage that goes on."""
    table = Table(
        "silence",
        "false alarms a line-year, and opening hours until a total outage is seen",
        ("calls", "year", "false", "floods", "any", "9 in 10", "least", "open", "9 in 10", "least", "missed"),
    )
    for volume, quiet, troubled in found:
        for name, one in (("quiet", quiet), ("troubled", troubled)):
            false = [number(each / one.line_years) for each in (one.false_silences, one.false_floods)]
            waits = [_half_and_most(one.waits), [_half(one.least)], _half_and_most(one.waits_open)]
            shown = [number(each) for part in (*waits, [_half(one.least_open)]) for each in part]
            table.rows.append((volume.name, name, *false, *shown, number(to_miss(volume), 1)))
            table.figures[f"{volume.name}, {name}"] = asdict(one)
        table.goals += _goals(volume, troubled)
    table.notes = [
        "year: of the same calls, without and with outages and floods in it and in the weeks that are learned from. "
        "false, floods: silences and hours of flood by chance alone; what an outage had part in, or a flood in the "
        "hour and a quarter before, is not among them.",
        "any: outages that begin at any hour of the week; open: in opening hours. Medians, and what nine in ten are "
        "seen within.",
        "least: the median for one who knows the true rate and judges gaps between calls, at one false alarm a "
        "line-year: callers to be `missed` = -ln(1 / gaps a year). Whoever also asks whether a day is still since its "
        "morning may be sooner after a night, and at more false alarms anybody is.",
    ]
    return table


def _goals(volume: Volume, found: Found) -> Iterator[Goal]:
    if volume.most_false is not None:
        false = found.false_silences / found.line_years
        most = volume.most_false
        yield Goal(
            f"{volume.name}: false silence alarms a line-year", f"at most {most:g}", f"{false:.2f}", false <= most
        )
    if volume.within_h is None:
        return
    for where, waits, least in (
        ("at any hour of the week", found.waits, found.least),
        ("in opening hours", found.waits_open, found.least_open),
    ):
        got = _half(waits)
        yield Goal(
            f"{volume.name}: opening hours until an outage that begins {where} is seen, median",
            f"at most {volume.within_h:g}",
            f"{got:.2f} ({_half(least):.2f} for one who knows the true rate and judges gaps)",
            got <= volume.within_h,
        )


def _met_table(found: Sequence[tuple[Volume, Found, Found]], what: str) -> Table:
    """The outages, or the floods, of the troubled years, by how long they lasted."""
    of_floods = what == "floods"
    unit, span = ("minutes", "lasted") if of_floods else ("opening h", "opening hours it held")
    table = Table(
        what,
        f"{what} of the troubled years, while they lasted",
        ("calls", "kind", span, "all", "seen", "missed", f"{unit} to see", "9 in 10"),
    )
    for volume, _, troubled in found:
        for kind in ("flood",) if of_floods else ("total", "partial"):
            for least, most in LENGTHS_H:
                mine = [one for one in troubled.met if one.kind == kind and least <= one.lasted < most]
                after = [one.after for one in mine if one.after is not None]
                length = f"{least:g} to {most:g}" if most < math.inf else f"{least:g} and more"
                counts = (str(len(mine)), str(len(after)), str(len(mine) - len(after)))
                half, nearly = _half_and_most(after)
                table.rows.append((volume.name, kind, length, *counts, number(half), number(nearly)))
                table.figures[f"{volume.name}, {kind}, {length} h"] = sorted(after)
    table.notes = [
        "An outage is missed if it ended before its silence was certain; one that held no opening hour cost no caller. "
        "Partial: a tenth to a half of the calls still come, and each of them begins the silence anew."
        if not of_floods
        else "Five to twenty times the usual calls on top of those, from half an hour to a day; they begin in opening "
        "hours. Missed: none of the quarters and hours in it was beyond chance."
    ]
    return table


def _half(waits: Sequence[float]) -> float:
    return median(waits) if waits else math.nan


def _half_and_most(waits: Sequence[float]) -> list[float | None]:
    if not waits:
        return [None, None]
    return [median(waits), sorted(waits)[int(0.9 * len(waits))]]


if __name__ == "__main__":
    sys.exit(main())
