"""Those who may not come in stay outside, whatever they bring; and what is seen when the database is gone."""

import asyncio
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.dashboard.door import told
from app.dashboard.session import IDLE_S
from app.dashboard.signing_in import ALL_TRIES_BURST, TRIES_BURST
from app.errors import OverloadedError
from tests.dashboard.filled import TASK, fill
from tests.dashboard.looking import HTML, PAGES, dashboard, person, recorded, signed_in
from tests.flows.businesses import acme, written
from tests.flows.running import ADMIN_TOKEN, MovedClock, Readback, environment, serving
from tests.flows.test_bad_database import gone


async def test_nobody_comes_in_without_the_token(acme_dashboard: Readback) -> None:
    async with person(acme_dashboard) as stranger:
        for path in PAGES:
            page = await stranger.look(path)
            assert (page.status_code, page.headers["location"].split("?")[0]) == (303, "/dashboard/sign-in"), path
            for secret in ("", "wrong-token-of-16-or-more", ADMIN_TOKEN[:-1]):
                refused = await acme_dashboard.get(f"/api/{path or 'overview'}", secret)
                assert refused.status_code in (401, 429)
                assert set(refused.json()) == {"error"}
        for path in ("live", "bookings"):
            bare = await acme_dashboard.get(f"/dashboard/{path}")
            assert bare.status_code in (401, 429)
        posted = await stranger.client.post("/dashboard/flags/set", data={"name": "model_path", "percent": "0"})
        assert posted.status_code in (401, 429)
        assert "Acme" not in (await stranger.look("sign-in")).text


async def test_without_a_token_configured_nobody_comes_in_at_all(sqlite_url: str, tmp_path: Path) -> None:
    async with dashboard(sqlite_url, tmp_path, READBACK_ADMIN_TOKEN="") as server, person(server) as anybody:
        assert (await anybody.look("sign-in")).status_code == 401
        for token in ("", "None", "x" * 20):
            assert (await anybody.sign_in(token)).status_code == 401
            assert (await server.get("/api/overview", token)).status_code == 401
        assert not anybody.client.cookies


async def test_attempts_to_sign_in_are_limited_and_on_record(sqlite_url: str, tmp_path: Path) -> None:
    async with dashboard(sqlite_url, tmp_path) as server, person(server) as guesser:
        answers = [await guesser.sign_in(f"guess-number-{number:04}") for number in range(14)]
        codes = [answer.status_code for answer in answers]
        assert codes == [401] * 10 + [429] * 4
        assert int(answers[-1].headers["retry-after"]) > 0
        assert (await guesser.sign_in()).status_code == 429  # also for whoever guesses right in the end
        figures = await server.figures()
    assert figures['readback_sign_ins_total{outcome="refused"}'] >= 10
    refused = [row for row in recorded(sqlite_url, "requests_refused") if row.subject == "/dashboard/sign-in"]
    assert refused


async def test_whoever_tries_too_often_keeps_nobody_else_out(sqlite_url: str, tmp_path: Path) -> None:
    async with dashboard(sqlite_url, tmp_path) as server, person(server) as guesser, person(server) as dana:
        guesser.client.headers["x-forwarded-for"] = "192.0.2.7"
        await asyncio.gather(*(guesser.sign_in("guess") for _ in range(ALL_TRIES_BURST + TRIES_BURST)))
        assert (await guesser.sign_in("guess")).status_code == 429
        assert (await dana.sign_in()).status_code == 303


@pytest.mark.parametrize(
    "to", ["https://evil.example/", "//evil.example", "/dashboard/../vapi", "javascript:alert(1)", "/x"]
)
async def test_signing_in_leads_nowhere_else(acme_dashboard: Readback, to: str) -> None:
    async with person(acme_dashboard) as dana:
        assert (await dana.sign_in(to=to)).headers["location"] == "/dashboard"
        assert (await dana.sign_in(to="/dashboard/dead-letters")).headers["location"] == "/dashboard/dead-letters"


async def test_the_cookie_is_out_of_reach(sqlite_url: str, tmp_path: Path) -> None:
    async with dashboard(sqlite_url, tmp_path) as server, person(server) as dana:
        given = (await dana.sign_in()).headers["set-cookie"]
        for part in ("httponly", "samesite=strict", "path=/"):
            assert part in given.lower()
    safe = {"READBACK_PUBLIC_URL": "https://voice.example"}
    async with dashboard(sqlite_url, tmp_path, **safe) as server, person(server) as dana:
        given = (await dana.sign_in()).headers["set-cookie"]
        assert given.startswith("__Host-readback=")
        assert "secure" in given.lower()


async def test_a_stolen_cookie_dies_with_its_session(sqlite_url: str, tmp_path: Path) -> None:
    async with dashboard(sqlite_url, tmp_path) as server, signed_in(server) as dana:
        stolen = dana.client.cookies["readback"]
        async with person(server, cookies={"readback": stolen}) as thief:
            assert (await thief.look()).status_code == 200
            assert (await dana.press("sign-out", {})).status_code == 303
            assert (await thief.look()).headers["location"].startswith("/dashboard/sign-in")
            assert (await thief.client.get("/api/overview")).status_code == 401
    async with dashboard(sqlite_url, tmp_path) as again, person(again, cookies={"readback": stolen}) as thief:
        assert (await thief.look()).status_code == 303
    assert [row.kind for row in recorded(sqlite_url, "dashboard_signed_out")]


async def test_a_new_token_ends_every_session(sqlite_url: str, tmp_path: Path) -> None:
    async with dashboard(sqlite_url, tmp_path) as server, signed_in(server) as dana:
        cookie = dana.client.cookies["readback"]
    changed = {"READBACK_ADMIN_TOKEN": "another-token-of-16-or-more"}
    async with (
        dashboard(sqlite_url, tmp_path, **changed) as server,
        person(server, cookies={"readback": cookie}) as dana,
    ):
        assert (await dana.look()).status_code == 303


async def test_a_session_nobody_uses_is_over(sqlite_url: str, tmp_path: Path) -> None:
    clock = MovedClock(time.time())
    variables = environment(sqlite_url, written(tmp_path, acme()), READBACK_JOBS="off")
    async with serving(variables, clock) as server, signed_in(server) as dana:
        clock.advance(IDLE_S / 2)
        assert "set-cookie" in (await dana.look("flags")).headers
        clock.advance(IDLE_S * 0.75)
        assert (await dana.look("flags")).status_code == 200
        clock.advance(IDLE_S)
        assert (await dana.look("flags")).status_code == 303


async def test_whoever_presses_a_button_after_the_session_is_told_that_nothing_was_done(
    acme_dashboard: Readback,
) -> None:
    async with signed_in(acme_dashboard) as dana:
        dana.client.cookies.set("readback", "over")
        answer = await dana.client.post("/dashboard/tasks/done", data={"key": TASK}, headers=HTML)
        assert answer.headers["location"] == "/dashboard/sign-in?to=/dashboard/tasks&over=pressed"
        sign_in = await dana.client.get(answer.headers["location"])
    assert 'name="to" value="/dashboard/tasks"' in sign_in.text
    assert "was not done. Sign in, and press it again" in sign_in.text


FORGED = [
    ("another site", {"origin": "https://evil.example"}, None),
    ("a page without an origin", {"origin": "null"}, None),
    ("another site, as the browser says", {"sec-fetch-site": "cross-site"}, None),
    ("a neighbour", {"sec-fetch-site": "same-site"}, None),
    ("no token", {}, ""),
    ("a token of nobody", {}, "0" * 64),
]


@pytest.mark.parametrize(("who", "headers", "token"), FORGED, ids=[who for who, _, _ in FORGED])
async def test_a_form_of_somebody_else_changes_nothing(
    acme_dashboard: Readback, who: str, headers: dict[str, str], token: str | None
) -> None:
    async with signed_in(acme_dashboard) as dana:
        [page] = re.findall(r'name="which" value="([0-9a-f]{32})"', (await dana.look("pages")).text)[:1]
        fields = {"id": page} if token is None else {"id": page, "form_token": token}
        answer = await dana.press("pages/acknowledge", fields, **headers)
        assert answer.status_code == 403
        assert (
            await dana.press("flags/set", {"name": "model_path", "percent": "0", **fields}, **headers)
        ).status_code == 403
    assert recorded(acme_dashboard.database_url, "page_acknowledged") == []
    assert recorded(acme_dashboard.database_url, "flag_changed") == []


async def test_a_form_of_another_session_changes_nothing(acme_dashboard: Readback) -> None:
    async with signed_in(acme_dashboard) as dana, signed_in(acme_dashboard) as lee:
        token = re.search(r'form_token" value="([0-9a-f]{64})', (await lee.look("flags")).text)
        assert token is not None
        answer = await dana.press("flags/set", {"name": "model_path", "percent": "0", "form_token": token[1]})
    assert answer.status_code == 403


async def test_a_bearer_needs_no_form_and_signs_nothing_in(acme_dashboard: Readback) -> None:
    async with acme_dashboard.client(ADMIN_TOKEN) as program:
        answer = await program.post("/dashboard/flags/set", data={"name": "model_path", "percent": "5"})
        assert answer.status_code == 303
        assert "set-cookie" not in answer.headers
    [row] = recorded(acme_dashboard.database_url, "flag_changed")
    assert '"by":"admin token"' in row.data


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"x=" + b"a" * 40_000, 413),
        (b"&".join(b"a%d=1" % n for n in range(500)), 409),
        (b"\xff\xfe%00=%ff%00", 403),
    ],
)
async def test_a_monstrous_form_is_refused(acme_dashboard: Readback, body: bytes, status: int) -> None:
    async with signed_in(acme_dashboard) as dana:
        kind = {"content-type": "application/x-www-form-urlencoded"}
        answer = await dana.client.post("/dashboard/flags/set", content=body, headers=kind)
    assert answer.status_code == status


async def test_the_database_goes_while_somebody_looks(postgres_url: str, tmp_path: Path) -> None:
    fill(postgres_url)
    async with dashboard(postgres_url, tmp_path) as server, signed_in(server) as dana:
        assert (await dana.look("dead-letters")).status_code == 200
        with gone(postgres_url):
            for path in ("dead-letters", "bookings", ""):
                page = await dana.look(path)
                assert page.status_code == 503
                assert "The database does not answer" in page.text
                assert '<a href="/status">' in page.text
            told = await server.get("/api/overview", ADMIN_TOKEN)
            assert (told.status_code, told.json()["state"]) == (200, "unknown")
            assert (await server.get("/api/bookings", ADMIN_TOKEN)).status_code == 503
            press = {"form_token": "0" * 64, "id": "x"}
            answer = await dana.client.post("/dashboard/dead-letters/replay", data=press, headers=HTML)
            assert answer.status_code == 503
            assert "look again before you press it once more" in answer.text
            assert (await server.get("/status")).status_code == 200
        until = time.monotonic() + 60
        while (await dana.look("dead-letters")).status_code != 200:
            assert time.monotonic() < until
            await asyncio.sleep(0.1)
    assert recorded(postgres_url, "dead_letter_replayed") == []


@contextmanager
def moved_away(url: str) -> Iterator[None]:
    """The file of a database is elsewhere, while whoever has it open can go on with it."""
    file = Path(url.removeprefix("sqlite:///"))
    away = file.rename(file.with_suffix(".away"))
    try:
        yield
    finally:
        away.rename(file)


async def test_a_file_that_was_moved_away_is_no_database(sqlite_url: str, tmp_path: Path) -> None:
    fill(sqlite_url)
    async with dashboard(sqlite_url, tmp_path) as server, signed_in(server) as dana:
        with moved_away(sqlite_url):
            assert [(await dana.look(path)).status_code for path in ("", "volume", "flags")] == [503] * 3
            assert (await server.get("/api/overview", ADMIN_TOKEN)).json()["state"] == "unknown"
            assert (await server.get("/api/bookings", ADMIN_TOKEN)).status_code == 503
            async with server.client(ADMIN_TOKEN) as program:
                pressed = await program.post("/dashboard/flags/set", data={"name": "model_path", "percent": "5"})
            assert (pressed.status_code, (await dana.sign_in()).status_code) == (503, 503)
        assert (await dana.look()).status_code == 200
    assert recorded(sqlite_url, "flag_changed") == []


def test_a_full_queue_is_not_taken_for_an_unknown_write() -> None:

    assert told(OverloadedError("full"))[1].endswith("try again in a moment.")
    assert told(RuntimeError("anything")) == (500, "Something is wrong on our side.")
