"""`readback volume`: every line in a sentence, one line by the hour, and no line that nobody has."""

import json
import time

from sqlalchemy import insert

from app.db.opening import open_engine
from app.db.schema import volume
from app.watch.baseline import HOUR_S
from tests.commanding import Told, command
from tests.processes import ROOT

LINE = "+15125550100"
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
    assert asked(sqlite_url, "list").stdout.startswith(f"acme {LINE} learning: Learning what is usual: ")
    for name in (LINE, "acme"):
        shown = asked(sqlite_url, "show", name)
        assert (shown.returncode, "   3 of 0.0 (usually 0 to 0)" in shown.stdout) == (0, True)
    assert json.loads(asked(sqlite_url, "show", LINE, "--json").stdout) == line


def test_a_line_that_nobody_has_is_not_found(sqlite_url: str) -> None:
    told = asked(sqlite_url, "show", "+19995550000")

    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == "No business has the line '+19995550000'.\n"
