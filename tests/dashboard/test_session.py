"""A signed cookie is good for its own token, its own time and nothing else."""

from types import SimpleNamespace
from typing import Any

import pytest

from app.dashboard.gate import Gate
from app.dashboard.session import IDLE_S, LASTS_S, NAME_CHARS, NOBODY_NAMED, RENEWED_S, Session, Sessions
from tests.fakes.clock import FakeClock

NOW = 1_795_000_000.0
OURS = Sessions(b"admin-token-of-16-or-more", b"installation")


def test_a_cookie_is_read_as_it_was_given() -> None:
    session = OURS.begun("Dana García", NOW)

    assert OURS.read(OURS.cookie(session), NOW + 1) == session
    assert (session.by, session.until) == ("Dana García", NOW + LASTS_S)


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (Sessions(b"another-token-of-16-or-more", b"installation"), "the token was changed"),
        (Sessions(b"admin-token-of-16-or-more", b"elsewhere"), "another installation"),
    ],
)
def test_a_new_token_ends_every_session(other: Sessions, why: str) -> None:
    session = OURS.begun("Dana", NOW)

    assert other.read(OURS.cookie(session), NOW + 1) is None, why
    assert not other.form_token_ok(session, OURS.form_token(session))


@pytest.mark.parametrize("value", ["", ".", "....", "x", "a.b.c.d.e", "é.1.2.3.4", "\0"])
def test_what_is_no_cookie_of_ours_is_nobody(value: str) -> None:
    assert OURS.read(value, NOW) is None


@pytest.mark.parametrize("place", range(5))
def test_no_part_of_a_cookie_can_be_changed(place: int) -> None:
    parts = OURS.cookie(OURS.begun("Dana", NOW)).split(".")
    parts[place] = ("1" if parts[place][0] != "1" else "2") + parts[place][1:]

    assert OURS.read(".".join(parts), NOW) is None


def test_a_session_ends_when_nobody_looks_and_in_any_case_after_its_time() -> None:
    session = OURS.begun("Dana", NOW)
    cookie = OURS.cookie(session)

    assert OURS.read(cookie, NOW + IDLE_S - 1) is not None
    assert OURS.read(cookie, NOW + IDLE_S) is None
    assert OURS.read(cookie, NOW - 3_600) is None
    busy = Session(session.id, session.by, session.begun, int(NOW + LASTS_S - 10))
    assert OURS.read(OURS.cookie(busy), NOW + LASTS_S - 1) is not None
    assert OURS.read(OURS.cookie(busy), NOW + LASTS_S) is None


def test_a_cookie_says_now_and_then_that_it_is_used() -> None:
    session = OURS.begun("Dana", NOW)

    assert OURS.renewed(session, NOW + RENEWED_S - 1) is None
    renewed = OURS.renewed(session, NOW + RENEWED_S)
    assert renewed is not None
    assert (renewed.id, renewed.begun, renewed.seen) == (session.id, session.begun, int(NOW + RENEWED_S))


def test_a_form_belongs_to_one_session() -> None:
    mine, other = OURS.begun("Dana", NOW), OURS.begun("Dana", NOW)

    assert OURS.form_token_ok(mine, OURS.form_token(mine))
    for token in ("", "é", OURS.form_token(other), OURS.cookie(mine).rpartition(".")[2]):
        assert not OURS.form_token_ok(mine, token)


@pytest.mark.parametrize(
    ("given", "kept"),
    [("", NOBODY_NAMED), ("  \n ", NOBODY_NAMED), ("Da\0na\n X", "Da na X"), ("a" * 99, "a" * NAME_CHARS)],
)
def test_a_name_is_short_and_on_one_line(given: str, kept: str) -> None:
    assert OURS.begun(given, NOW).by == kept


async def test_a_page_that_is_kept_open_goes_on_no_longer_than_its_session() -> None:
    clock = FakeClock()

    async def not_ended(*_: object) -> bool:
        return False

    house: Any = SimpleNamespace(token="a token of sixteen", secret=b"s", secure=False, clock=clock, read=not_ended)
    session, gate = Session("id", "Dana", int(clock.now()), int(clock.now())), Gate(house)
    clock.advance(LASTS_S - 2)
    assert await gate.still(session)
    clock.advance(2)
    assert not await gate.still(session)
