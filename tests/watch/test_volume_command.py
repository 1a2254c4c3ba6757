"""`readback volume`: every line in a sentence, one line by the hour, and no line that nobody has."""

import json
import time
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from app.db.opening import open_engine
from app.db.schema import volume
from app.watch.baseline import HOUR_S, hours_of
from tests.commanding import Told, command
from tests.processes import ROOT

LINE = "+15125550100"
ZONE = ZoneInfo("America/Chicago")
DEMO = ROOT / "infra" / "businesses" / "demo.toml"


def asked(url: str, *arguments: str) -> Told:
    return command(url, "volume", *arguments, READBACK_BUSINESSES=str(DEMO))


def test_lines_are_listed_and_shown(sqlite_url: str) -> None:
    hour = int(time.time()) // HOUR_S * HOUR_S
    row = {"business": "acme", "line": LINE, "channel": "call", "hour": hour, "count": 3, "last_at": float(hour)}
    look = {"business": "", "line": "", "channel": "look", "hour": hour, "count": 1, "last_at": time.time()}
    quarters = {"quarter_1": 3, "quarter_2": 0, "quarter_3": 0, "quarter_4": 0}
    with open_engine(sqlite_url, writes=True).begin() as connection:
        connection.execute(insert(volume), [row | quarters, look | quarters])

    [line] = json.loads(asked(sqlite_url, "list", "--json").stdout)
    assert (line["business"], line["line"], line["state"], line["certain_in_s"]) == ("acme", LINE, "learning", None)
    assert sum(one["count"] for one in line["today"]["call"]) == 3
    assert {(one["low"], one["expected"], one["high"]) for one in line["today"]["call"]} == {(None, None, None)}
    assert asked(sqlite_url, "list").stdout.startswith(f"acme {LINE} learning: Learning what is usual: ")
    for name in (LINE, "acme"):
        shown = asked(sqlite_url, "show", name)
        assert (shown.returncode, "usually" in shown.stdout) == (0, False)
        assert f"{datetime.fromtimestamp(hour, ZONE):%H:%M}    3" in shown.stdout
    assert json.loads(asked(sqlite_url, "show", LINE, "--json").stdout) == line


def test_a_line_that_nobody_has_is_not_found(sqlite_url: str) -> None:
    told = asked(sqlite_url, "show", "+19995550000")

    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == "No business has the line '+19995550000'.\n"


def test_hours_in_which_nobody_counted_are_not_said_to_have_been_still(sqlite_url: str) -> None:
    now = time.time()
    day = hours_of(ZONE, datetime.fromtimestamp(now, ZONE).date())[0][0]
    first, gone = day - 40 * 24 * HOUR_S, day - 24 * HOUR_S
    quarters = {f"quarter_{number}": 1 for number in (1, 2, 3, 4)}
    call = {"business": "acme", "line": LINE, "channel": "call", "count": 4} | quarters
    look = {"business": "", "line": "", "channel": "look", "count": 4} | quarters
    rows = [one | {"hour": at, "last_at": at + 3_000.0} for at in range(first, gone, HOUR_S) for one in (call, look)]
    rows.append(look | {"hour": int(now) // HOUR_S * HOUR_S, "last_at": now})
    with open_engine(sqlite_url, writes=True).begin() as connection:
        connection.execute(insert(volume), rows)

    midnight = next(one for one in asked(sqlite_url, "show", LINE).stdout.splitlines() if one.startswith("call "))
    assert midnight.startswith("call 00:00    ")
    counted = datetime.fromtimestamp(now, ZONE).hour == 0
    assert midnight.endswith(")" if counted else "), not counted")
    [line] = json.loads(asked(sqlite_url, "list", "--json").stdout)
    assert line["today"]["call"][0]["counted"] is counted
