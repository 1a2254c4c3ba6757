"""Who heard "not sure yet" while the database was away hears the end, also where the process that said so is gone."""

import stat
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import update

from app.booking import kept_notes, late_notes
from app.booking.book import HOLD_S, Outcome, Result
from app.booking.kept_notes import KeptNotes, Note
from app.booking.late_notes import TAKE_AFTER_S, TOO_OLD_AFTER_S, UNREAD
from app.booking.store import YIELD
from app.db.schema import bookings
from tests.booking.acme import ANN, DEADLINE_S, HOUR, TUESDAY_9, House, house
from tests.fakes import calendar as scripted
from tests.fakes.calendar import FakeCalendar
from tests.fakes.databases import Refusing, soon

ASKED = ("book", "move", "cancel")


@pytest.fixture
def calendar() -> FakeCalendar:
    return FakeCalendar()


@pytest.fixture
async def acme(database_url: str, calendar: FakeCalendar) -> AsyncIterator[House]:
    async with house(database_url, calendar) as made:
        yield made


def files(acme: House) -> list[Path]:
    return sorted(acme.notes.iterdir()) if acme.notes.exists() else []


async def in_an_outage(acme: House, calendar: FakeCalendar, monkeypatch: pytest.MonkeyPatch, ask: str) -> Outcome:
    """Ask for something whose write is not answered, in an outage that the process does not outlive."""
    if ask != "book":
        first = await acme.book()
        assert first.booking is not None
    count = calendar.count(ask)
    with monkeypatch.context() as patch:
        patch.setattr(acme.database, "write", Refusing(acme.database, lambda: calendar.count(ask) > count))
        calendar.script(ask, scripted.UNKNOWN)
        deadline = acme.clock.monotonic() + DEADLINE_S
        if ask == "book":
            outcome = await acme.book()
        elif ask == "move":
            slot = acme.slot(TUESDAY_9 + 4 * HOUR)
            outcome = await acme.changes.move(acme.business, first.booking, slot, "test:2", deadline)
        else:
            outcome = await acme.changes.cancel(acme.business, first.booking, "", "test:2", deadline)
        await acme.bookings.stop()
        await acme.changes.stop()
    assert outcome.result is Result.PENDING
    return outcome


async def settled(acme: House) -> None:
    for _ in range(3):
        acme.clock.advance(60)  # type: ignore[attr-defined]  # a FakeClock
        await acme.settler.settle_due()
        await acme.jobs.run_due()


async def told(acme: House) -> list[str]:
    """References of customers who were told, or are to be told by a person, once for each time."""
    return [who for who, _ in acme.told] + [task.subject for task in await acme.tasks()]


@pytest.mark.parametrize("first", ["the note", "whoever settles"])
@pytest.mark.parametrize("ask", ASKED)
async def test_the_next_process_notes_it_and_the_customer_hears_the_end_once(
    acme: House, calendar: FakeCalendar, monkeypatch: pytest.MonkeyPatch, ask: str, first: str
) -> None:
    outcome = await in_an_outage(acme, calendar, monkeypatch, ask)
    assert outcome.booking is not None
    assert await acme.late_notes.look() == 0, "whoever wrote it may be at it"
    (file,) = files(acme)
    acme.clock.advance(TAKE_AFTER_S if first == "the note" else HOLD_S + 60)  # type: ignore[attr-defined]
    if first == "whoever settles":
        await acme.settler.settle_due()
        acme.told.clear()  # what it says by itself of a change is said to a call that is over
    content = file.read_bytes()
    assert await acme.late_notes.look() == 1
    assert files(acme) == []
    file.write_bytes(content)  # killed just before it was removed
    assert await acme.late_notes.look() == 1
    await settled(acme)
    file.write_bytes(content)
    await acme.late_notes.look()
    await settled(acme)
    assert set(await told(acme)) == {outcome.booking.reference}
    if ask == "book":
        assert acme.told == [(outcome.booking.reference, Result.REFUSED)]
    else:
        assert len(await acme.tasks()) <= 1


async def test_the_file_is_for_nobody_else_and_has_no_word_about_the_customer(
    acme: House, calendar: FakeCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    await in_an_outage(acme, calendar, monkeypatch, "book")
    (file,) = files(acme)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(acme.notes.stat().st_mode) == 0o700
    content = file.read_text()
    assert not [word for word in (ANN.name, ANN.phone, "test:1") if word in content]


async def test_what_heard_taken_stays_that(
    acme: House, calendar: FakeCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person's event was there first, and ours could not be taken away: it is, later, whatever is there by then."""
    calendar.script("book", scripted.people_first(TUESDAY_9, TUESDAY_9 + HOUR))
    calendar.script("cancel", scripted.UNKNOWN)
    with monkeypatch.context() as patch:
        patch.setattr(acme.database, "write", Refusing(acme.database, lambda: calendar.count("cancel") > 0))
        assert (await acme.book()).taken
        await acme.bookings.stop()
    acme.clock.advance(TAKE_AFTER_S)  # type: ignore[attr-defined]
    assert await acme.late_notes.look() == 1
    assert (await acme.row()).reason == YIELD
    calendar.stored["dana"] = {e.id: e for e in calendar.ours("dana")}  # the person's event went away again
    await settled(acme)
    assert ((await acme.row()).status, calendar.ours("dana"), acme.told) == ("refused", [], [])


async def test_a_file_that_says_nothing_is_kept_and_told_of_and_holds_up_no_other(
    acme: House, calendar: FakeCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = await in_an_outage(acme, calendar, monkeypatch, "book")
    assert outcome.booking is not None
    half, foreign, link = (acme.notes / f"{name}.json" for name in ("00", "01", "02"))
    half.write_bytes(b'{"booking":"00","ref')
    foreign.write_bytes(msgspec.json.encode(Note("other", "K7QM2X", "", "", 0.0, acme.clock.now())))
    link.symlink_to(half)
    acme.clock.advance(TAKE_AFTER_S)  # type: ignore[attr-defined]
    assert await acme.late_notes.look() == 1
    assert files(acme) == [half, foreign, link]
    assert [(alarm.kind, alarm.key) for alarm in acme.alarms.rung] == [(UNREAD, f"0{i}.json") for i in range(3)]
    for path in files(acme):
        path.unlink()
    await acme.late_notes.look()
    assert acme.alarms.ringing() == set()


async def test_a_note_that_is_too_old_or_of_no_booking_is_left_to_a_person(
    acme: House, calendar: FakeCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = await in_an_outage(acme, calendar, monkeypatch, "book")
    assert outcome.booking is not None
    now = acme.clock.now()
    nobody = Note("0" * 32, "K7QM2X", "no answer", "", now, now - TAKE_AFTER_S)
    (acme.notes / f"{nobody.booking}.json").write_bytes(msgspec.json.encode(nobody))
    assert await acme.late_notes.look() == 0
    acme.clock.advance(TOO_OLD_AFTER_S)  # type: ignore[attr-defined]
    assert await acme.late_notes.look() == 0
    assert [alarm.key for alarm in acme.alarms.rung] == [f"{nobody.booking}.json", f"{outcome.booking.id}.json"]
    assert outcome.booking.reference in acme.alarms.rung[-1].body
    assert len(files(acme)) == 2


async def test_who_has_the_visit_by_another_call_hears_no_more_of_the_first(
    acme: House, calendar: FakeCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    await in_an_outage(acme, calendar, monkeypatch, "book")
    acme.clock.advance(HOLD_S + 60)  # type: ignore[attr-defined]
    await acme.settler.settle_due()
    assert (await acme.row()).status == "refused"
    again = await acme.book(call="test:2")
    assert again.result is Result.CONFIRMED
    acme.told.clear()
    assert (await acme.late_notes.look(), files(acme)) == (1, [])
    await settled(acme)
    assert await told(acme) == []


@pytest.mark.parametrize("ask", ASKED)
async def test_about_a_visit_that_has_begun_a_person_decides(
    acme: House, calendar: FakeCalendar, monkeypatch: pytest.MonkeyPatch, ask: str
) -> None:
    await in_an_outage(acme, calendar, monkeypatch, ask)
    acme.clock.advance(TUESDAY_9 - acme.clock.now())  # type: ignore[attr-defined]
    assert await acme.late_notes.look() == 0
    assert ([alarm.kind for alarm in acme.alarms.rung], len(files(acme))) == ([UNREAD], 1)
    monkeypatch.setattr(acme.database, "is_there", lambda: False)
    await acme.late_notes.look()
    assert len(acme.alarms.ringing()) == 1, "not over because the database is away"


@pytest.mark.parametrize("ask", ["move", "cancel"])
async def test_of_a_change_that_was_followed_by_another_nothing_is_told(
    acme: House, calendar: FakeCalendar, monkeypatch: pytest.MonkeyPatch, ask: str
) -> None:
    await in_an_outage(acme, calendar, monkeypatch, ask)
    acme.clock.advance(HOLD_S + 60)  # type: ignore[attr-defined]
    for _ in range(3):
        acme.clock.advance(60)  # type: ignore[attr-defined]
        await acme.settler.settle_due()
    appointment = next(row for row in await acme.rows() if not row.amends)
    assert appointment.status == "confirmed", "the change came to nothing"
    deadline = acme.clock.monotonic() + DEADLINE_S
    assert (await acme.changes.cancel(acme.business, appointment, "", "test:3", deadline)).result is Result.CONFIRMED
    acme.told.clear()
    before = len(await acme.tasks())
    assert await acme.late_notes.look() == 1
    await settled(acme)
    assert (acme.told, len(await acme.tasks())) == ([], before)


async def test_a_file_that_cannot_be_removed_holds_up_no_other(
    acme: House, calendar: FakeCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(*_: object) -> None:
        raise OSError

    await in_an_outage(acme, calendar, monkeypatch, "book")
    acme.clock.advance(TAKE_AFTER_S)  # type: ignore[attr-defined]
    monkeypatch.setattr(KeptNotes, "let_go", read_only)
    assert [await acme.late_notes.look() for _ in range(2)] == [1, 1]
    assert (await acme.row()).status == "pending"


async def test_what_this_process_notes_itself_leaves_no_file(
    acme: House, calendar: FakeCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.booking.unnoted.NOTE_AGAIN_S", 0.02)
    away = Refusing(acme.database, lambda: ("book", "dana") in calendar.asked)
    monkeypatch.setattr(acme.database, "write", away)
    calendar.script("book", scripted.UNKNOWN)
    await acme.book()
    assert len(files(acme)) == 1, "from before the caller hears"
    away.back = True
    await soon(lambda: not acme.bookings._noting)
    assert files(acme) == []


async def test_while_the_database_is_away_files_stay_and_after_it_the_loop_takes_them(
    acme: House, calendar: FakeCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late_notes, "EVERY_S", 0.02)
    await in_an_outage(acme, calendar, monkeypatch, "book")
    acme.clock.advance(TAKE_AFTER_S)  # type: ignore[attr-defined]
    away = Refusing(acme.database, lambda: True)
    monkeypatch.setattr(acme.database, "write", away)
    acme.late_notes.start()
    try:
        await soon(lambda: away.refused >= 3)
        assert len(files(acme)) == 1
        away.back = True
        await soon(lambda: not files(acme))
    finally:
        await acme.late_notes.stop()
    assert (await acme.row()).status == "pending"


def test_there_are_never_more_than_so_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_notes, "MOST_NOTES", 2)
    kept = KeptNotes(tmp_path / "notes")
    notes = [Note(f"{number}", "K7QM2X", "", "", 0.0, 0.0) for number in range(3)]
    assert [kept.keep(note) for note in notes] == [True, True, False]
    kept.let_go(notes[0])
    assert kept.keep(notes[2])
    (tmp_path / "notes" / "cut.writing").touch()
    assert [one.note for one in kept.found(0.0)] == notes[1:]
    assert (tmp_path / "notes" / "cut.writing").exists(), "somebody may be writing it"
    kept.found(4e9)
    assert not (tmp_path / "notes" / "cut.writing").exists()


async def test_confirmed_unheard_by_the_dead_process_is_told_as_well(
    acme: House, calendar: FakeCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own confirmation went through, but nobody heard of it: the caller heard that it is not sure."""
    outcome = await in_an_outage(acme, calendar, monkeypatch, "book")
    assert outcome.booking is not None
    await acme.database.write(lambda t: t.connection.execute(update(bookings).values(status="confirmed")))
    acme.clock.advance(HOLD_S + 1)  # type: ignore[attr-defined]
    assert await acme.late_notes.look() == 1
    await settled(acme)
    assert acme.told == [(outcome.booking.reference, Result.CONFIRMED)]
