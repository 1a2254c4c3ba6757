"""What was left lying is taken up again, and what no webhook ever told of is found at the carrier."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import delete, select

from app.db.schema import job_outbox, pages, texts_in
from app.promises.texts import GOOD_FOR_S
from app.sms.carrier import NotSent, Unknown
from app.sms.sending import LATE_AFTER_S
from app.sms.sweep import EVERYWHERE_EVERY_S, FIRST_BACK_S, MOST, OVERLAP_S, STUCK_S, TOO_LONG_S, TextSweep
from tests.sms.texting import CUSTOMER, LINE, OTHER, Texting, text, texting

ANOTHER = "+15125550200"


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[Texting]:
    async with texting(database_url) as made:
        yield made


def sweep(house: Texting) -> TextSweep:
    return TextSweep(house.database, house.inbox, house.carrier, [LINE, ANOTHER], house.clock)


async def jobs_lost(house: Texting) -> None:
    """As after a durable engine that was thrown away."""
    await house.database.write(lambda t: t.connection.execute(delete(job_outbox)))


async def test_a_text_whose_job_was_lost_is_answered(house: Texting) -> None:
    await house.say("Anybody there?")
    await jobs_lost(house)
    looks = sweep(house)
    assert await looks.look() == 0, "not while it may be under way"
    house.clock.advance(STUCK_S + 1)
    assert await looks.look() == 1
    assert await looks.look() == 1
    await house.answered()
    assert await looks.look() == 0

    assert (await house.replies(), await house.waiting()) == (["heard Anybody there?"], [])


async def test_a_reply_whose_job_was_lost_is_sent_once(house: Texting) -> None:
    await house.owe()
    await jobs_lost(house)
    house.clock.advance(400)
    looks = sweep(house)
    assert await looks.look() == 1
    await house.jobs.run_for(10)
    house.clock.advance(400)
    assert await looks.look() == 0

    assert (house.carrier.taken, await house.states()) == ([(CUSTOMER, "Hi")], ["accepted"])


async def test_without_a_carrier_nothing_is_done_about_what_is_owed(house: Texting) -> None:
    await house.owe()
    await jobs_lost(house)
    house.clock.advance(400)
    without = TextSweep(house.database, house.inbox, None, [LINE], house.clock)

    assert (await without.look(), await without.list_missed()) == (0, 0)


async def test_one_that_waits_for_its_time_is_left_alone(house: Texting) -> None:
    await house.owe(not_before=house.clock.now() + 3_600)
    house.clock.advance(400)

    assert await sweep(house).look() == 0


async def test_who_waits_for_too_long_is_paged_about_until_answered(house: Texting) -> None:
    await house.say("Anybody there?")
    looks = sweep(house)
    house.clock.advance(TOO_LONG_S + 1)
    await looks.look()
    await looks.look()
    assert await house.pages() == ["texts_unanswered"]
    await house.answered()
    await looks.look()

    url = await house.database.read(lambda c: c.exec_driver_sql("SELECT status FROM pages").scalar_one())
    assert url == "resolved"


async def test_a_page_about_texts_ends_though_another_process_raised_it(house: Texting) -> None:
    await house.say("Anybody there?")
    house.clock.advance(TOO_LONG_S + 1)
    await sweep(house).look()
    await sweep(house).look()
    assert await house.pages() == ["texts_unanswered"], "it waits on"
    await house.answered()
    await sweep(house).look()

    assert [page.status for page in await house.rows(pages)] == ["resolved"]


async def test_what_no_webhook_told_of_is_found_and_answered_once(house: Texting) -> None:
    await house.say("told of")
    house.carrier.incoming = [text("told of"), text("never told of", 2), text("elsewhere", 3, line="+15125559999")]
    looks = sweep(house)
    assert await looks.list_missed() == 1
    assert await looks.list_missed() == 0
    await house.answered()

    assert await house.replies() == ["heard told of | never told of"]


async def test_it_looks_back_only_to_what_is_ours_to_answer(house: Texting) -> None:
    async def looked_back_s() -> set[float]:
        house.carrier.listed.clear()
        await sweep(house).list_missed()
        return {house.clock.now() - since for _, _, since in house.carrier.listed}

    assert await looked_back_s() == {FIRST_BACK_S}
    await house.say("Hi")
    house.clock.advance(30 * 86_400)
    assert await looked_back_s() == {86_400.0}


async def test_what_came_in_an_outage_is_found_though_a_newer_text_is_told_of_first(house: Texting) -> None:
    await house.say("before")
    await sweep(house).list_missed()
    house.clock.advance(3 * 3_600)
    house.carrier.incoming = [text("in the outage", 2, customer=OTHER)]
    await house.say("after", first=3)
    assert await sweep(house).list_missed() == 1
    await house.answered()

    assert sorted(await house.replies()) == ["heard before | after", "heard in the outage"]


async def test_a_list_that_nobody_could_read_is_read_from_where_the_last_one_ended(house: Texting) -> None:
    looks = sweep(house)
    await looks.list_missed()
    begun = house.clock.now()
    for hours in range(3):
        house.clock.advance(3_600)
        await house.say("told of", first=hours + 1)
        house.carrier.lookups.append(Unknown("HTTP 503"))  # of the first line only
        await looks.list_missed()
    house.carrier.listed.clear()
    await looks.list_missed()

    assert {since for _, _, since in house.carrier.listed} == {begun - OVERLAP_S}


async def test_a_clock_that_was_ahead_hides_nothing_that_comes_in(house: Texting) -> None:
    await house.say("Hi")
    house.clock.advance(86_400)
    await sweep(house).list_missed()
    house.clock.advance(-86_400)
    house.carrier.listed.clear()
    await sweep(house).list_missed()

    assert {since for _, _, since in house.carrier.listed} == {house.clock.now() - OVERLAP_S}


async def test_who_writes_by_whatsapp_is_looked_for_there_and_at_first_on_every_line(house: Texting) -> None:
    house.carrier.incoming = [text("no webhook was ever set up", channel="whatsapp")]
    looks = sweep(house)
    assert await looks.list_missed() == 1
    everywhere = [(line, channel) for line, channel, _ in house.carrier.listed]
    assert everywhere == [(LINE, "sms"), (ANOTHER, "sms"), (LINE, "whatsapp"), (ANOTHER, "whatsapp")]
    for passed_s, whatsapp in ((120.0, []), (EVERYWHERE_EVERY_S, [LINE, ANOTHER]), (120.0, [LINE])):
        house.carrier.listed.clear()
        house.clock.advance(passed_s)
        await looks.list_missed()
        assert [line for line, channel, _ in house.carrier.listed if channel == "whatsapp"] == whatsapp
    await house.answered()

    assert await house.replies() == ["heard no webhook was ever set up"]


async def test_of_more_texts_than_are_looked_for_at_once_none_is_left(house: Texting) -> None:
    house.carrier.incoming = [text(f"{number}", number) for number in range(MOST + 2)]
    assert await sweep(house).list_missed() == MOST + 2
    assert {row.id for row in await house.rows(texts_in)} == {one.id for one in house.carrier.incoming}


async def test_a_carrier_that_does_not_tell_is_asked_again_later(house: Texting) -> None:
    house.carrier.lookups.extend([Unknown("HTTP 503")] * 2)
    house.carrier.incoming = [text("Hi")]
    looks = sweep(house)
    assert await looks.list_missed() == 0
    assert await looks.list_missed() == 1
    assert len(await house.rows(texts_in)) == 1


async def test_the_page_about_late_texts_ends_when_none_waits_any_more(house: Texting) -> None:
    house.carrier.answers.extend([NotSent("HTTP 503")] * 2_000)
    await house.owe()
    looks = sweep(house)
    await house.jobs.run_for(2 * LATE_AFTER_S)
    await looks.look()
    assert await open_pages(house) == ["texts_late"]
    house.clock.advance(GOOD_FOR_S)
    await house.jobs.run_for(600)
    await looks.look()

    assert (house.carrier.taken, await house.states()) == ([], ["expired"])
    assert "texts_late" not in await open_pages(house), "nothing else may be sent for days"


async def open_pages(house: Texting) -> list[str]:
    asked = select(pages.c.kind).where(pages.c.status != "resolved")
    return list(await house.database.read(lambda c: c.execute(asked).scalars().all()))
