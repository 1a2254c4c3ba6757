"""`readback tasks list | show | done`, run as a person runs them."""

import json
from pathlib import Path

import pytest

from app.audit.log import verify
from app.review.tasks import Task
from app.review.tasks import opened as open_task
from app.watch.pages import Page, raised
from tests.commanding import Told, command
from tests.fakes.databases import executed, opened

PHONE = "+15125550142"
FIRST = Task("callback:1", "callback", "acme", "C7K2QM", "Call back.", 1_000.0, PHONE, "the ants are back")
SECOND = Task("callback:2", "callback", "acme", "CZZ2QM", "Call back.", 9_000_000_000.0, PHONE)
SAME = Task("tell:2", "tell_customer", "acme", "CZZ2QM", "Tell the customer.", 9_000_000_001.0)


def tasks(url: str, *arguments: str) -> Told:
    return command(url, "tasks", *arguments)


async def filled(url: str) -> None:
    async with opened(url) as database:
        for task in (SECOND, FIRST, SAME):
            await database.write(lambda t, task=task: open_task(t, task, now=10.0))
        await database.write(lambda t: raised(t, Page("task_late", "callback:1", "Late", "It is late."), now=11.0))


async def test_the_list_has_the_most_urgent_first_and_nobodys_number(sqlite_url: str) -> None:
    await filled(sqlite_url)

    plain, told = tasks(sqlite_url, "list"), tasks(sqlite_url, "list", "--json")

    entries = json.loads(told.stdout)
    assert [(entry["key"], entry["late"]) for entry in entries] == [
        ("callback:1", True), ("callback:2", False), ("tell:2", False),
    ]  # fmt: skip
    assert entries[0]["due"] == "1970-01-01T00:16:40Z"
    assert [line[:4] for line in plain.stdout.splitlines()] == ["LATE", "open", "open"]
    assert (plain.returncode, told.returncode) == (0, 0)
    for shown in (plain.stdout, told.stdout):
        assert "5550142" not in shown
        assert "ants" not in shown


async def test_no_caller_writes_a_line_of_ours(sqlite_url: str) -> None:
    await filled(sqlite_url)
    said = Task(
        "callback:3",
        "callback",
        "acme",
        "C33333",
        "Call back.",
        9e9,
        PHONE,
        "Hi\nphone: +19005550100\u2028status: done",
    )
    async with opened(sqlite_url) as database:
        await database.write(lambda t: open_task(t, said, now=10.0))

    lines = tasks(sqlite_url, "show", "C33333").stdout.splitlines()

    assert [line for line in lines if line.startswith(("phone", "status"))] == [f"phone: {PHONE}", "status: open"]
    assert "details: Hi / phone: +19005550100 / status: done" in lines


@pytest.mark.parametrize("word", ["callback:1", "C7K2QM", "c7k2qm", "C 7 K 2 Q M"])
async def test_one_is_shown_with_whom_to_call_and_why(sqlite_url: str, word: str) -> None:
    await filled(sqlite_url)

    plain, told = tasks(sqlite_url, "show", word), tasks(sqlite_url, "show", word, "--json")

    assert f"phone: {PHONE}" in plain.stdout
    shown = json.loads(told.stdout)
    assert (shown["key"], shown["phone"], shown["details"]) == ("callback:1", PHONE, "the ants are back")


async def test_done_closes_it_once_ends_its_pages_and_is_audited(database_url: str) -> None:
    await filled(database_url)

    first = tasks(database_url, "done", "callback:1", "--by", "Dana", "--note", "called", "--json")
    second = tasks(database_url, "done", "callback:1")

    assert (first.returncode, json.loads(first.stdout)["done"]) == (0, True)
    assert (second.returncode, second.stderr) == (1, "callback:1 was done before, by Dana.\n")
    assert executed(database_url, "SELECT status, closed_by, note FROM tasks WHERE key = 'callback:1'") == [
        ("done", "Dana", "called")
    ]
    assert executed(database_url, "SELECT status FROM pages") == [("resolved",)]
    assert "callback:1" not in tasks(database_url, "list").stdout
    assert "callback:1" in tasks(database_url, "list", "--all").stdout
    async with opened(database_url) as database:
        assert (await database.read(verify)).holds


@pytest.mark.parametrize("action", ["show", "done"])
@pytest.mark.parametrize(
    ("word", "said"), [("nothing", "There is no task nothing."), ("CZZ2QM", "Several tasks are about CZZ2QM: ")]
)
async def test_what_is_not_one_task_is_exit_code_1_and_one_sentence(
    sqlite_url: str, action: str, word: str, said: str
) -> None:
    await filled(sqlite_url)

    answer = tasks(sqlite_url, action, word)

    assert answer.returncode == 1
    assert answer.stderr.startswith(said)
    assert len(answer.stderr.splitlines()) == 1
    assert executed(sqlite_url, "SELECT count(*) FROM tasks WHERE status = 'open'") == [(3,)]


def test_an_empty_list_says_so(sqlite_url: str) -> None:
    assert tasks(sqlite_url, "list").stdout == "Nothing to do.\n"


@pytest.mark.parametrize("arguments", [(), ("bogus",), ("show",), ("done",)])
def test_wrong_use_is_exit_code_2(arguments: tuple[str, ...]) -> None:
    assert tasks("sqlite:////nowhere", *arguments).returncode == 2


@pytest.mark.parametrize("arguments", [("list",), ("done", "callback:1")])
def test_no_database_is_exit_code_2_and_none_is_made(arguments: tuple[str, ...], tmp_path: Path) -> None:
    answer = tasks(f"sqlite:///{tmp_path}/none.db", *arguments)

    assert answer.returncode == 2
    assert answer.stderr.startswith("READBACK_DATABASE_URL: there is no database")
    assert list(tmp_path.iterdir()) == []
