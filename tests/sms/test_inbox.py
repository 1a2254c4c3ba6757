"""A text is kept once and answered once: together with what came with it, in order, whatever dies in between."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from math import inf

import orjson
import pytest
from sqlalchemy import update

from app.db.schema import audit, conversations, reviews, texts_in
from app.review.reviews import MORE_SINCE, MOST_SINCE, Proposal, opened
from app.sms.holding import HOLD_S
from app.sms.inbox import MOST_AN_HOUR, MOST_GATHERING, PATIENCE_S
from app.sms.people import SOMEBODY_WILL
from app.sms.turn import Turn
from app.watch.volume_counts import TEXT, Series, read_recent
from tests.fakes.databases import executed, soon
from tests.fakes.responder import ForesightedResponder
from tests.sms.texting import CUSTOMER, LINE, OTHER, Texting, text, texting


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[Texting]:
    async with texting(database_url) as made:
        yield made


async def test_a_text_is_answered_once_however_often_it_is_delivered(house: Texting) -> None:
    assert await asyncio.gather(*(house.inbox.received(text("Hi")) for _ in range(5))) == [True, *[False] * 4]
    await house.answered()
    assert await house.inbox.received(text("Hi")) is False
    await house.answered()

    assert await house.replies() == ["heard Hi"]
    assert await house.waiting() == []
    [(conversation, [incoming])] = house.responder.asked
    assert (conversation.business, conversation.customer, conversation.line) == ("acme", CUSTOMER, LINE)
    assert (incoming.id, incoming.body, incoming.media) == (text("").id, "Hi", 0)


async def test_texts_in_a_row_are_answered_together_and_in_order(house: Texting) -> None:
    await house.say("I need", "an inspection", "on Tuesday")
    await house.answered()

    assert await house.replies() == ["heard I need | an inspection | on Tuesday"]


async def test_the_state_of_a_turn_is_there_in_the_next(house: Texting) -> None:
    await house.say("one")
    await house.answered()
    await house.say("two", first=2)
    await house.answered()

    assert [dict(conversation.state) for conversation, _ in house.responder.asked] == [{}, {"turns": 1}]
    [row] = await house.rows(conversations)
    assert (orjson.loads(row.state), row.holder) == ({"turns": 2}, "")


async def test_customers_do_not_wait_for_each_other_and_are_not_mixed_up(house: Texting) -> None:
    await house.say("mine")
    await house.say("theirs", first=2, customer=OTHER)
    await house.say("elsewhere", first=3, line="+15125550200")
    await house.say("by app", first=4, channel="whatsapp")
    await house.answered()

    assert sorted(await house.replies()) == ["heard by app", "heard elsewhere", "heard mine", "heard theirs"]
    assert len(await house.rows(conversations)) == 4
    assert sorted(conversation.channel for conversation, _ in house.responder.asked) == ["sms"] * 3 + ["whatsapp"]


async def test_one_worker_at_a_time_has_a_conversation(house: Texting) -> None:
    house.responder.gate = asyncio.Event()
    await house.say("first")
    one = asyncio.create_task(house.inbox.answer({"text": text("").id}))
    await soon(lambda: bool(house.responder.asked), 20.0)
    await house.say("second", first=2)
    again = await house.inbox.answer({"text": text("", 2).id})
    assert again is not None, "somebody has it: later"
    house.responder.gate.set()
    await one
    await house.answered()

    assert house.responder.most_under_way == 1
    assert await house.replies() == ["heard first", "heard second"]


async def test_a_worker_that_dies_leaves_its_turn_to_be_begun_again_with_the_same_texts(house: Texting) -> None:
    house.responder.gate = asyncio.Event()
    await house.say("first")
    dying = asyncio.create_task(house.inbox.answer({"text": text("").id}))
    await soon(lambda: bool(house.responder.asked), 20.0)
    await house.say("meanwhile", first=2)
    held = update(conversations).values(holder="dead", held_until=house.clock.now() + HOLD_S)
    await house.database.write(lambda t: t.connection.execute(held))
    house.responder.gate.set()
    await dying
    assert await house.replies() == [], "who lost its hold says nothing"
    await house.answered()

    assert await house.replies() == ["heard first", "heard meanwhile"]
    assert [[incoming.body for incoming in texts] for _, texts in house.responder.asked] == [
        ["first"], ["first"], ["meanwhile"],
    ]  # fmt: skip


async def test_a_failure_lets_go_so_that_the_next_try_need_not_wait(house: Texting) -> None:
    house.responder.errors = [RuntimeError("broken")]
    await house.say("Hi")
    with pytest.raises(RuntimeError):
        await house.inbox.answer({"text": text("").id})
    await house.inbox.answer({"text": text("").id})

    assert await house.replies() == ["heard Hi"]


async def test_who_has_waited_too_long_hears_that_a_person_will_answer(house: Texting) -> None:
    house.responder.errors = [RuntimeError("broken")]
    await house.say("When are you coming?")
    house.clock.advance(PATIENCE_S)
    await house.answered()

    assert await house.replies() == [SOMEBODY_WILL]
    [task] = await house.tasks()
    assert (task.kind, task.phone, task.details) == ("text_to_answer", CUSTOMER, "When are you coming?")
    assert CUSTOMER not in task.what


async def test_no_answer_owed_is_no_answer(house: Texting) -> None:
    house.responder.answering = lambda *_: Turn((), {})
    await house.say("ok")
    await house.answered()

    assert (await house.replies(), await house.waiting()) == ([], [])


async def test_a_long_answer_is_several_texts_in_order_and_never_more_than_the_carrier_takes(house: Texting) -> None:
    words = " ".join(f"Sentence number {n} of a long story." for n in range(200))
    house.responder.answering = lambda *_: Turn((words, "and more"), {})
    await house.say("tell me")
    await house.answered()

    replies = await house.replies()
    assert len(replies) == 4
    assert all(len(reply) <= 1_600 for reply in replies)
    assert replies[2].endswith("...")
    assert replies[3] == "and more"


@pytest.mark.parametrize("sender", ["72345", "ACME", "+1"])
async def test_machines_are_not_answered(house: Texting, sender: str) -> None:
    await house.say("Your code is 1234", customer=sender)
    await house.answered()

    assert (house.responder.asked, await house.waiting()) == ([], [])


async def test_a_machine_that_thanks_for_every_answer_is_not_thanked_for_ever(house: Texting) -> None:
    await house.say(*("Thanks for your message!" for _ in range(MOST_AN_HOUR + 5)))
    assert len(await house.waiting()) == MOST_AN_HOUR
    assert [task.kind for task in await house.tasks()] == ["too_many_texts"]
    await house.jobs.run_for(3_700)
    await house.say("Are you there?", first=100)

    assert len(await house.waiting()) == 1


async def test_a_line_that_nobody_has_rings_and_the_text_is_kept(house: Texting) -> None:
    await house.say("Hello?", line="+15125559999")
    await house.answered()

    assert house.alarms.kinds() == ["unknown_line"]
    assert len(await house.rows(conversations)) == 1
    assert house.responder.asked == []


async def test_pictures_and_empty_texts_reach_the_conversation(house: Texting) -> None:
    await house.inbox.received(replace(text(""), media=2))
    await house.answered()

    [(_, [incoming])] = house.responder.asked
    assert (incoming.body, incoming.media) == ("", 2)


async def test_the_audit_log_has_neither_the_number_nor_the_words(house: Texting) -> None:
    await house.say("my secret garden")
    await house.answered()

    rows = str(await house.rows(audit))
    assert "text_received" in rows
    assert "0142" not in rows
    assert "garden" not in rows


async def test_what_was_signed_is_kept_as_it_came(house: Texting) -> None:
    await house.inbox.received(replace(text("Hi"), form='{"Body": ["Hi\\u0000 "]}'))

    url = house.database.url.replace("+psycopg", "")
    assert executed(url, "SELECT form FROM texts_in") == [('{"Body": ["Hi\\u0000 "]}',)]


async def test_a_text_is_counted_once_on_its_line(house: Texting) -> None:
    for _ in range(3):
        await house.inbox.received(text("Hi"))
    await house.inbox.received(text("Me again", 2))

    counted = await house.database.read(lambda c: read_recent(c, 0, inf))
    assert {series: sum(rows.hours.values()) for series, rows in counted.items()} == {Series("acme", LINE, TEXT): 2}


async def test_who_decides_reads_what_the_customer_has_written_since_whoever_answers_it(house: Texting) -> None:
    await house.say("the second, please")
    [row] = await house.rows(texts_in)
    mine = f"sms:{row.conversation}:"
    before = Proposal("acme", f"{mine}SM0", "high_stakes", "Book.", {"tool": "book_appointment"})
    own = replace(before, conversation=f"{mine}{text('').id}", key="own")
    for proposal in (before, own):
        await house.database.write(lambda t, p=proposal: opened(t, p, now=house.clock.now()))
    await house.answered()
    await house.say("no wait, call me at 512 555 0142", first=2)
    await house.answered()
    await house.say("STOP", "don't book it", first=3)

    since = [list(orjson.loads(review.proposal).get("since", {}).values()) for review in await house.rows(reviews)]
    later = ["no wait, call me at …42", "STOP", "don't book it"]
    assert sorted(since, key=len) == [later, ["the second, please", *later]]


async def test_what_is_written_in_a_flood_is_kept_beside_a_review_by_its_first_and_last_words(house: Texting) -> None:
    await house.say("book it")
    [row] = await house.rows(texts_in)
    await house.answered()
    proposal = Proposal("acme", f"sms:{row.conversation}:SM0", "high_stakes", "Book.", {"tool": "book_appointment"})
    await house.database.write(lambda t: opened(t, proposal, now=house.clock.now()))
    await house.say("STOP", *(f"hello {n}" for n in range(MOST_SINCE + 9)), "don't book it", first=2)

    [review] = await house.rows(reviews)
    since = list(orjson.loads(review.proposal)["since"].values())
    assert len(since) == MOST_SINCE + 1
    assert (since[0], since[-1], since.count(MORE_SINCE)) == ("STOP", "don't book it", 1)


async def test_who_thinks_long_begins_while_more_may_still_come_and_answers_all_that_came(house: Texting) -> None:
    house.inbox.responder = responder = ForesightedResponder()
    house.inbox.gather_s = 0.5
    await house.inbox.received(text("I need"))
    answering = asyncio.create_task(house.inbox.answer({"text": text("").id}))
    await soon(lambda: bool(responder.begun))
    assert responder.asked == [], "nothing is answered yet"
    await house.inbox.received(text("an inspection", 2))
    await answering

    assert responder.begun == [["I need"]]
    assert await house.replies() == ["heard I need | an inspection"]


async def test_nobody_thinks_ahead_in_a_conversation_that_is_in_other_hands(house: Texting) -> None:
    house.inbox.responder = responder = ForesightedResponder()
    house.inbox.gather_s = 0.1
    await house.inbox.received(text("Hi"))
    held = update(conversations).values(holder="other", held_until=house.clock.now() + HOLD_S)
    await house.database.write(lambda t: t.connection.execute(held))
    assert await house.inbox.answer({"text": text("").id}) is not None, "somebody has it: later"
    assert responder.begun == []


async def test_a_crowd_of_texts_does_not_keep_all_hands_waiting_for_more(house: Texting) -> None:
    house.inbox.responder = responder = ForesightedResponder()
    house.inbox.gather_s = 0.5
    customers = [f"+1512555{number:04}" for number in range(MOST_GATHERING + 1)]
    for number, customer in enumerate(customers):
        await house.inbox.received(text("Hi", number, customer=customer))
    everything = [house.inbox.answer({"text": text("", number).id}) for number in range(len(customers))]
    ends = await asyncio.gather(*everything)
    assert (len(responder.begun), [end is None for end in ends].count(False)) == (MOST_GATHERING, 1)
