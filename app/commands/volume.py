"""`readback volume`: what each line gets, beside what it usually gets, and whether its silence would be noticed."""

import time
from argparse import Namespace
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.booking.business_file import load_businesses
from app.commands.answers import HOLDS, complain, say
from app.db.once import looking
from app.main.watching import watched
from app.settings import from_environment
from app.watch.volume_overview import HourOfDay, LineVolume, overview


def add(commands: Any) -> None:
    parser = commands.add_parser("volume", help="what each line gets, beside what it usually gets")
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    for name, run in (("list", _list), ("show", _show)):
        action = actions.add_parser(name, help=run.__doc__, description=run.__doc__)
        action.add_argument("--json", action="store_true", help="answer with one JSON document")
        if name == "show":
            action.add_argument("line", help="its number, or the id of a business for all of its lines")
        action.set_defaults(run=run)


def _list(asked: Namespace) -> int:
    """Every line in a sentence."""
    found, _ = _found()
    lines = [f"{one.business} {one.line or '(none named)'} {one.state}: {one.sentence}" for one in found]
    say(asked, [one.as_json() for one in found], "\n".join(lines) or "There is no line.")
    return HOLDS


def _show(asked: Namespace) -> int:
    """One line: its sentence, and today's hours beside the usual; 1 when there is no such line."""
    found, zones = _found()
    one = next((one for one in found if asked.line == one.line), None)
    one = one or next((one for one in found if one.business == asked.line and one.line == "*"), None)
    one = one or next((one for one in found if one.business == asked.line), None)
    if one is None:
        return complain(f"No business has the line {asked.line!r}.")
    hours = [line for channel, today in one.today.items() for line in _hours(channel, today, zones[one.business])]
    say(asked, one.as_json(), "\n".join([f"{one.line or one.business} {one.state}", one.sentence, *hours]))
    return HOLDS


def _found() -> tuple[list[LineVolume], dict[str, ZoneInfo]]:
    chosen = from_environment()
    businesses = watched(load_businesses(chosen.businesses, chosen.daily_call_caps))
    with looking(chosen.database_url) as connection:
        return overview(connection, businesses, time.time()), {one.business: one.zone for one in businesses}


def _hours(channel: str, today: Sequence[HourOfDay], zone: ZoneInfo) -> list[str]:
    rows = [one for one in today if one.count or one.high or not one.counted]
    return [f"{channel} {datetime.fromtimestamp(one.start, zone):%H:%M} {_beside_usual(one)}" for one in rows]


def _beside_usual(one: HourOfDay) -> str:
    """The count, and what it is held against; that is nothing while the line is learning."""
    count = f"{one.count or (0 if one.counted else '-'):>4}"
    usual = "" if one.expected is None else f" of {one.expected:.1f} (usually {one.low} to {one.high})"
    return f"{count}{usual}{'' if one.counted else ', not all counted' if one.count else ', not counted'}"
