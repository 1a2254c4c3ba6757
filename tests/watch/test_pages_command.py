"""`readback pages`: what is open, whom it reached, and taking it from the command line."""

import json

from app.audit.log import seal
from app.db.engine import Database
from app.watch import pages
from app.watch.pages import Page
from tests.commanding import command


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
