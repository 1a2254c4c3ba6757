"""What somebody looks for is found: a page whose address has a slash too many, and what to do about a limit."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.dashboard.looking import HTML, PAGES, dashboard, person, signed_in
from tests.flows.running import Readback


async def test_a_slash_too_many_leads_to_the_page_before_and_after_signing_in(acme_dashboard: Readback) -> None:
    async with person(acme_dashboard) as dana:
        for path in ("", "reviews", "dead-letters"):
            there = f"/dashboard/{path}".rstrip("/")
            stranger = await dana.client.get(f"{there}/", headers={"accept": "text/html"})
            assert (stranger.status_code, stranger.headers["location"]) == (303, f"/dashboard/sign-in?to={there}")
        assert (await dana.client.get("/dashboard/")).status_code == 401
        await dana.sign_in()
        for path in PAGES:
            there = f"/dashboard/{path}".rstrip("/")
            answer = await dana.client.get(f"{there}/", headers={"accept": "text/html", "host": "evil.example"})
            assert (answer.status_code, answer.headers["location"]) == (303, there)


async def test_a_button_s_address_typed_or_opened_anew_leads_to_its_page(acme_dashboard: Readback) -> None:
    async with signed_in(acme_dashboard) as dana:
        for path, there in (("show", ""), ("sign-out", ""), ("pages/resolve", "/pages"), ("audit/walk", "/audit")):
            answer = await dana.client.get(f"/dashboard/{path}", headers=HTML)
            assert (answer.status_code, answer.headers["location"]) == (303, f"/dashboard{there}")
        assert (await dana.look()).status_code == 200, "nothing was done by it"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"business": "nope"}, "There is no business nope."),
        ({"business": "<b>"}, "There is no business &lt;b&gt;."),
        ({"business": "acme", "line": "+15125559999"}, "This business has no such line."),
    ],
)
async def test_lines_of_nobody_are_said_to_be_so(acme_dashboard: Readback, asked: dict[str, str], told: str) -> None:
    async with signed_in(acme_dashboard) as dana:
        for pause_s in (0.1, 1.0, 5.0, 10.0):  # whoever looks first waits until lines are known
            shown = await dana.client.get("/dashboard/volume", params=asked, headers=HTML)
            if "being looked at" not in shown.text:
                break
            await asyncio.sleep(pause_s)
    assert told in shown.text


@pytest.mark.parametrize("read_out", ["K 7 M 4 Q X", "k7m-4qx", " K7M4QX "])
async def test_a_reference_is_found_as_customers_read_it_out(acme_dashboard: Readback, read_out: str) -> None:
    async with signed_in(acme_dashboard) as dana:
        found = await dana.client.get("/dashboard/bookings", params={"reference": read_out}, headers=HTML)
    assert (found.status_code, 'id="K7M4QX"' in found.text) == (200, True)


async def test_a_limit_that_lacks_something_says_what_to_do(sqlite_url: str, tmp_path: Path) -> None:
    async with dashboard(sqlite_url, tmp_path) as server, signed_in(server) as dana:
        shown = (await dana.look("limits")).text
    card = shown[shown.index('id="page_receivers"') :].partition("</li>")[0]
    assert "<p>Set READBACK_PAGE_URLS" in card


@pytest.mark.parametrize(("used", "told"), [(0.95, True), (0.5, False)])
async def test_a_disk_that_fills_says_what_to_do(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, used: float, told: bool
) -> None:
    def usage(_: Any) -> Any:
        return shutil._ntuple_diskusage(1e12, used * 1e12, (1 - used) * 1e12)  # type: ignore[attr-defined]

    monkeypatch.setattr("app.main.limit_use.shutil.disk_usage", usage)
    async with dashboard(sqlite_url, tmp_path) as server, signed_in(server) as dana:
        shown = (await dana.look("limits")).text
    card = shown[shown.index('id="disk"') :].partition("</li>")[0]
    assert ("Free some, or move the database to a larger disk." in card) == told
