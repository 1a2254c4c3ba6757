"""What follows from a page that people have does not ring beside it, is named with it, and is never lost."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.adapters.model_prices import PROVIDERS
from app.db.engine import Database
from app.watch import following, held, pages
from app.watch.escalation import PAUSES_S, QUIET_S, WITHIN, Progress, Reach
from app.watch.following import AT_ONCE_S, FIGURES_S, FOR_CUSTOMERS_S, MOST_NAMED, NAMED_S, PATIENT_S, SETTLES_S
from app.watch.notify import Notice, Taken
from app.watch.pages import Kept, Page
from app.watch.pages_told import described
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened
from tests.watch.test_pager import FIRST, OWN, SECOND, ScriptedMessenger, pager
from tests.watch.test_runbook import RUNBOOK

DANA = Page("calendar_silent", "google:dana", "Calendar cannot be read: Dana", "b", "acme")
LEE = replace(DANA, key="google:lee", title="Calendar cannot be read: Lee")
BLIND = Page("read_back_cannot_verify", "RB1", "Cannot verify RB1", "b", "acme")
UNSETTLED = Page("booking_unsettled", "RB1", "Unsettled RB1", "b", "acme")
ANOTHER = replace(UNSETTLED, key="RB2", title="Unsettled RB2")
FOREIGN = replace(ANOTHER, key="RB9", business="zenith", title="Unsettled RB9 of zenith")
APP = Path(following.__file__).parents[1]
OBSERVED = re.compile(r'observe_upstream\("(\w+)"')
LATER_S = 20.0
"""After the first one."""
ERRORS = Page("figure", "upstream_errors:google", "Figure raised: upstream_errors of google", "b")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as started:
        yield started


class Night:
    """A pager, its receivers, and what goes wrong."""

    def __init__(self, database: Database, **answers: Taken) -> None:
        self.database, self.clock, self.messenger = database, FakeClock(), ScriptedMessenger(**answers)
        self.pager = pager(database, self.messenger, self.clock)

    async def raised(self, *these: Page) -> None:
        for page in these:
            await self.database.write(lambda t, page=page: pages.raised(t, page, now=self.clock.now()))  # type: ignore[misc]  # the default only binds it
            self.clock.advance(0.001)
        await self.pager.deliver_due()

    async def ended(self, page: Page) -> None:
        await self.database.write(lambda t: pages.resolved(t, page.kind, page.key, now=self.clock.now()))
        await self.pager.deliver_due()

    async def after(self, seconds: float) -> None:
        self.clock.advance(seconds)
        await self.pager.deliver_due()

    def heard(self, receiver: str = OWN) -> list[str]:
        return [f"{notice.step}: {notice.title}" for notice in self.messenger.told[receiver]]

    def last(self) -> str:
        return self.messenger.told[OWN][-1].body


async def taken(night: Night, page: Page) -> None:
    """Somebody has it: it is not told again."""
    [kept] = [kept for kept in await night.database.read(pages.listed) if kept.page.key == page.key]
    await night.database.write(lambda t: pages.acknowledged(t, kept.id, by="Kim", now=night.clock.now()))


async def test_of_two_calendars_that_fall_silent_together_one_rings_and_names_the_other(database: Database) -> None:
    night = Night(database)
    await night.raised(DANA, LEE)
    assert night.heard() == night.heard(FIRST) == [f"raised: {DANA.title}"]
    await night.after(QUIET_S[0])
    assert night.heard() == [f"raised: {DANA.title}"] * 2
    assert LEE.title in night.last()
    await night.after(PATIENT_S)
    await night.ended(LEE)
    await night.ended(DANA)
    await night.after(NAMED_S)
    assert LEE.title not in "".join(night.heard()), "nobody heard of it, nor need anybody hear of its end"
    assert night.heard()[-1] == f"resolved: {DANA.title}"


async def test_that_a_page_waits_is_shown_as_no_receiver_that_was_not_reached(database: Database) -> None:
    night = Night(database)
    await night.raised(DANA, LEE)
    lee, dana = await database.read(pages.listed)
    assert (lee.page, described(lee)["waits"]) == (LEE, True)
    assert all(receiver["reached_at"] for receiver in described(lee)["receivers"])
    await database.write(lambda t: held.named(t, dana.id, [lee], now=night.clock.now()))
    named = described((await database.read(pages.listed))[0])
    assert [bool(receiver["reached_at"]) for receiver in named["receivers"]] == [True], "people read of it there"


async def test_of_two_bookings_that_nobody_can_settle_at_once_one_rings_and_names_the_other(database: Database) -> None:
    night = Night(database)
    await night.raised(UNSETTLED, ANOTHER)
    await night.after(QUIET_S[0])
    assert night.heard() == [f"raised: {UNSETTLED.title}"] * 2
    assert ANOTHER.title in night.last()
    await night.after(FOR_CUSTOMERS_S - QUIET_S[0])
    assert f"raised: {ANOTHER.title}" not in night.heard()


@pytest.mark.parametrize("kind", ["database_down", "call_event_lost", "cap_store_down"])
async def test_that_nobody_follows_transfers_is_heard_also_where_it_is_over_within_a_minute(
    database: Database, kind: str
) -> None:
    night, lost = Night(database), Page("transfers_not_followed", "transfers", "Nobody follows transfers", "b")
    await night.raised(Page(kind, "k", "The database takes only some", "b"))
    await night.raised(lost)
    await night.after(60.0)
    await night.ended(lost)
    assert night.heard()[1:] == [f"raised: {lost.title}", f"resolved: {lost.title}"]


@pytest.mark.parametrize(("upstream", "kind"), [("twilio", "texts_late"), ("crm", "crm_copies_late")])
async def test_what_a_figure_of_its_own_upstream_told_already_waits_to_be_named_by_it(
    database: Database, upstream: str, kind: str
) -> None:
    night = Night(database)
    figure = replace(ERRORS, key=f"upstream_errors:{upstream}", title=f"Figure raised: upstream_errors of {upstream}")
    await night.raised(figure)
    await night.after(1)
    await night.raised(Page(kind, "zenith", "They are late", "b", "zenith"))
    assert night.heard() == [f"raised: {figure.title}"]
    await night.after(QUIET_S[0])
    assert "They are late" in night.last()
    await night.raised(Page(kind, "acme", "Ours are late", "b", "acme"))
    assert "raised: Ours are late" in night.heard(FIRST), "people of this business heard nothing of the figure"


async def test_what_is_still_up_when_the_other_is_over_rings_by_itself(database: Database) -> None:
    night = Night(database)
    await night.raised(DANA, LEE)
    await night.after(QUIET_S[0])
    await night.ended(DANA)
    await night.after(SETTLES_S - 1)
    assert f"raised: {LEE.title}" not in night.heard()
    await night.after(1)
    assert night.heard()[-1] == f"raised: {LEE.title}"


async def test_what_nobody_was_told_of_in_time_rings_by_itself_and_names_those_that_came_with_it(
    database: Database,
) -> None:
    """As behind a page that somebody has taken, which is not told again."""
    night = Night(database)
    await night.raised(BLIND)
    await taken(night, BLIND)
    others = [replace(BLIND, key=f"RB{n}", title=f"Cannot verify RB{n}") for n in (2, 3, 4)]
    for other in others:
        await night.raised(other)
        await night.after(1)
    await night.after(FOR_CUSTOMERS_S - 4)
    assert "raised: Cannot verify RB2" not in night.heard()
    await night.after(1)
    assert night.heard()[-1] == "raised: Cannot verify RB2"
    assert [title in night.last() for title in ("RB3", "RB4", "RB1")] == [True, True, False]
    await night.after(FOR_CUSTOMERS_S - 1)
    assert "raised: Cannot verify RB3" not in night.heard()


async def test_where_a_page_that_is_told_again_is_not_read_again_naming_is_not_telling(database: Database) -> None:
    """As PagerDuty does, which has one incident of all its rounds."""
    night = Night(database)
    night.pager._read_anew = lambda url: url != FIRST
    await night.raised(DANA)
    await night.raised(LEE)  # not at once: the first round may name it, which everybody reads
    await night.after(QUIET_S[0])
    assert LEE.title in night.last()
    await night.after(PATIENT_S - QUIET_S[0])
    assert f"raised: {LEE.title}" in night.heard()


async def test_behind_a_page_that_reached_nobody_none_waits(database: Database) -> None:
    night = Night(database, own=Taken.FAILED, first=Taken.FAILED, second=Taken.FAILED, third=Taken.FAILED)
    await night.raised(DANA)
    for pause_s in PAUSES_S:
        await night.after(pause_s)
    night.messenger.answers.clear()
    await night.raised(LEE)
    assert f"raised: {LEE.title}" in night.heard()


async def test_none_waits_behind_a_page_that_others_hear_of(database: Database) -> None:
    """The installation's own people were told; those of the business were not."""
    night = Night(database)
    await night.raised(replace(DANA, business=""), LEE)
    assert night.heard(FIRST) == [f"raised: {LEE.title}"]


@pytest.mark.parametrize(
    "page",
    [
        Page("read_back_mismatch", "RB1", "Read-back mismatch: RB1", "b", "acme"),
        Page("task_due_soon", "t1", "To be done now", "b", "acme"),
        Page("figure", "ended_account", "Figure raised: ended_account", "b"),
        Page("figure", "upstream_errors:twilio", "Figure raised: upstream_errors of twilio", "b"),
        BLIND,
    ],
    ids=lambda page: f"{page.kind} {page.key}",
)
async def test_what_is_not_of_its_kind_rings_at_once(database: Database, page: Page) -> None:
    night = Night(database)
    await night.raised(DANA, page)
    assert set(night.heard()) == {f"raised: {DANA.title}", f"raised: {page.title}"}


async def test_a_figure_that_looks_back_on_an_outage_that_is_over_waits_until_it_has_passed(database: Database) -> None:
    night = Night(database)
    await night.raised(DANA)
    await night.ended(DANA)
    await night.raised(ERRORS)
    await night.after(FIGURES_S - 1)
    assert night.heard() == [f"raised: {DANA.title}", f"resolved: {DANA.title}"]
    await night.after(1)
    assert night.heard()[-1] == f"raised: {ERRORS.title}", "it lasts"


async def test_of_a_page_that_ended_while_it_was_told_it_does_not_matter_whom_it_named(database: Database) -> None:
    night = Night(database)
    await night.raised(UNSETTLED)
    night.clock.advance(LATER_S)
    await night.raised(ANOTHER)
    carry = night.messenger.carry

    async def over_meanwhile(url: str, notice: Notice) -> Taken:
        if url == OWN and notice.title == UNSETTLED.title:
            await database.write(lambda t: pages.resolved(t, UNSETTLED.kind, UNSETTLED.key, now=night.clock.now()))
        return await carry(url, notice)

    night.messenger.carry = over_meanwhile  # type: ignore[method-assign]
    await night.after(QUIET_S[0] - LATER_S)
    assert ANOTHER.title in night.messenger.told[OWN][1].body
    assert f"raised: {ANOTHER.title}" not in night.heard()
    await night.after(SETTLES_S)
    assert f"raised: {ANOTHER.title}" in night.heard()


async def test_one_that_was_looked_at_while_the_other_ended_rings_as_soon(database: Database) -> None:
    night = Night(database)
    await night.raised(UNSETTLED)
    wait = night.pager._waits_until

    async def over_meanwhile(kept: Kept) -> float | None:
        until = await wait(kept)
        await database.write(lambda t: pages.resolved(t, UNSETTLED.kind, UNSETTLED.key, now=night.clock.now()))
        return until

    night.pager._waits_until = over_meanwhile  # type: ignore[method-assign]
    await night.raised(ANOTHER)
    night.pager._waits_until = wait  # type: ignore[method-assign]
    await night.after(SETTLES_S)
    assert night.heard()[-1] == f"raised: {ANOTHER.title}"


async def test_what_only_a_receiver_that_was_late_read_of_has_not_been_told(database: Database) -> None:
    """Who had the first try of a round is told nothing in the second."""
    night = Night(database, first=Taken.FAILED)
    await night.raised(UNSETTLED)
    await night.raised(ANOTHER)
    night.messenger.answers.clear()
    await night.after(PAUSES_S[0])
    assert ANOTHER.title in night.messenger.told[FIRST][-1].body
    assert ANOTHER.title not in night.last()
    await taken(night, UNSETTLED)
    await night.after(FOR_CUSTOMERS_S)
    assert night.heard()[-1] == f"raised: {ANOTHER.title}"


async def test_a_figure_that_was_named_rings_when_the_outage_has_passed(database: Database) -> None:
    night = Night(database)
    await night.raised(DANA, ERRORS)
    await night.after(QUIET_S[0])
    assert ERRORS.title in night.last()
    await night.ended(DANA)
    await night.after(SETTLES_S)
    await night.after(FIGURES_S - SETTLES_S - 1)
    assert f"raised: {ERRORS.title}" not in night.heard()
    await night.after(1)
    assert night.heard()[-1] == f"raised: {ERRORS.title}"


async def test_one_that_was_named_in_a_page_that_is_over_does_not_wait_behind_one_that_is_not_told_again(
    database: Database,
) -> None:
    night = Night(database)
    await night.raised(ERRORS)
    await taken(night, ERRORS)
    await night.raised(DANA)
    figure = replace(ERRORS, key="tool_errors", title="Figure raised: tool_errors")
    await night.raised(figure)
    await night.after(QUIET_S[0])
    assert figure.title in night.last()
    await night.ended(DANA)
    await night.after(FIGURES_S)
    assert night.heard()[-1] == f"raised: {figure.title}"


async def test_none_waits_for_long_behind_a_page_that_is_being_told_and_reaches_nobody(database: Database) -> None:
    night = Night(database, own=Taken.FAILED, first=Taken.FAILED, second=Taken.FAILED, third=Taken.FAILED)
    await night.raised(DANA, LEE)
    night.messenger.answers.clear()
    await database.write(lambda t: pages.resolved(t, DANA.kind, DANA.key, now=night.clock.now()))
    await night.after(AT_ONCE_S)
    assert f"raised: {LEE.title}" in night.heard()


async def test_a_business_does_not_read_of_the_trouble_of_another(database: Database) -> None:
    """The installation's own people do, and to them it is told by that."""
    night = Night(database)
    await night.raised(UNSETTLED)
    night.clock.advance(LATER_S)
    await night.raised(ANOTHER, FOREIGN)
    await night.after(QUIET_S[0] - LATER_S)
    assert [title in night.last() for title in (ANOTHER.title, FOREIGN.title)] == [True, True]
    assert ANOTHER.title in night.messenger.told[FIRST][-1].body
    assert [notice for url in (FIRST, SECOND) for notice in night.messenger.told[url] if "zenith" in str(notice)] == []
    await taken(night, UNSETTLED)
    await night.after(FOR_CUSTOMERS_S)
    assert f"raised: {FOREIGN.title}" not in night.heard()


async def test_what_only_another_business_was_told_beside_is_not_told(database: Database) -> None:
    night = Night(database)
    await night.raised(UNSETTLED)
    night.clock.advance(LATER_S)
    await night.raised(FOREIGN)
    night.messenger.answers[OWN] = Taken.FAILED
    await night.after(QUIET_S[0] - LATER_S)
    night.messenger.answers.clear()
    await taken(night, UNSETTLED)
    await night.after(FOR_CUSTOMERS_S - QUIET_S[0] + LATER_S)
    assert f"raised: {FOREIGN.title}" in night.heard()


async def test_a_list_shows_that_one_waits_and_that_it_was_named(database: Database) -> None:
    night = Night(database)
    await night.raised(DANA, LEE)
    lee = {kept.page.key: kept for kept in await database.read(pages.listed)}[LEE.key]
    assert lee.progress.reach[WITHIN].shown == "another page"
    assert not lee.progress.heard()
    await night.after(QUIET_S[0])
    kept = {kept.page.key: kept for kept in await database.read(pages.listed)}
    lee, dana = kept[LEE.key], kept[DANA.key]
    assert lee.progress.reach[f"{WITHIN}:{dana.id}"].reached_at == night.clock.now()
    assert not lee.progress.heard(), "it has not rung itself"


def test_every_kind_that_waits_or_is_waited_for_is_one_that_there_is() -> None:
    rules = [*following._RULES.items(), *((following.FIGURE, following.Rule(b)) for b in following._UPSTREAMS.values())]
    named = {kind for waits, rule in rules for kind in (waits, *rule.behind)}
    assert sorted(kind for kind in named.union(*following._FIGURES.values()) if f"`{kind}`" not in RUNBOOK) == []


def test_an_upstream_that_is_no_provider_of_models_does_not_wait_behind_their_trouble() -> None:
    called = {name for file in APP.rglob("*.py") for name in OBSERVED.findall(file.read_text(encoding="utf-8"))}
    of_nothing = {"pagerduty", "heartbeat", "vapi_api", "vapi_control"}
    assert called >= of_nothing
    assert set(following._UPSTREAMS) == called - of_nothing | set(PROVIDERS)
    models = {name for name, behind in following._UPSTREAMS.items() if "model_fails" in behind}
    assert models == set(PROVIDERS)
    one = Kept("1", ERRORS, "open", 0.0, 0.0, 0.0, Progress(), "", "", 0.0, "")
    waits = {of: following.may_wait(replace(one, page=replace(ERRORS, key=f"upstream_errors:{of}"))) for of in called}
    assert {of for of, may in waits.items() if not may} == of_nothing


def test_of_very_many_the_first_are_named_and_the_rest_counted() -> None:
    one = Kept("1", DANA, "open", 0.0, 0.0, 0.0, Progress(reach={"r": Reach("r", 0, 1.0)}), "open", "", 0.0, "")
    words = following.naming(one, [one] * (MOST_NAMED + 5)).page.body
    assert words.count(DANA.title) == MOST_NAMED
    assert words.endswith("and 5 more")
    assert following.naming(one, []) == one
