"""A hundred businesses in one installation: pages stay small, and nobody waits for what goes through all of them."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.audit.log import seal
from app.db.once import committing
from tests.dashboard.crowd import crowd, weeks
from tests.dashboard.looking import PAGES, signed_in
from tests.flows.businesses import written
from tests.flows.running import ADMIN_TOKEN, Readback, environment, serving

BUSINESSES, DAYS = 100, 20
MOST_BYTES, MOST_ELEMENTS = 150_000, 2_500
ELEMENT = re.compile(r"<[a-z]")


@pytest.fixture
async def crowded(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Readback]:
    """Some weeks of calls on every line, and of texts on a few."""
    with committing(sqlite_url, seal) as transaction:
        weeks(transaction.connection, BUSINESSES, DAYS, time.time())
    file = written(tmp_path, crowd(BUSINESSES))
    async with serving(environment(sqlite_url, file, READBACK_JOBS="off")) as server:
        yield server


async def every_line(server: Readback) -> list[dict[str, Any]]:
    """All pages of lines, as soon as they are known."""
    lines: list[dict[str, Any]] = []
    after = "0"
    async with asyncio.timeout(120):
        while after is not None:
            told = (await server.get(f"/api/volume?after={after}", ADMIN_TOKEN)).json()
            if not told["known"]:
                await asyncio.sleep(0.2)
                continue
            lines, after = [*lines, *told["lines"]], told["next"]
    return lines


async def test_pages_stay_small_and_nobody_waits_for_all_lines(crowded: Readback) -> None:
    first = (await crowded.get("/api/overview", ADMIN_TOKEN)).json()
    assert {tile["name"]: tile["value"] for tile in first["tiles"] if tile["state"] == "unknown"} == {
        "Calls and texts today": "–",
        "Lines": "–",
        "Background jobs": "–",
        "Service figures": "–",
    }

    lines = await every_line(crowded)

    assert sorted(line["business"] for line in lines) == sorted(f"b{number}" for number in range(BUSINESSES))
    assert {len(line["today"]) for line in lines} == {1, 2}
    assert all(any(hour["high"] for hour in line["today"]["call"]) for line in lines)
    [one] = (await crowded.get("/api/volume?business=b7", ADMIN_TOKEN)).json()["lines"]
    assert one["business"] == "b7"
    told = (await crowded.get("/api/overview", ADMIN_TOKEN)).json()
    assert [tile["value"] for tile in told["tiles"] if tile["name"] == "Lines"] != ["–"]
    limits: list[str] = []
    after = "0"
    while after is not None:
        part = (await crowded.get(f"/api/limits?after={after}", ADMIN_TOKEN)).json()
        limits, after = [*limits, *(row["name"] for row in part["limits"])], part["next"]
    assert len(limits) == len(set(limits)) > 2 * BUSINESSES
    async with signed_in(crowded) as dana:
        for path in (*PAGES, "volume?after=50", "volume?business=b7&line=%2B15125561007", "limits?after=100"):
            page = await dana.look(path)
            assert page.status_code == 200
            assert len(page.content) < MOST_BYTES - 50_000, path  # style and script come on top of it
            assert len(ELEMENT.findall(page.text)) < MOST_ELEMENTS, path
            assert ("data-day=" in page.text) == path.startswith("volume")
        assert (await dana.look("volume?after=x")).status_code == 409
