"""Each text goes out once: the last moment before it does decides, and what nobody knows is looked for."""

import asyncio
from collections.abc import AsyncIterator
from itertools import permutations

import pytest
from sqlalchemy import insert, update

from app.calls.texting import TextReport
from app.db.schema import bookings, pages, text_outbox
from app.jobs.outbox import Again
from app.promises import consent
from app.promises.texts import CONFIRMATION, GOOD_FOR_S, REVIEWED
from app.sms.aftermath import LATE_AFTER_S, REFUSED_FOR_S
from app.sms.carrier import NotSent, Refused, Unknown
from app.sms.codes import FATES, Deed, fate, forward
from app.sms.pace import turn
from app.sms.sending import Sending
from app.sms.turn import Turn
from tests.sms.texting import CUSTOMER, LINE, OTHER, Texting, text, texting
from tests.watch.figured import filled


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[Texting]:
    async with texting(database_url) as made:
        yield made


async def unwanted(house: Texting) -> str:
    return await house.database.read(lambda c: consent.unwanted(c, "acme", CUSTOMER))


async def being_sent(house: Texting) -> None:
    """As a process leaves a text that dies in the middle of a request."""
    values = {"state": "sending", "attempts": 1, "attempted_at": house.clock.now()}
    await house.database.write(lambda t: t.connection.execute(update(text_outbox).values(**values)))


async def test_a_reply_goes_out_once_and_is_followed_to_its_delivery(house: Texting) -> None:
    await house.say("Hi")
    await house.answered()
    assert house.carrier.taken == [(CUSTOMER, "heard Hi")]
    assert (house.carrier.outgoing[0].sender, await house.states()) == (LINE, ["accepted"])
    await house.report("sent", "delivered")
    await house.jobs.run_for(3_600)

    assert (await house.states(), house.carrier.tried) == (["delivered"], 1)


async def test_two_jobs_about_one_text_send_it_once(house: Texting) -> None:
    await house.owe()
    [row] = await house.rows(text_outbox)
    await asyncio.gather(*(house.sending.send({"text": row.id}) for _ in range(5)))

    assert house.carrier.tried == 1


async def test_an_opt_out_between_queueing_and_sending_is_in_time(house: Texting) -> None:
    async def opting_out() -> None:
        house.carrier.before = None
        await house.inbox.received(text("STOP", 9))

    await house.owe()
    house.carrier.before = opting_out
    await house.jobs.run_for(60)

    assert (house.carrier.tried, await house.states()) == (0, ["withheld"])


async def test_what_tells_of_a_visit_as_it_was_before_a_change_is_not_sent(house: Texting) -> None:
    row = filled(bookings, id="b1", reference="ABC234", business="acme", status="confirmed", revision=2)
    await house.database.write(lambda t: t.connection.execute(insert(bookings).values(**row)))
    for revision, body in ((1, "At nine"), (2, "At ten")):
        await house.owe(kind=CONFIRMATION, booking="b1", revision=revision, body=body)
    await house.jobs.run_for(60)

    assert house.carrier.taken == [(CUSTOMER, "At ten")]
    assert await house.states() == ["expired", "accepted"]


async def test_a_report_of_another_text_of_the_carrier_moves_ours_nowhere(house: Texting) -> None:
    await house.owe()
    await house.jobs.run_for(60)
    await house.sending.reported(TextReport("SMsomebodyelses", "delivered", house.carrier.outgoing[0].id, 0))

    assert await house.states() == ["accepted"]


async def test_the_one_confirmation_of_an_opt_out_goes_out_all_the_same(house: Texting) -> None:
    await house.say("please stop texting me")
    await house.answered()

    [(to, body)] = house.carrier.taken
    assert to == CUSTOMER
    assert "no more texts" in body


async def test_what_was_certainly_not_sent_is_tried_until_it_is(house: Texting) -> None:
    house.carrier.answers.extend([NotSent("too many requests", 2.0), NotSent("cannot connect"), NotSent("spared")])
    await house.owe()
    await house.jobs.run_for(120)

    assert (house.carrier.tried, house.carrier.taken, await house.states()) == (4, [(CUSTOMER, "Hi")], ["accepted"])


async def test_a_text_whose_turn_is_far_off_comes_back_and_holds_up_nobody(house: Texting) -> None:
    house.carrier.waits.append(30.0)
    await house.owe()
    await house.jobs.run_for(29)
    assert house.carrier.tried == 0
    await house.jobs.run_for(5)

    assert (house.carrier.tried, await house.states()) == (1, ["accepted"])


async def test_a_number_keeps_its_pace_over_all_processes(house: Texting) -> None:
    here, there = (Sending(house.database, house.carrier, {}, house.clock, per_second=1) for _ in range(2))
    for booking in ("one", "two", "three"):
        await house.owe(booking=booking)
    await house.owe(booking="theirs", from_number="+15125550200")
    ids = {row.booking: row.id for row in await house.rows(text_outbox)}
    one, two, three, theirs = (ids[booking] for booking in ("one", "two", "three", "theirs"))
    assert [await here.send({"text": one}), await there.send({"text": theirs})] == [None, None]
    later = await there.send({"text": two})
    assert isinstance(later, Again)
    assert 0.5 < later.after_s < 1.5
    house.clock.advance(1.0)
    assert [await there.send({"text": two}), bool(await here.send({"text": three}))] == [None, True]

    assert house.carrier.tried == 3


async def test_a_clock_that_was_set_back_holds_no_number_up(house: Texting) -> None:
    async def taken(now: float, per_second: int = 1) -> float:
        return await house.database.write(lambda t: turn(t, LINE, "text", per_second=per_second, now=now))

    assert (await taken(5_000.0), await taken(1_000.0)) == (0.0, 0.0)
    assert await taken(1_000.5) == pytest.approx(0.4)
    at_once = [await taken(9_000.0, 100) for _ in range(20)]
    assert 10 <= at_once.count(0.0) <= 12, "a tenth of a second's texts may be written at one moment"


async def test_what_arrived_though_nobody_said_so_is_found_and_not_repeated(house: Texting) -> None:
    house.carrier.answers.append(Unknown("HTTP 503"))
    house.carrier.arrives = True
    await house.owe()
    await house.jobs.run_for(5)
    assert await house.states() == ["unknown"]
    await house.jobs.run_for(600)

    assert (house.carrier.tried, len(house.carrier.taken), await house.states()) == (1, 1, ["sent"])


async def test_what_is_certainly_not_there_is_sent_again_but_not_too_soon(house: Texting) -> None:
    house.carrier.answers.append(Unknown("HTTP 503"))
    await house.owe()
    await house.jobs.run_for(25)
    assert house.carrier.tried == 1
    await house.jobs.run_for(60)

    assert (house.carrier.tried, house.carrier.taken, await house.states()) == (2, [(CUSTOMER, "Hi")], ["accepted"])


async def test_the_same_words_twice_are_two_texts_and_each_is_found_once(house: Texting) -> None:
    house.carrier.answers.extend([Unknown("lost"), Unknown("lost")])
    house.carrier.arrives = True
    await house.owe(booking="one")
    await house.owe(booking="two")
    await house.jobs.run_for(600)

    assert (house.carrier.tried, len(house.carrier.taken)) == (2, 2)
    assert await house.states() == ["sent", "sent"]
    assert len({row.sid for row in await house.rows(text_outbox)}) == 2


async def test_a_process_that_died_while_sending_is_as_unknown(house: Texting) -> None:
    await house.owe()
    await being_sent(house)
    await house.jobs.run_for(5)
    assert house.carrier.tried == 0
    await house.jobs.run_for(120)

    assert (house.carrier.tried, await house.states()) == (1, ["accepted"])


async def test_a_late_report_with_our_own_id_settles_what_nobody_knew(house: Texting) -> None:
    house.carrier.answers.append(Unknown("HTTP 503"))
    house.carrier.arrives = house.carrier.hides = True
    await house.owe()
    await house.jobs.run_for(5)
    await house.report("delivered")
    await house.jobs.run_for(600)

    assert (house.carrier.tried, await house.states()) == (1, ["delivered"])


async def test_a_carrier_down_for_an_hour_loses_nothing_and_doubles_nothing_and_pages(house: Texting) -> None:
    for _ in range(400):
        house.carrier.answers.append(NotSent("cannot connect"))
    for number in range(3):
        await house.owe(revision=number, conversation="c1", body=f"part {number}")
    await house.jobs.run_for(3_600)
    assert (house.carrier.taken, await house.pages()) == ([], ["texts_late"])
    house.carrier.answers.clear()
    await house.jobs.run_for(600)

    assert house.carrier.taken == [(CUSTOMER, f"part {number}") for number in range(3)], "in their order"


async def test_the_page_about_late_texts_ends_with_the_last_of_them(house: Texting) -> None:
    """One that leaves is no end of it: each that fails in between would be a page of its own."""
    house.carrier.answers.extend([NotSent("cannot connect")] * 400)
    for number in range(6):
        await house.owe(revision=number, conversation=f"c{number}")
    await house.jobs.run_for(LATE_AFTER_S + 600)
    assert await house.pages() == ["texts_late"]
    house.carrier.answers.clear()
    await house.owe(revision=7, conversation="c7")  # leaves at once, while the others wait to be tried again
    await house.jobs.run_for(1)
    assert {"accepted", "pending"} <= set(await house.states())
    assert [page.status for page in await house.rows(pages)] == ["open"]
    house.carrier.answers.extend([NotSent("cannot connect")] * 2)
    await house.jobs.run_for(600)
    assert set(await house.states()) == {"accepted"}
    assert [page.status for page in await house.rows(pages)] == ["resolved"]


async def test_texts_that_are_of_no_use_any_more_are_not_late(house: Texting) -> None:
    house.carrier.answers.extend([NotSent("cannot connect")] * 9_999)
    await house.owe()
    await house.jobs.run_for(GOOD_FOR_S + 3_600)
    assert await house.states() == ["expired"]
    assert ("texts_late", "resolved") in [(page.kind, page.status) for page in await house.rows(pages)]


async def test_unknown_for_an_hour_is_settled_when_the_carrier_tells_again(house: Texting) -> None:
    house.carrier.answers.append(Unknown("HTTP 503"))
    house.carrier.arrives = True
    house.carrier.lookups.extend([Unknown("HTTP 503")] * 400)
    await house.owe()
    await house.jobs.run_for(2 * LATE_AFTER_S)
    assert await house.pages() == ["texts_late"]
    house.carrier.lookups.clear()
    await house.jobs.run_for(600)

    assert (house.carrier.tried, await house.states()) == (1, ["sent"])


async def test_a_text_that_comes_too_late_is_not_sent_and_a_person_says_it(house: Texting) -> None:
    await house.owe(good_until=house.clock.now() + 60)
    house.clock.advance(61)
    await house.jobs.run_for(60)
    await house.owe(booking="older", kind="confirmation")
    house.clock.advance(GOOD_FOR_S + 1)
    await house.jobs.run_for(60)

    assert (house.carrier.tried, await house.states()) == (0, ["expired", "expired"])
    assert [(task.kind, task.details) for task in await house.tasks()] == [("tell_customer", "Hi")]


@pytest.mark.parametrize("order", list(permutations(["sent", "delivered", "queued"])))
async def test_reports_in_any_order_and_twice_move_a_text_only_forward(sqlite_url: str, order: tuple[str, ...]) -> None:
    async with texting(sqlite_url) as house:
        await house.owe()
        await house.jobs.run_for(5)
        await house.report(*order, *order)
        assert await house.states() == ["delivered"]


async def test_a_report_before_the_answer_is_not_undone_by_it(house: Texting) -> None:
    await house.owe()
    await being_sent(house)
    [row] = await house.rows(text_outbox)
    await house.report("delivered", text=f"{row.id}-1")
    assert await house.states() == ["delivered"]
    await house.report("sent", text=f"{row.id}-1")
    await house.report("delivered", text="nobody's-1")
    await house.jobs.run_for(600)

    assert (await house.states(), house.carrier.tried) == (["delivered"], 0)


@pytest.mark.parametrize("code", [21211, 21614])
async def test_a_number_that_takes_no_texts_gets_none_any_more_and_a_person_calls(house: Texting, code: int) -> None:
    house.carrier.answers.append(Refused(code, "HTTP 400"))
    await house.owe()
    await house.owe(booking="later")
    await house.jobs.run_for(60)

    assert (house.carrier.tried, sorted(await house.states())) == (1, ["rejected", "withheld"])
    assert await unwanted(house) == "not_textable"
    assert {task.kind for task in await house.tasks()} == {"tell_customer"}


async def test_what_a_person_decided_is_said_by_a_person_where_no_text_gets_there(house: Texting) -> None:
    await house.owe(kind=REVIEWED, revision=1, body="You're booked.")
    await house.jobs.run_for(60)
    await house.report("undelivered", code=30005)
    await house.owe(kind=REVIEWED, booking="another", revision=1, to_number=OTHER, body="Nothing was changed.")
    await house.inbox.received(text("STOP", 9, customer=OTHER))
    await house.jobs.run_for(60)

    told = [(task.kind, task.phone, task.details) for task in await house.tasks()]
    assert sorted(told) == [
        ("tell_customer", CUSTOMER, "You're booked."),
        ("tell_customer", OTHER, "Nothing was changed."),
    ]


@pytest.mark.parametrize("at_once", [True, False])
async def test_an_opt_out_that_only_the_carrier_knew_is_ours_from_then_on(house: Texting, at_once: bool) -> None:
    if at_once:
        house.carrier.answers.append(Refused(21610, "HTTP 400"))
    await house.owe(kind="notice")
    await house.jobs.run_for(60)
    if not at_once:
        await house.report("failed", code=21610)

    assert (await unwanted(house), await house.tasks()) == ("opted_out", [])
    [(number, kind, source)] = await house.consents()
    assert (number, kind, source) == (CUSTOMER, "opt_out", "carrier")


@pytest.mark.parametrize("at_once", [True, False])
async def test_who_wrote_and_may_not_be_answered_as_only_the_carrier_knew_is_for_one_person_once(
    house: Texting, at_once: bool
) -> None:
    house.responder.answering = lambda *_: Turn(("First part.", "Second part."), {})
    if at_once:
        house.carrier.answers.append(Refused(21610, "HTTP 400"))
    await house.say("Wasps!", "Can somebody come today?")
    await house.answered()
    if not at_once:
        await house.report("failed", code=21610)
        await house.report("failed", code=21610, place=2)
    [task] = await house.tasks()
    assert (task.kind, task.phone, task.business) == ("text_after_opt_out", CUSTOMER, "acme")
    assert task.details == "Wasps!\nCan somebody come today?"
    await house.say("Hello?", first=3)
    await house.answered()

    [task] = await house.tasks()
    assert (await unwanted(house), task.details.splitlines()[-1]) == ("opted_out", "Hello?")


async def test_a_phone_that_was_off_gets_it_later_but_not_for_ever(house: Texting) -> None:
    await house.owe()
    await house.jobs.run_for(5)
    for place in (1, 2, 3):
        await house.report("undelivered", "undelivered", code=30003, place=place)
        await house.report("undelivered", code=30003, place=1, text="")
        await house.jobs.run_for(2_000)

    assert (house.carrier.tried, await house.states()) == (3, ["undelivered"])
    assert [task.kind for task in await house.tasks()] == ["tell_customer"]


@pytest.mark.parametrize("code", [30007, 30034, 30002])
async def test_what_somebody_has_to_mend_pages_once(house: Texting, code: int) -> None:
    for booking in ("one", "two"):
        await house.owe(booking=booking, kind="notice")
        await house.jobs.run_for(5)
    for place in (1, 2):
        await house.report("undelivered", code=code, place=place)
    assert (await house.pages(), await house.states()) == (["texts_refused"], ["undelivered"] * 2)


async def test_what_is_refused_until_somebody_mends_it_is_held_and_then_goes_out(house: Texting) -> None:
    house.carrier.answers.extend([Refused(20003, "HTTP 401")] * 3)
    await house.owe()
    await house.jobs.run_for(600)
    assert (await house.pages(), await house.states()) == (["texts_refused"], ["pending"])
    await house.jobs.run_for(1_200)

    assert (house.carrier.taken, await house.states()) == ([(CUSTOMER, "Hi")], ["accepted"])


async def test_what_is_refused_for_some_texts_only_is_one_page_until_it_is_over(house: Texting) -> None:
    """Each text that gets there meanwhile would end it, and each that is refused ring it anew."""
    house.carrier.answers.append(Refused(21408, "HTTP 400"))
    await house.owe()
    await house.jobs.run_for(5)
    await house.owe(booking="theirs", to_number=OTHER)
    await house.jobs.run_for(5)
    await house.report("delivered")
    assert (await house.states(), await house.pages()) == (["pending", "delivered"], ["texts_refused"])
    assert [page.status for page in await house.rows(pages)] == ["open"], "one is held for it"

    await house.jobs.run_for(600)
    await house.report("undelivered", code=30007, place=2)
    await house.owe(booking="again", to_number=OTHER)
    await house.jobs.run_for(5)
    await house.report("delivered", place=3)
    ends = {page.key: page.status for page in await house.rows(pages)}
    assert ends == {"acme:21408": "resolved", "acme:30007": "open"}, "one was refused for it just now"

    await house.jobs.run_for(REFUSED_FOR_S)
    await house.owe(booking="later", to_number=OTHER)
    await house.jobs.run_for(5)
    await house.report("delivered", place=4)
    assert {page.status for page in await house.rows(pages)} == {"resolved"}


async def test_a_code_that_nobody_knows_is_a_failure_and_no_more(house: Texting) -> None:
    house.carrier.answers.append(Refused(99999, "HTTP 400"))
    await house.owe()
    await house.owe(booking="theirs", to_number=OTHER)
    await house.jobs.run_for(60)

    assert (sorted(await house.states()), await house.pages()) == (["accepted", "rejected"], [])


async def test_without_a_carrier_a_text_stays_where_it_is(house: Texting) -> None:
    house.sending._carrier = None
    await house.owe()
    await house.jobs.run_for(600)

    assert await house.states() == ["pending"]


def test_every_code_has_a_deed_and_every_page_says_why() -> None:
    assert {fate.deed for fate in FATES.values()} == set(Deed)
    assert all(fate.page for fate in FATES.values() if fate.deed is Deed.HOLD)


@pytest.mark.parametrize(
    ("codes", "deed", "pages"),
    [
        ((21610, 30640), Deed.OPTED_OUT, False),
        ((21211, 21614, 30004, 30005, 30006), Deed.NOT_TEXTABLE, False),
        ((30001, 30003, 30008, 30610), Deed.RETRY, False),
        ((21408, 30002), Deed.HOLD, True),
        ((30007, 30024, 30034, 30450), Deed.NOTE, True),
        ((0, 99999), Deed.NOTE, False),
    ],
)
def test_every_code_worth_acting_on_has_its_deed(codes: tuple[int, ...], deed: Deed, pages: bool) -> None:
    assert {(fate(code).deed, bool(fate(code).page)) for code in codes} == {(deed, pages)}


@pytest.mark.parametrize(
    ("state", "status", "after"),
    [
        ("sending", "queued", "accepted"),
        ("unknown", "delivered", "delivered"),
        ("sent", "queued", None),
        ("delivered", "undelivered", None),
        ("undelivered", "delivered", "delivered"),
        ("undelivered", "failed", None),
        ("pending", "undelivered", None),
        ("withheld", "delivered", None),
        ("accepted", "something new", None),
    ],
)
def test_only_forward(state: str, status: str, after: str | None) -> None:
    assert forward(state, status) == after


async def test_who_writes_again_does_not_wait_for_what_is_tried_later(house: Texting) -> None:
    await house.say("Wasps!")
    await house.answered()
    await house.report("sent", "undelivered", code=30003)
    await house.say("Hello? Anybody there?", first=2)
    await house.answered()

    assert house.carrier.taken == [
        (CUSTOMER, words) for words in ("heard Wasps!", "heard Wasps!", "heard Hello? Anybody there?")
    ]
    await house.report("delivered", place=2)
    await house.report("delivered", place=3)
    await house.jobs.run_for(4_000)
    assert (house.carrier.tried, await house.states()) == (3, ["delivered", "delivered"])


async def test_the_rest_of_a_reply_does_not_hurry_its_beginning(house: Texting) -> None:
    house.responder.answering = lambda *_: Turn(("First part.", "Second part."), {})
    await house.say("Wasps!")
    house.carrier.answers.append(NotSent("cannot connect"))
    await house.jobs.run_for(2)
    first, _ = sorted(await house.rows(text_outbox), key=lambda row: row.revision)
    later = {"code": 30003, "attempts": 1, "not_before": house.clock.now() + 900}
    await house.database.write(
        lambda t: t.connection.execute(update(text_outbox).where(text_outbox.c.id == first.id).values(**later))
    )
    await house.jobs.run_for(600)
    assert house.carrier.taken == []
    await house.jobs.run_for(600)
    assert [body for _, body in house.carrier.taken] == ["First part.", "Second part."]


@pytest.mark.parametrize("late", ["delivered", "sent"])
async def test_what_got_there_after_all_is_not_sent_once_more(house: Texting, late: str) -> None:
    await house.owe()
    await house.jobs.run_for(5)
    await house.report("undelivered", code=30008)
    await house.report(late)
    await house.jobs.run_for(600)

    assert (house.carrier.tried, (await house.states())[0]) == (
        (1, "delivered") if late == "delivered" else (2, "accepted")
    )


@pytest.mark.parametrize("late", ["queued", "sent", "delivered"])
async def test_what_was_taken_after_all_when_nobody_knew_is_not_sent_once_more(house: Texting, late: str) -> None:
    house.carrier.answers.append(Unknown("HTTP 503"))
    house.carrier.arrives = house.carrier.hides = True
    await house.owe()
    await house.jobs.run_for(15)
    house.carrier.waits.extend([10.0] * 10)
    await house.jobs.run_for(25)
    assert (house.carrier.tried, await house.states()) == (1, ["pending"]), "it waits for its turn"
    await house.report(late)
    await house.jobs.run_for(600)

    assert (house.carrier.tried, len(house.carrier.taken)) == (1, 1)
