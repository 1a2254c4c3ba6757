"""A sign-in that fails says why, and keeps the page that was wanted and the name that was typed."""

import html
from pathlib import Path

import pytest

from app.dashboard.signing_in import ELSEWHERE, TRIES_BURST, WRONG
from tests.dashboard.filled import HOSTILE
from tests.dashboard.looking import dashboard, person
from tests.flows.running import ADMIN_TOKEN, Readback

WANTED = 'name="to" value="/dashboard/reviews"'


async def test_a_wrong_token_loses_neither_the_wanted_page_nor_the_name(acme_dashboard: Readback) -> None:
    async with person(acme_dashboard) as dana:
        failed = await dana.sign_in("not-the-admin-token", "Dana García", to="/dashboard/reviews")
        assert (failed.status_code, WRONG in failed.text) == (401, True)
        assert WANTED in failed.text
        assert 'value="Dana García"' in failed.text
        assert "not-the-admin-token" not in failed.text
        assert (await dana.sign_in(to="/dashboard/reviews")).headers["location"] == "/dashboard/reviews"


async def test_a_token_that_was_pasted_with_blanks_around_it_is_the_token(acme_dashboard: Readback) -> None:
    async with person(acme_dashboard) as dana:
        assert (await dana.sign_in(f" {ADMIN_TOKEN}\n")).status_code == 303


@pytest.mark.parametrize("to", ["https://evil.example", "//evil.example", '/dashboard"><script>', "/dashboard/a/b/c"])
async def test_what_was_typed_is_no_markup_and_leads_nowhere_else(acme_dashboard: Readback, to: str) -> None:
    async with person(acme_dashboard) as dana:
        failed = await dana.sign_in("wrong", HOSTILE, to=to)
    assert ("<script>" in failed.text, "evil.example" in failed.text) == (False, False)
    assert f'value="{html.escape(HOSTILE)}"'.replace("&quot;", "&#34;").replace("&#x27;", "&#39;") in failed.text
    assert 'name="to" value="/dashboard"' in failed.text


async def test_the_wanted_booking_outlives_the_sign_in(acme_dashboard: Readback) -> None:
    async with person(acme_dashboard) as dana:
        asked = await dana.look("bookings?reference=RB7K2M&show=recent")
        sign_in = asked.headers["location"]
        assert sign_in == "/dashboard/sign-in?to=/dashboard/bookings%3Freference%3DRB7K2M%26show%3Drecent"
        wanted = "/dashboard/bookings?reference=RB7K2M&show=recent"
        assert f'name="to" value="{html.escape(wanted)}"' in (await dana.client.get(sign_in)).text
        assert (await dana.sign_in(to=wanted)).headers["location"] == wanted


async def test_who_tried_too_often_goes_on_to_the_wanted_page_later(sqlite_url: str, tmp_path: Path) -> None:
    async with dashboard(sqlite_url, tmp_path) as server, person(server) as dana:
        for _ in range(TRIES_BURST + 1):
            shown = await dana.client.post("/dashboard/sign-in?to=/dashboard/reviews", data={"token": "wrong"})
        assert shown.status_code == 429
        assert WANTED in shown.text


async def test_a_form_of_the_public_address_is_ours_whatever_host_a_proxy_names(
    sqlite_url: str, tmp_path: Path
) -> None:
    public = {"READBACK_PUBLIC_URL": "https://voice.example"}
    async with dashboard(sqlite_url, tmp_path, **public) as server, person(server) as dana:
        given = {"token": ADMIN_TOKEN, "by": "Dana"}
        for origin, status in (("https://voice.example", 303), ("https://voice.example.evil", 401)):
            asked = await dana.client.post("/dashboard/sign-in", data=given, headers={"origin": origin})
            assert asked.status_code == status


@pytest.mark.parametrize("token", [ADMIN_TOKEN, "wrong"])
@pytest.mark.parametrize("header", [{"origin": "https://other.example"}, {"sec-fetch-site": "cross-site"}])
async def test_a_form_from_another_address_is_called_that_whatever_the_token(
    sqlite_url: str, tmp_path: Path, token: str, header: dict[str, str]
) -> None:
    async with dashboard(sqlite_url, tmp_path) as server, person(server) as dana:
        given = {"token": token, "by": "Dana", "to": "/dashboard/reviews"}
        failed = await dana.client.post("/dashboard/sign-in", data=given, headers=header)
        assert (failed.status_code, "set-cookie" in failed.headers) == (401, False)
        assert (ELSEWHERE in failed.text, WRONG in failed.text, WANTED in failed.text) == (True, False, True)
        assert "READBACK_PUBLIC_URL" in failed.text
