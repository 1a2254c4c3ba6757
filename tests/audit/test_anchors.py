"""Anchors: heads of the log on a disk of their own, and what is said when they cannot be trusted."""

import asyncio
import resource
import shutil
from itertools import count
from pathlib import Path

import orjson
import pytest
from sqlalchemy import create_engine, text

from app.audit.anchors import ALARM, MOST_MISSED, Anchoring, DamagedAnchorsError, note, noted, usual_file
from app.audit.log import Head, head, record, verify
from app.db.engine import Database
from app.db.opening import normalised
from tests.fakes.alarms import FakeAlarms
from tests.fakes.clock import FakeClock
from tests.fakes.databases import executed, opened, soon

NUMBERS = count()
A, B = Head(1, "a" * 64), Head(2, "b" * 64)


async def happened(database: Database) -> None:
    """Something unlike whatever happened before."""
    await database.write(lambda t: record(t, "something", at=1.0, number=next(NUMBERS)))


def lines(file: Path) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in file.read_bytes().splitlines()]


def test_what_is_noted_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "new" / "audit.anchors"
    note(file, A, 1.5)
    note(file, B, 2.5)

    assert noted(file) == {1: "a" * 64, 2: "b" * 64}
    assert lines(file)[0] == {"seq": 1, "hash": "a" * 64, "at": 1.5}
    assert file.stat().st_mode & 0o077 == 0


def test_no_file_is_no_anchor(tmp_path: Path) -> None:
    assert noted(tmp_path / "none") == {}


def test_a_line_whose_writer_died_over_it_is_no_anchor(tmp_path: Path) -> None:
    file = tmp_path / "anchors"
    note(file, A, 1.0)
    with file.open("ab") as opened_file:
        opened_file.write(b'{"seq": 2, "ha')

    assert noted(file) == {1: "a" * 64}
    note(file, B, 2.0)
    assert noted(file) == {1: "a" * 64, 2: "b" * 64}, "the next one does not stand behind it on its line"


def test_a_line_for_which_there_is_no_room_is_not_noted_and_spoils_no_later_one(tmp_path: Path) -> None:
    file = tmp_path / "anchors"
    note(file, A, 1.0)
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size + 10, usual[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            note(file, B, 2.0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)

    assert file.read_bytes().endswith(b"}\n")
    note(file, B, 3.0)
    assert noted(file) == {1: "a" * 64, 2: "b" * 64}


def test_what_is_longer_than_any_line_is_damage_and_not_cut(tmp_path: Path) -> None:
    file = tmp_path / "anchors"
    file.write_bytes(b"x" * 5_000)
    note(file, A, 1.0)
    with pytest.raises(DamagedAnchorsError, match="line 1"):
        noted(file)


@pytest.mark.parametrize(
    "damage",
    [b"not json\n", b"[]\n", b'{"seq": "1", "hash": "x"}\n', b'{"seq": 1}\n', b'{"seq": 1, "hash": "other"}\n'],
)
def test_a_damaged_file_is_said_with_its_line(tmp_path: Path, damage: bytes) -> None:
    file = tmp_path / "anchors"
    note(file, A, 1.0)
    with file.open("ab") as opened_file:
        opened_file.write(damage)

    with pytest.raises(DamagedAnchorsError, match=r"anchors, line 2"):
        noted(file)


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:////data/readback.db", "/data/readback.db.anchors"),
        ("sqlite:///var/readback.db", "var/readback.db.anchors"),
        ("postgresql://db/other", "var/audit-other-5ba166f8.anchors"),
        ("postgresql://db/readback", "var/audit-readback-e09bf903.anchors"),
    ],
)
def test_anchors_lie_next_to_the_database(url: str, file: str) -> None:
    assert usual_file(url) == Path(file)


async def test_the_head_is_noted_on_a_timer_when_it_has_moved(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "anchors"
    async with opened(database_url) as database:
        anchoring = Anchoring(database, file, FakeClock(now=7.0), FakeAlarms(), every_s=0.02)
        anchoring.start()
        await asyncio.sleep(0.1)
        assert not file.exists()
        await happened(database)
        await soon(file.exists)
        await asyncio.sleep(0.1)
        assert [line["seq"] for line in lines(file)] == [1]
        await happened(database)
        await soon(lambda: len(lines(file)) == 2)
        await anchoring.stop()
        verdict = await database.read(lambda c: verify(c, noted(file)))

    assert verdict.holds
    assert lines(file)[0]["at"] == 7.0


async def test_the_last_head_is_noted_at_the_end(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "anchors"
    async with opened(database_url) as database:
        anchoring = Anchoring(database, file, FakeClock(), FakeAlarms())
        anchoring.start()
        await asyncio.sleep(0.05)
        await happened(database)
        await anchoring.stop()

    assert [line["seq"] for line in lines(file)] == [1]


async def test_a_head_that_cannot_be_noted_is_tried_again(sqlite_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "not yet a folder"
    folder.write_text("")
    file = folder / "anchors"
    async with opened(sqlite_url) as database:
        await happened(database)
        anchoring = Anchoring(database, file, FakeClock(), FakeAlarms(), every_s=0.02)
        anchoring.start()
        await asyncio.sleep(0.1)
        folder.unlink()
        await soon(file.exists)
        await anchoring.stop()

    # Stopped in the middle of noting, it notes the same head once more: a line too many is none too few.
    assert {line["seq"] for line in lines(file)} == {1}


async def test_a_file_that_cannot_be_written_for_long_is_told_until_it_can(sqlite_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "not yet a folder"
    folder.write_text("")
    alarms, file = FakeAlarms(), folder / "anchors"
    async with opened(sqlite_url) as database:
        await happened(database)
        anchoring = Anchoring(database, file, FakeClock(), alarms)
        for _ in range(MOST_MISSED - 1):
            await anchoring.note()
        assert alarms.ringing() == set(), "a moment wakes nobody"
        await anchoring.note()
        assert alarms.ringing() == {("audit_not_anchored", "anchors")}
        assert f"{file} cannot be written (Not a directory)" in alarms.rung[0].body

        folder.unlink()
        await Anchoring(database, file, FakeClock(), alarms).note()
        assert alarms.ringing() == set(), "also where another process is the one that can"

        alarms.ring("audit_not_anchored", "anchors", "by a process that died", "")
        await Anchoring(database, file, FakeClock(), alarms).note()
        assert alarms.ringing() == set(), "also where nothing has happened since: the newest head is in the file"


async def test_a_file_that_cannot_be_written_now_and_then_wakes_nobody(sqlite_url: str, tmp_path: Path) -> None:
    folder, alarms = tmp_path / "comes and goes", FakeAlarms()
    async with opened(sqlite_url) as database:
        anchoring = Anchoring(database, folder / "anchors", FakeClock(), alarms)
        for _ in range(2):
            await happened(database)
            folder.write_text("")
            for _ in range(MOST_MISSED - 1):
                await anchoring.note()
            folder.unlink()
            await anchoring.note()
            shutil.rmtree(folder)
    assert alarms.rung == []


async def lived(url: str, file: Path, alarms: FakeAlarms, events: int) -> None:
    """A process that starts, in which something happens, and that stops."""
    async with opened(url) as database:
        anchoring = Anchoring(database, file, FakeClock(), alarms)
        await anchoring.note()
        for _ in range(events):
            await happened(database)
        await anchoring.stop()


@pytest.mark.parametrize("since", [0, 1, 5], ids=["nothing since", "shorter than before", "longer than before"])
async def test_an_older_copy_that_was_put_back_is_told_and_nothing_is_noted_over_what_it_lacks(
    sqlite_url: str, tmp_path: Path, since: int
) -> None:
    file, alarms = tmp_path / "anchors", FakeAlarms()
    await lived(sqlite_url, file, alarms, 2)
    database = Path(sqlite_url.removeprefix("sqlite:///"))
    copy = tmp_path / "copy"
    shutil.copy(database, copy)
    await lived(sqlite_url, file, alarms, 3)
    newer = tmp_path / "newer"
    shutil.move(database, newer)
    shutil.copy(copy, database)
    before = file.read_bytes()

    await lived(sqlite_url, file, alarms, since)

    assert file.read_bytes() == before
    assert [(rung.kind, rung.key) for rung in alarms.rung] == [("audit_broken", "anchors")]
    assert "Row 5 was noted" in alarms.rung[0].body
    assert str(file) in alarms.rung[0].body

    shutil.copy(newer, database)
    await lived(sqlite_url, file, alarms, 1)
    assert alarms.ringing() == set()
    assert [line["seq"] for line in lines(file)] == [2, 5, 6]


async def test_who_goes_on_with_the_older_copy_keeps_the_file_elsewhere(sqlite_url: str, tmp_path: Path) -> None:
    file, alarms = tmp_path / "anchors", FakeAlarms()
    note(file, Head(9, "c" * 64), 1.0)
    await lived(sqlite_url, file, alarms, 1)
    assert alarms.ringing() == {("audit_broken", "anchors")}
    file.rename(tmp_path / "kept")
    await lived(sqlite_url, file, alarms, 1)
    assert alarms.ringing() == set()
    assert [line["seq"] for line in lines(file)] == [1, 2]


async def test_the_end_that_is_cut_off_beneath_a_process_is_told(postgres_url: str, tmp_path: Path) -> None:
    file, alarms = tmp_path / "anchors", FakeAlarms()
    async with opened(postgres_url) as database:
        anchoring = Anchoring(database, file, FakeClock(), alarms)
        await happened(database)
        await happened(database)
        await anchoring.note()
        engine = create_engine(normalised(postgres_url))
        with engine.begin() as connection:
            connection.execute(text("set session_replication_role = replica"))
            connection.execute(text("delete from audit where seq = 2"))
        engine.dispose()
        await happened(database)
        await anchoring.note()
    assert alarms.ringing() == {("audit_broken", "anchors")}
    assert [line["seq"] for line in lines(file)] == [2]


async def test_a_file_whose_last_line_cannot_be_read_is_told(sqlite_url: str, tmp_path: Path) -> None:
    file, alarms = tmp_path / "anchors", FakeAlarms()
    file.write_bytes(b"not json\n")
    await lived(sqlite_url, file, alarms, 1)
    assert alarms.ringing() == {("audit_broken", "anchors")}
    assert file.read_bytes() == b"not json\n"


@pytest.mark.parametrize("damage", [b"not json\n", b'{"seq": 9, "hash": "of another database"}\n'])
async def test_a_process_that_had_seen_no_damage_neither_ends_the_page_about_it_nor_notes_over_it(
    sqlite_url: str, tmp_path: Path, damage: bytes
) -> None:
    file, alarms = tmp_path / "anchors", FakeAlarms()
    async with opened(sqlite_url) as database:
        older, newer = (Anchoring(database, file, FakeClock(), alarms) for _ in range(2))
        await happened(database)
        await older.note()
        with file.open("ab") as opened_file:
            opened_file.write(damage)
        await newer.note()
        before = file.read_bytes()
        for _ in range(2):
            await happened(database)
            await older.note()
            await newer.note()
            assert alarms.ringing() == {("audit_broken", "anchors")}
    assert len(alarms.rung) == 1
    assert file.read_bytes() == before


async def test_heads_that_were_noted_over_damage_do_not_end_the_page_about_it(sqlite_url: str, tmp_path: Path) -> None:
    file, alarms = tmp_path / "anchors", FakeAlarms()
    async with opened(sqlite_url) as database:
        anchoring = Anchoring(database, file, FakeClock(), alarms)
        await happened(database)
        file.write_bytes(b"not json\n")
        await anchoring.note()
        note(file, await database.read(head), 1.0)
        await anchoring.note()
        assert alarms.ringing() == {("audit_broken", "anchors")}
        file.unlink()
        await anchoring.note()
    assert alarms.ringing() == set()


async def test_a_page_that_another_process_rang_is_not_ended_by_one_that_sees_nothing_wrong(
    sqlite_url: str, tmp_path: Path
) -> None:
    file, alarms = tmp_path / "anchors", FakeAlarms()
    async with opened(sqlite_url) as database:
        anchoring = Anchoring(database, file, FakeClock(), alarms)
        await happened(database)
        await anchoring.note()
        alarms.rang_elsewhere(*ALARM)
        await anchoring.note()
    assert alarms.ringing() == {ALARM}


async def test_the_disk_has_a_row_before_its_hash_is_noted(sqlite_url: str, tmp_path: Path) -> None:
    async with opened(sqlite_url) as database:
        await happened(database)
        [before] = executed(sqlite_url, "PRAGMA user_version")
        await Anchoring(database, tmp_path / "anchors", FakeClock(), FakeAlarms()).note()
    assert executed(sqlite_url, "PRAGMA user_version") != [before], "a commit of its own takes along all before it"
