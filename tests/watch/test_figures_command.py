"""`readback figures`: every figure beside the value at which it pages, and 1 while one is raised."""

import asyncio
import json
import time
from datetime import datetime

import pytest

from app.errors import ConfigurationError
from app.main.process import application
from app.settings import load
from tests.commanding import Told, command
from tests.fakes.databases import opened
from tests.processes import ROOT
from tests.watch.figured import House, JumpingClock, answered_badly, everything_counted_well

DEMO = ROOT / "infra" / "businesses" / "demo.toml"


def asked(url: str, *arguments: str, **variables: str) -> Told:
    return command(url, "figures", *arguments, READBACK_BUSINESSES=str(DEMO), **variables)


async def evaluated(url: str, *, badly: bool) -> None:
    """A process has counted for ten minutes until now."""
    clock = JumpingClock(time.time() - 630.0)
    async with opened(url) as database:
        house = House(database, clock)
        await house.look()
        house.clock.advance(570.0)
        if badly:
            answered_badly(60)
        everything_counted_well()
        await house.look()
        await house.look()


def test_figures_are_listed_and_shown_and_the_code_says_that_one_is_raised(sqlite_url: str) -> None:
    nobody = asked(sqlite_url, "list")
    assert nobody.returncode == 0
    assert "tool_p95 unknown: nobody evaluates figures now (raised above 2.5 s)\n" in nobody.stdout

    asyncio.run(evaluated(sqlite_url, badly=True))
    listed = asked(sqlite_url, "list")
    assert listed.returncode == 1
    assert "tool_errors of check_availability raised: 14.3% (420 samples, raised above 5.0%)\n" in listed.stdout
    [shown] = json.loads(asked(sqlite_url, "show", "tool_errors", "--json").stdout)
    assert (shown["of"], shown["state"], shown["samples"]) == ("check_availability", "raised", 420)
    assert abs(datetime.fromisoformat(shown["since"]).timestamp() - time.time()) < 300.0
    told = asked(sqlite_url, "show", "tool_errors")
    assert told.returncode == 1
    assert "Raised above 5.0%, over when at most 2.0%, each after 2 evaluations in a row; page figure." in told.stdout
    assert "Owner: whoever runs this installation." in told.stdout
    assert asked(sqlite_url, "show", "upstream_errors").returncode == 0
    everything = json.loads(asked(sqlite_url, "list", "--json").stdout)
    assert next(one for one in everything if one["name"] == "hangs")["state"] in ("fine", "unknown")


def test_thresholds_can_be_overridden_and_figures_switched_off(sqlite_url: str) -> None:
    own = asked(sqlite_url, "list", "--json", READBACK_FIGURES="tool_p95=9:8,hangs=off")

    found = {one["name"]: one for one in json.loads(own.stdout)}
    assert (found["tool_p95"]["raise_at"], found["tool_p95"]["clear_at"]) == (9.0, 8.0)
    assert "hangs" not in found


def test_a_figure_that_there_is_not_is_wrong_use(sqlite_url: str) -> None:
    told = asked(sqlite_url, "show", "tool_p96")

    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.startswith("There is no figure 'tool_p96'; there are tool_errors, tool_p50, ")


@pytest.mark.parametrize("value", ["tool_p96=1:1", "tool_p95=1:2"])
def test_a_wrong_threshold_stops_the_command_and_the_start(sqlite_url: str, value: str) -> None:
    told = asked(sqlite_url, "list", READBACK_FIGURES=value)

    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.startswith("READBACK_FIGURES ")
    assert told.stderr.count("\n") == 1
    settings = load({"READBACK_DATABASE_URL": sqlite_url, "READBACK_BUSINESSES": str(DEMO), "READBACK_FIGURES": value})
    with pytest.raises(ConfigurationError, match=r"^READBACK_FIGURES "):
        application(settings, JumpingClock())
