"""A browser that signed in before is kept out by nobody, and its mark opens nothing."""

import asyncio
import json
import time
from pathlib import Path

import pytest

from app.dashboard.browsers import KNOWN_FOR_S, PASS_LASTS_S, PASSES, Browsers
from app.dashboard.signing_in import ALL_TRIES_BURST, OPENED, TRIES_BURST
from app.db.secrets import INSTALLATION, shared_secret
from tests.commanding import command
from tests.dashboard.looking import Person, dashboard, person, recorded

NOW = 1_795_000_000.0
OURS = Browsers(b"installation")


async def keep_everybody_out(somebody: Person) -> None:
    for _ in range(TRIES_BURST):
        await somebody.sign_in("guess")
    assert (await somebody.sign_in()).status_code == 429


def test_a_mark_is_of_one_browser_for_its_time() -> None:
    mark = OURS.marked(NOW)
    name = OURS.known(mark, NOW + KNOWN_FOR_S - 1)
    assert name is not None
    assert OURS.known(OURS.marked(NOW + 1, name=name), NOW + 1) == name
    assert OURS.known(mark, NOW + KNOWN_FOR_S) is None
    assert Browsers(b"elsewhere").known(mark, NOW) is None


@pytest.mark.parametrize("place", range(3))
def test_no_part_of_a_mark_can_be_changed(place: int) -> None:
    parts = OURS.marked(NOW).split(".")
    parts[place] = ("1" if parts[place][0] != "1" else "2") + parts[place][1:]
    assert OURS.known(".".join(parts), NOW) is None


@pytest.mark.parametrize("value", ["", ".", "..", "x", "\u00e9.1.2"])
def test_what_is_no_mark_of_ours_is_a_stranger(value: str) -> None:
    assert OURS.known(value, NOW) is None


async def test_who_signed_in_before_is_kept_out_by_nobody(sqlite_url: str, tmp_path: Path) -> None:
    async with dashboard(sqlite_url, tmp_path) as server, person(server) as dana, person(server) as stranger:
        assert (await dana.sign_in()).status_code == 303
        await keep_everybody_out(stranger)  # from the same address, as behind a proxy
        assert "readback sign-in" in (await stranger.sign_in()).text
        assert (await dana.sign_in()).status_code == 303
        for _ in range(ALL_TRIES_BURST):
            await stranger.sign_in("guess")
        assert (await dana.sign_in()).status_code == 303


async def test_a_known_browser_has_few_attempts_itself_and_its_mark_lets_nobody_in(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with dashboard(sqlite_url, tmp_path) as server, person(server) as dana:
        await dana.sign_in()
        mark = {"readback-browser": dana.client.cookies["readback-browser"]}
        async with person(server, cookies=mark) as thief, person(server) as other:
            assert (await thief.look()).status_code == 303
            answers = [(await thief.sign_in("guess")).status_code for _ in range(TRIES_BURST + 2)]
            assert answers.count(401) == TRIES_BURST
            assert answers[-1] == 429
            assert (await other.sign_in()).status_code == 303
        async with person(server, cookies={"readback-browser": "a.9999999999.b"}) as forger:
            await keep_everybody_out(forger)


async def test_an_address_from_the_machine_lets_a_new_browser_try(sqlite_url: str, tmp_path: Path) -> None:
    async with dashboard(sqlite_url, tmp_path) as server, person(server) as stranger, person(server) as dana:
        await keep_everybody_out(stranger)
        assert (await dana.sign_in()).status_code == 429
        told = json.loads(command(sqlite_url, "sign-in", "--json", READBACK_PUBLIC_URL="https://voice.example").stdout)
        whose, address = told["address"][:21], told["address"][21:]
        assert (whose, address[:27]) == ("https://voice.example", "/dashboard/sign-in?browser=")
        assert (await dana.client.get(address)).headers["location"] == "/dashboard/sign-in"
        assert (await dana.sign_in("guess")).status_code == 401
        assert (await dana.sign_in()).status_code == 303
        assert (await stranger.client.get(address.replace("browser=", "browser=0"))).status_code == 200
        assert (await stranger.sign_in()).status_code == 429
        whose_mark = dana.client.cookies["readback-browser"].partition(".")[0]
        again = await stranger.client.get(address)  # out of a history, or a proxy's log
        assert (again.status_code, OPENED in again.text, "set-cookie" in again.headers) == (200, True, False)
        assert (await stranger.sign_in()).status_code == 429
        mark = address.partition("browser=")[2]
        assert whose_mark != mark.partition(".")[0], "nobody can try in the name of the browser that opened it"
        async with person(server, cookies={"readback-browser": mark}) as thief:
            assert (await thief.sign_in()).status_code == 429
    assert told["lasts_s"] == PASS_LASTS_S
    assert len(recorded(sqlite_url, "sign_in_address_opened")) == 1
    assert len(recorded(sqlite_url, "sign_in_address_made")) == 1


async def test_of_many_who_open_an_address_at_once_one_is_known_and_a_look_alone_opens_nothing(
    database_url: str, tmp_path: Path
) -> None:
    mark = Browsers(shared_secret(database_url, INSTALLATION), PASSES).marked(time.time(), PASS_LASTS_S)
    async with dashboard(database_url, tmp_path) as server, person(server) as somebody:
        address = f"/dashboard/sign-in?browser={mark}"
        assert (await somebody.client.head(address)).status_code == 200
        answers = await asyncio.gather(*(somebody.client.get(address) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [303]
