"""`readback pages`: what is open, whom it reached, and taking it from the command line."""

import json
import time
from pathlib import Path

import pytest

from app.audit.log import seal
from app.db.engine import Database
from app.watch import pages
from app.watch.database_page import Turn, named
from app.watch.outage_hand import KEY, KIND, PAGE_ID, Hand
from app.watch.pages import Page
from tests.commanding import command

NOWHERE = "postgresql://nobody@127.0.0.1:1/readback"


async def made(url: str) -> None:
    """A database, which is there from now on."""
    database = Database(url, seal)
    await database.start()
    await database.stop()


def run(database_url: str, *arguments: str) -> tuple[int, str]:
    answer = command(database_url, "pages", *arguments)
    return answer.returncode, answer.stdout


async def test_a_page_is_listed_shown_acknowledged_and_resolved(sqlite_url: str) -> None:
    database = Database(sqlite_url, seal)
    await database.start()
    await database.write(lambda t: pages.raised(t, Page("k", "1", "Read-back mismatch", "b", "acme"), now=1_000.0))
    await database.stop()

    code, told = run(sqlite_url, "list", "--json")
    (page,) = json.loads(told)
    assert (code, page["status"], page["title"]) == (0, "open", "Read-back mismatch")
    for action in ("show", "ack", "resolve"):
        answer = command(sqlite_url, "pages", action, "nothing")
        assert (answer.returncode, answer.stdout, answer.stderr) == (1, "", "There is no page nothing.\n")
    assert run(sqlite_url, "ack", page["id"], "--by", "Night shift")[0] == 0
    assert run(sqlite_url, "ack", page["id"], "--by", "Day shift")[0] == 0, "it is acknowledged, whoever was first"
    code, told = run(sqlite_url, "show", page["id"], "--json")
    assert (code, json.loads(told)["acknowledged_by"]) == (0, "Night shift")
    assert run(sqlite_url, "resolve", page["id"], "--by", "Day shift")[0] == 0
    code, told = run(sqlite_url, "resolve", page["id"], "--json")
    assert (code, json.loads(told)) == (
        0,
        {"id": page["id"], "status": "resolved", "by": "Day shift", "changed": False},
    )
    assert run(sqlite_url, "list") == (0, "No page is open.\n")


async def test_a_page_of_which_another_one_tells_is_not_said_to_be_ended_by_anybody(sqlite_url: str) -> None:
    database = Database(sqlite_url, seal)
    await database.start()
    await database.write(lambda t: pages.raised(t, Page("k", "1", "By hand", "b"), now=1_000.0))
    (page,) = await database.read(pages.listed)
    await database.write(lambda t: pages.superseded(t, "k", "1", now=1_001.0))
    await database.stop()
    said = f"Page {page.id} is resolved, and another page tells of it: it was before.\n"
    assert run(sqlite_url, "ack", page.id) == (0, said)


def test_a_database_that_is_not_there_is_wrong_use() -> None:
    assert run("sqlite:////tmp/readback-nowhere/none.db", "ack", "x")[0] == 2


@pytest.mark.parametrize("name", [KEY, PAGE_ID])
@pytest.mark.parametrize("away", ["its file is gone", "it takes no writes", "it does not answer"])
async def test_an_outage_of_the_database_is_taken_without_it(
    tmp_path: Path, sqlite_url: str, name: str, away: str
) -> None:
    url = {"its file is gone": f"sqlite:///{tmp_path}/away.db", "it takes no writes": sqlite_url}.get(away, NOWHERE)
    if url == sqlite_url:
        await made(url)
    began, teller = time.time(), Turn(url)
    if away != "it does not answer":  # which is plain to who looks, also before anybody is told
        assert teller.take()
        teller.note(began, began)
    code, told = run(url, "ack", name, "--by", "Dana")
    second = run(url, "ack", name, "--by", "Lee") if away != "it does not answer" else None
    teller.give_up()
    assert (code, told) == (
        0,
        "Noted: that the database is away is in the hand of Dana, for who serves on this machine.\n",
    )
    if second is not None:
        assert second == (0, told.replace("Noted", "Nothing was changed")), "whoever was first has it"
    hand = Hand(named(url))
    taken = hand.taken(began)
    hand.let_go()
    assert taken is not None
    assert taken.by == "Dana"


@pytest.mark.parametrize("name", [KEY, PAGE_ID])
async def test_no_outage_is_taken_where_there_is_none(tmp_path: Path, sqlite_url: str, name: str) -> None:
    await made(sqlite_url)
    answer = command(sqlite_url, "pages", "ack", name)
    assert (answer.returncode, answer.stdout, answer.stderr) == (
        1,
        "",
        "The database is there, and nobody is paged that it is away.\n",
    )
    elsewhere = f"sqlite:///{tmp_path}/another-folder.db"
    answer = command(elsewhere, "pages", "ack", name)
    assert (answer.returncode, answer.stdout, "there is no database" in answer.stderr) == (2, "", True)
    assert [Hand(named(url)).taken(0.0) for url in (sqlite_url, elsewhere)] == [None, None]


async def test_an_outage_that_has_a_page_is_taken_as_any_page_is(sqlite_url: str) -> None:
    """As where the database can be read and takes writes again, and nobody has noticed yet."""
    database = Database(sqlite_url, seal)
    await database.start()
    await database.write(lambda t: pages.raised(t, Page(KIND, KEY, "The database does not answer", "b"), now=1_000.0))
    await database.stop()
    code, told = run(sqlite_url, "ack", KEY, "--by", "Dana")
    assert (code, told.endswith(" is acknowledged, by Dana.\n")) == (0, True)
    assert Hand(named(sqlite_url)).taken(0.0) is None
