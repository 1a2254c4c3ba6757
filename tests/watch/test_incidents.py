"""Incidents on both databases: what each step keeps, what is refused, and who is paged when nobody says anything."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from app.db.engine import Database
from app.db.schema import audit
from app.watch import incidents, pages
from app.watch.cadence import Cadence
from app.watch.incidents import NEXT, PAGE, Impact, Incident, IncidentError, Opening, Said, State
from app.watch.pages import Page
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened

TEXTS_LATE = Opening("Texts arrive late", parts=("texts", "calls"), impact=Impact.MAJOR)
MINUTE = 60.0


class Desk:
    """Somebody who opens incidents and says things about them, at the clock's time."""

    def __init__(self, database: Database) -> None:
        self.database, self.clock = database, FakeClock()
        self.cadence = Cadence(database, self.clock)

    async def open(self, opening: Opening = TEXTS_LATE) -> Incident:
        now = self.clock.now()
        return await self.database.write(lambda t: incidents.opened(t, opening, by="Night shift", now=now))

    async def say(self, incident: Incident, what: Said) -> Incident:
        now = self.clock.now()
        return await self.database.write(lambda t: incidents.said(t, incident.id, what, by="Day shift", now=now))

    async def page(self, **otherwise: Any) -> str:
        page = replace(Page("texts_late", "all", "Texts are late", "b", "acme"), **otherwise)
        await self.database.write(lambda t: pages.raised(t, page, now=self.clock.now()))
        kept = await self.database.read(pages.listed)
        return kept[0].id

    async def reminders(self, status: str = "open") -> list[str]:
        kept = await self.database.read(lambda c: pages.listed(c, all_of_them=True))
        return [one.page.key for one in kept if one.page.kind == PAGE and one.status == status]

    async def audited(self, incident: Incident) -> list[tuple[str, dict[str, Any]]]:
        query = select(audit.c.kind, audit.c.data).where(audit.c.subject == incident.id).order_by(audit.c.seq)
        rows = await self.database.read(lambda c: c.execute(query).fetchall())
        return [(row.kind, orjson.loads(row.data)) for row in rows]


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with opened(database_url) as database:
        yield Desk(database)


async def test_an_incident_goes_its_way_and_every_step_is_kept_and_audited(desk: Desk) -> None:
    incident = await desk.open()
    assert (incident.state, incident.parts, incident.due_at) == ("investigating", ("calls", "texts"), 1_795_001_800.0)

    desk.clock.advance(5 * MINUTE)
    await desk.say(incident, Said("It is the carrier.", State.IDENTIFIED, Impact.MINOR, ("texts",)))
    desk.clock.advance(5 * MINUTE)
    watched = await desk.say(incident, Said("Texts go out again.", State.MONITORING))
    assert watched.due_at == desk.clock.now() + 60 * MINUTE
    over = await desk.say(incident, Said("It is over.", State.RESOLVED))

    assert [(one.state, one.by, one.words) for one in over.updates] == [
        ("investigating", "Night shift", "We are looking into it."),
        ("identified", "Day shift", "It is the carrier."),
        ("monitoring", "Day shift", "Texts go out again."),
        ("resolved", "Day shift", "It is over."),
    ]
    assert (over.impact, over.parts, over.due_at) == ("minor", ("texts",), 0.0)
    kinds = await desk.audited(incident)
    assert [kind for kind, _ in kinds] == [
        "incident_opened", "incident_updated", "incident_updated", "incident_resolved",
    ]  # fmt: skip
    assert kinds[1][1]["words"] == "It is the carrier."
    assert await desk.database.read(incidents.listed) == []


@pytest.mark.parametrize("before", [state for state in State if state is not State.RESOLVED])
@pytest.mark.parametrize("after", list(State))
async def test_every_way_but_the_drawn_ones_is_refused(sqlite_url: str, before: State, after: State) -> None:
    async with opened(sqlite_url) as database:
        desk = Desk(database)
        incident = await desk.say(await desk.open(), Said("First.", before))
        if after in NEXT[before]:
            assert (await desk.say(incident, Said("Then.", after))).state is after
            return
        with pytest.raises(IncidentError, match=f"From {before} an incident cannot go to {after}; it can go to: "):
            await desk.say(incident, Said("Then.", after))
        assert await database.read(lambda c: incidents.found(c, incident.id)) == incident


async def test_what_is_said_within_one_second_or_by_a_clock_that_went_back_keeps_its_order(desk: Desk) -> None:
    incident = await desk.open()
    for number, later in enumerate((0.2, 0.2, -60.0, 300.0)):
        desk.clock.advance(later)
        incident = await desk.say(incident, Said(f"Update {number}."))

    opened_at = incident.opened_at
    assert [one.at - opened_at for one in incident.updates] == [0.0, 1.0, 2.0, 3.0, pytest.approx(240.4)]
    assert incident.changed_at == incident.updates[-1].at == desk.clock.now()


async def test_what_is_resolved_stays_so(desk: Desk) -> None:
    incident = await desk.say(await desk.open(), Said("Over.", State.RESOLVED))
    for state in (None, *State):
        with pytest.raises(IncidentError, match="is resolved, and stays so"):
            await desk.say(incident, Said("Again?", state))


async def test_one_open_incident_for_a_page_which_is_acknowledged_by_it(desk: Desk) -> None:
    page = await desk.page()
    incident = await desk.open(replace(TEXTS_LATE, page=page))

    assert (incident.page, incident.business) == (page, "acme")
    kept = await desk.database.read(lambda c: pages.found(c, page))
    assert kept is not None
    assert (kept.status, kept.acknowledged_by) == ("acknowledged", "Night shift")
    with pytest.raises(IncidentError, match=f"Incident {incident.id} is open for this page already"):
        await desk.open(replace(TEXTS_LATE, page=page))
    await desk.say(incident, Said("Over.", State.RESOLVED))
    assert (await desk.open(replace(TEXTS_LATE, page=page))).page == page
    with pytest.raises(IncidentError, match="no page with this id"):
        await desk.open(replace(TEXTS_LATE, page="nothing"))


async def test_silence_is_paged_once_and_ends_with_the_next_word(desk: Desk) -> None:
    incident = await desk.open()
    desk.clock.advance(30 * MINUTE - 1)
    assert await desk.cadence.look() == 0
    desk.clock.advance(1)
    assert await desk.cadence.look() == 1
    assert await Cadence(desk.database, desk.clock).look() == 0, "a process that started meanwhile knows of it"
    assert await desk.reminders() == [incident.id]

    await desk.say(incident, Said("Nothing new yet."))
    assert (await desk.reminders(), await desk.reminders("resolved")) == ([], [incident.id])
    desk.clock.advance(30 * MINUTE)
    assert await desk.cadence.look() == 1
    await desk.say(incident, Said("Over.", State.RESOLVED))
    desk.clock.advance(24 * 60 * MINUTE)
    assert await desk.cadence.look() == 0
    assert await desk.reminders() == []
    assert [kind for kind, _ in await desk.audited(incident)].count(PAGE) == 2


async def test_a_page_that_was_taken_away_by_hand_comes_again_after_one_cadence(desk: Desk) -> None:
    incident = await desk.open(replace(TEXTS_LATE, every_minutes=10))
    desk.clock.advance(10 * MINUTE)
    await desk.cadence.look()
    await desk.database.write(lambda t: pages.resolved(t, PAGE, incident.id, now=desk.clock.now(), by="Somebody"))
    desk.clock.advance(10 * MINUTE - 1)
    assert (await desk.cadence.look(), await desk.reminders()) == (0, [])
    desk.clock.advance(1)
    assert (await desk.cadence.look(), await desk.reminders()) == (1, [incident.id])


async def test_a_page_that_was_taken_comes_again_after_one_cadence_without_a_word(desk: Desk) -> None:
    incident = await desk.open(replace(TEXTS_LATE, every_minutes=10))
    due = incident.due_at
    desk.clock.advance(10 * MINUTE)
    await desk.cadence.look()
    [page] = await desk.database.read(pages.listed)
    await desk.database.write(lambda t: pages.acknowledged(t, page.id, by="Somebody", now=desk.clock.now()))
    desk.clock.advance(10 * MINUTE)
    assert await desk.cadence.look() == 1
    [again] = await desk.database.read(pages.listed)
    assert (again.id != page.id, again.status) == (True, "open")
    desk.clock.advance(10 * MINUTE)
    await desk.cadence.look()
    assert [kept.id for kept in await desk.database.read(pages.listed)] == [again.id], (
        "nobody has it: it repeats itself"
    )
    late = await desk.database.read(lambda c: incidents.found(c, incident.id))
    assert late.due_at == due, "overdue since then, however often that was told"


@pytest.mark.parametrize(
    ("otherwise", "refusal"),
    [
        ({"title": " \n "}, "A title has 1 to 160 characters"),
        ({"title": "x" * 161}, "A title has 1 to 160 characters"),
        ({"words": "\t"}, "An update has 1 to 2000 characters"),
        ({"words": "so " * 5_000}, "An update has 1 to 2000 characters"),
        ({"parts": ("calls", "weather")}, "There is no part 'weather'"),
        ({"every_minutes": 0}, "every 5 to 1440 minutes"),
        ({"every_minutes": 4}, "every 5 to 1440 minutes"),
        ({"every_minutes": -1}, "every 5 to 1440 minutes"),
    ],
)
async def test_what_makes_no_incident(sqlite_url: str, otherwise: dict[str, Any], refusal: str) -> None:
    async with opened(sqlite_url) as database:
        with pytest.raises(IncidentError, match=refusal):
            await Desk(database).open(replace(TEXTS_LATE, **otherwise))
        assert await database.read(lambda c: incidents.listed(c, all_of_them=True)) == []


async def test_personal_data_and_what_cannot_be_shown_is_not_kept(desk: Desk) -> None:
    words = "Call +1 512 555 0142 or ann@example.com.\n\u202eHidden\x00\x1b[31m \ud800 red\n\n  Second  line  "
    incident = await desk.open(Opening("For 512-555-0142", words))
    assert incident.title == "For …42"
    assert incident.updates[0].words == "Call +1…42 or [email].\nHidden [31m red\nSecond line"
    assert "5550142" not in str(await desk.audited(incident))


async def test_the_first_characters_of_an_id_name_an_incident_unless_two_begin_so(desk: Desk) -> None:
    incident = await desk.open()
    assert (await desk.database.read(lambda c: incidents.found(c, incident.id[:8].upper()))).id == incident.id
    for name in ("", "abc", "%%%%%", "____", "ffff'--", "é" * 8, "0" * 33):
        with pytest.raises(IncidentError):
            await desk.database.read(lambda c, name=name: incidents.found(c, name))


async def test_an_incident_has_a_bound_and_can_be_resolved_beyond_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incidents, "MOST_UPDATES", 2)
    incident = await desk.say(await desk.open(), Said("Second."))
    with pytest.raises(IncidentError, match="has 2 updates already"):
        await desk.say(incident, Said("Third."))
    assert (await desk.say(incident, Said("Over.", State.RESOLVED))).state is State.RESOLVED
