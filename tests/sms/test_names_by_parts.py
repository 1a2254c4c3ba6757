"""A first and a last name that are not given in their order."""

import time

import pytest

from app.sms.names_in_words import named
from app.sms.words import read
from tests.sms.scenes import ASKED, ASKED_NAME, NOTHING, Row, hold
from tests.sms.test_words import GROUND

THEIRS = "for Jane Roe. Reply YES to book it"
ROWS: tuple[Row, ...] = (
    (ASKED_NAME, "Last name: Roe, Jane", "", THEIRS),
    (ASKED_NAME, "My last name is Roe, Jane", "", THEIRS),
    (ASKED_NAME, "Surname: Roe,Jane. Thanks", "", THEIRS),
    (ASKED_NAME, "Last name: Roe, Jane, gate code 4455", "", THEIRS),
    (ASKED_NAME, "Family name: Roe, Jane and my number is 512-555-0188", "", THEIRS),
    (ASKED_NAME, "last name: O'Brien-Roe, Mary", "", "for Mary O'Brien-Roe. Reply YES"),
    (ASKED_NAME, "Roe, Jane", "", THEIRS),
    (ASKED_NAME, "Last name: Roe, First name: Jane", "", THEIRS),
    (ASKED_NAME, "surname: Roe, first name: Jane", "", THEIRS),
    (ASKED_NAME, "first name is jane and last name is roe", "", THEIRS),
    (ASKED_NAME, "First: Jane Last: Roe", "", THEIRS),
    (ASKED, "first name is Janet, last name is Row", "", "for Janet Row. Reply YES"),
    (ASKED, "my last name is Row", "", "for Jane Row. Reply YES"),
    (NOTHING, "Last name: Roe, Jane. inspection tuesday at 9", "", THEIRS),
)
OTHERS: tuple[Row, ...] = (
    (ASKED_NAME, "Name: Jane Roe", "", THEIRS),
    (ASKED_NAME, "Name: Jane Roe, Bob Roe", "", THEIRS),
    (ASKED_NAME, "my name is Jane, Unit 5", "", "for Jane. Reply YES"),
    (ASKED_NAME, "name: Jane, Austin", "", "for Jane. Reply YES"),
    (ASKED_NAME, "Name: Jane, Apt 5", "", "for Jane. Reply YES"),
    (ASKED_NAME, "my name is Robert, Bob", "", "for Robert. Reply YES"),
    (ASKED_NAME, "My last name is Roe, Unit 5", "", "for Roe. Reply YES"),
    (ASKED_NAME, "My last name is Roe, Thanks", "", "for Roe. Reply YES"),
    (ASKED_NAME, "My name is Jane, Thanks", "", "for Jane. Reply YES"),
    (ASKED_NAME, "My name is Jane, Yes", "", "for Jane. Reply YES"),
    (ASKED_NAME, "My name is Jane, Dana please", "", "for Jane. Reply YES"),
    (ASKED_NAME, "My name is Jane, Please hurry", "", "for Jane. Reply YES"),
    (ASKED_NAME, "My name is Jane, May works", "", "for Jane. Reply YES"),
    (ASKED_NAME, "Name: Jane, Tuesday works", "", "1) 8:00 AM Dana"),
    (ASKED_NAME, "first name Jane, the last visit was good", "", "What is your full name?"),
    (NOTHING, "first: tuesday, last: friday", "", "What is it for?"),
)
HOSTILE = (
    "first name " * 55,
    "Name: Roe, " * 55,
    "Last name: Roe, " * 37,
    "last name: " + "R" * 580,
    "Name: Roe, " + "Jane " * 118,
    "last name a first name " * 26,
    "name: " + "A, " * 198,
    "first name a" + ", " * 294,
)


@pytest.mark.parametrize("row", ROWS, ids=[row[1] for row in ROWS])
async def test_both_are_put_in_their_order(row: Row, sqlite_url: str) -> None:
    await hold(sqlite_url, row)


@pytest.mark.parametrize("row", OTHERS, ids=[row[1] for row in OTHERS])
async def test_what_follows_a_name_is_none(row: Row, sqlite_url: str) -> None:
    await hold(sqlite_url, row)


def test_two_days_are_no_name() -> None:
    assert not read([("first: tuesday, last: friday", 0)], GROUND).name


@pytest.mark.parametrize("text", HOSTILE, ids=[text[:20] for text in HOSTILE])
def test_no_text_is_costly_to_look_at(text: str) -> None:
    began = time.thread_time()
    named(text[:600], [text[:600]], GROUND, False)
    assert time.thread_time() - began < 0.05
