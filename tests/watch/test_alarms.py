"""Alarms: once each, to everybody, whatever the receivers do."""

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from prometheus_client.parser import text_string_to_metric_families

from app import metrics
from app.adapters.notifier import AppriseNotifier
from app.watch import alarms as limits
from app.watch.alarms import Alarms
from app.watch.directly import MOST_AT_ONCE
from app.watch.notify import CAUSE_GONE, Notice, Step, Taken
from tests.fakes.clock import FakeClock
from tests.fakes.page_receiver import Page, PageReceiver
from tests.fakes.recording_server import Fault

Answer = Callable[[int], Awaitable[bool | Taken]]


class ScriptedNotifier:
    """Answers by receiver; keeps every try. The answer gets the number of the try at this receiver, from 1."""

    def __init__(self, **answers: Answer) -> None:
        self.answers = answers
        self.tries: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self.ends: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self.ids: list[str] = []
        self.order: list[str] = []
        self.at_once = 0
        self.most_at_once = 0

    async def carry(self, url: str, notice: Notice) -> Taken:
        self.ids.append(notice.id)
        told = self.ends if notice.step is Step.RESOLVED else self.tries
        told[url].append((notice.title, notice.body))
        if notice.step is Step.RESOLVED:
            return Taken.TAKEN
        self.order.append(url)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            answer = await self.answers.get(url, takes)(len(self.tries[url]))
            return answer if isinstance(answer, Taken) else Taken.TAKEN if answer else Taken.FAILED
        finally:
            self.at_once -= 1

    async def wait_for(self, url: str, tries: int) -> None:
        await soon(lambda: len(self.tries[url]) >= tries)


async def soon(holds: Callable[[], bool], within_s: float = 5.0) -> None:
    for _ in range(int(within_s / 0.002)):
        if holds():
            return
        await asyncio.sleep(0.002)
    raise AssertionError("did not come to hold")


async def takes(_: int) -> bool:
    return True


async def refuses(_: int) -> bool:
    return False


async def takes_the_third(number: int) -> bool:
    return number >= 3


async def raises(_: int) -> bool:
    raise RuntimeError("broken plugin")


async def will_never_have_it(_: int) -> Taken:
    return Taken.REFUSED


async def never_answers(_: int) -> bool:
    await asyncio.sleep(3_600)
    return True


@asynccontextmanager
async def ringing(
    notifier: ScriptedNotifier, *urls: str, pauses_s=(0.01, 0.01), deadline_s=0.05, link=lambda _: ""
) -> AsyncIterator[Alarms]:
    alarms = Alarms(notifier, urls, FakeClock(), pauses_s=pauses_s, deadline_s=deadline_s, link=link)
    alarms.start()
    yield alarms
    await alarms.stop(grace_s=2.0)


def counted(name: str, **labels: str) -> float:
    families = text_string_to_metric_families(metrics.render()[0].decode())
    return sum(s.value for f in families for s in f.samples if s.name == name and labels.items() <= s.labels.items())


async def test_an_alarm_rings_once_until_it_is_cleared() -> None:
    notifier = ScriptedNotifier()
    before = counted("readback_alarms_total", kind="cap-warning")
    async with ringing(notifier, "a") as alarms:
        assert alarms.ring("cap-warning", "acme", "t", "b")
        assert not alarms.ring("cap-warning", "acme", "t", "b")
        assert alarms.ring("cap-warning", "zenith", "t", "b")
        assert alarms.ring("store-down", "acme", "t", "b")
        assert alarms.clear("cap-warning", "acme")
        assert not alarms.clear("cap-warning", "acme")
        assert alarms.ring("cap-warning", "acme", "again", "b")
    assert [title for title, _ in notifier.tries["a"]] == ["t", "t", "t", "again"]
    assert counted("readback_alarms_total", kind="cap-warning") == before + 3


async def test_what_is_over_within_its_moment_is_counted_and_wakes_nobody() -> None:
    notifier = ScriptedNotifier()
    before = counted("readback_alarms_total", kind="blink")
    async with ringing(notifier, "a") as alarms:
        assert alarms.ring("blink", "1", "over", "b", after_s=0.02)
        assert not alarms.ring("blink", "1", "over", "b", after_s=0.02)
        assert alarms.withdraw("blink", "1")
        assert not alarms.withdraw("blink", "1")
        assert alarms.ring("blink", "2", "cleared", "b", after_s=0.02)
        assert alarms.clear("blink", "2")
        assert alarms.ring("blink", "1", "lasts", "b", after_s=0.02)
        await notifier.wait_for("a", 1)
        assert not alarms.withdraw("blink", "1"), "people have heard of it"
        assert alarms.clear("blink", "1")
        alarms.ring("blink", "3", "of a process that ends", "b", after_s=60.0)
    assert [title for title, _ in notifier.tries["a"]] == ["lasts"]
    assert [title for title, _ in notifier.ends["a"]] == ["lasts"]
    assert counted("readback_alarms_total", kind="blink") == before + 4


async def test_every_receiver_gets_it_once_the_business_s_own_included() -> None:
    notifier = ScriptedNotifier()
    async with ringing(notifier, "a", "b") as alarms:
        alarms.ring("k", "1", "title", "body", pages=("c", "a"))
    assert dict(notifier.tries) == {url: [("title", "body")] for url in ("a", "b", "c")}


async def test_without_receivers_it_is_counted_all_the_same() -> None:
    before = counted("readback_alarms_total", kind="lonely")
    async with ringing(ScriptedNotifier()) as alarms:
        assert alarms.ring("lonely", "1", "t", "b")
        assert not alarms.ring("lonely", "1", "t", "b")
    assert counted("readback_alarms_total", kind="lonely") == before + 1


async def test_what_rings_before_the_start_is_carried_after_it() -> None:
    notifier = ScriptedNotifier()
    alarms = Alarms(notifier, ("a",), FakeClock())
    assert alarms.ring("k", "1", "early", "b")
    alarms.start()
    await notifier.wait_for("a", 1)
    await alarms.stop()


async def test_a_receiver_that_hiccups_gets_it_in_the_end_and_once() -> None:
    notifier = ScriptedNotifier(a=takes_the_third)
    async with ringing(notifier, "a") as alarms:
        alarms.ring("k", "1", "t", "b")
        await notifier.wait_for("a", 3)
        await asyncio.sleep(0.1)
        assert len(notifier.tries["a"]) == 3
        assert not alarms.ring("k", "1", "t", "b")


async def test_one_receiver_s_failure_neither_stops_nor_delays_the_others() -> None:
    notifier = ScriptedNotifier(refusing=refuses, raising=raises, silent=never_answers)
    async with ringing(notifier, "refusing", "raising", "silent", "well", pauses_s=(0.05,), deadline_s=0.05) as alarms:
        alarms.ring("k", "1", "t", "b")
        for url in ("refusing", "raising", "silent"):
            await notifier.wait_for(url, 2)
        assert sorted(notifier.order[:4]) == ["raising", "refusing", "silent", "well"]
        assert len(notifier.tries["well"]) == 1
        assert not alarms.ring("k", "1", "t", "b"), "somebody knows, so it does not ring again"


async def test_a_page_that_reached_nobody_may_ring_again() -> None:
    notifier = ScriptedNotifier(a=refuses)
    async with ringing(notifier, "a") as alarms:
        alarms.ring("k", "1", "t", "b")
        await soon(lambda: alarms.ring("k", "1", "t", "b"))
        assert len(notifier.tries["a"]) == 3


async def test_a_receiver_that_never_answers_is_left_at_the_deadline() -> None:
    notifier = ScriptedNotifier(a=never_answers)
    async with ringing(notifier, "a", deadline_s=0.02) as alarms:
        alarms.ring("k", "1", "t", "b")
        await notifier.wait_for("a", 3)


async def test_ringing_costs_the_caller_nothing_however_slow_the_receivers() -> None:
    async with ringing(ScriptedNotifier(a=never_answers), "a") as alarms:
        started = time.perf_counter()
        for number in range(400):
            alarms.ring("k", str(number), "title", "body")
        assert time.perf_counter() - started < 5.0, "waiting for them would be 20 s"


async def test_one_receiver_gets_few_pages_at_once() -> None:
    async def slowly(_: int) -> bool:
        await asyncio.sleep(0.01)
        return True

    notifier = ScriptedNotifier(a=slowly)
    async with ringing(notifier, "a", deadline_s=5) as alarms:
        for number in range(40):
            alarms.ring("k", str(number), "t", "b")
    assert len(notifier.tries["a"]) == 40
    assert notifier.most_at_once == MOST_AT_ONCE


async def test_pages_are_bounded_and_what_is_dropped_is_counted_and_may_ring_again() -> None:
    before = counted("readback_queue_dropped_total", queue="pages")
    notifier = ScriptedNotifier()
    alarms = Alarms(notifier, ("a",), FakeClock())
    assert all(alarms.ring("flood", str(number), "t", "b") for number in range(limits.MOST_PAGES + 7))
    assert counted("readback_queue_dropped_total", queue="pages") == before + 7
    alarms.start()
    await notifier.wait_for("a", limits.MOST_PAGES)
    await alarms.stop()
    assert len(notifier.tries["a"]) == limits.MOST_PAGES
    assert not alarms.ring("flood", "0", "t", "b")
    assert alarms.ring("flood", str(limits.MOST_PAGES + 1), "t", "b")


async def test_remembered_alarms_are_bounded() -> None:
    alarms = Alarms(ScriptedNotifier(), (), FakeClock())
    for number in range(limits.MOST_KEYS):
        alarms.ring("k", str(number), "t", "b")
    assert not alarms.ring("k", "0", "t", "b")
    assert alarms.ring("k", "one more", "t", "b")
    assert not alarms.ring("k", "0", "t", "b"), "rung again lately, so still remembered"
    assert alarms.ring("k", "1", "t", "b"), "longest quiet, so forgotten"


async def test_personal_data_stays_out_of_a_page_unless_it_has_to_be_there() -> None:
    notifier = ScriptedNotifier()
    async with ringing(notifier, "a") as alarms:
        alarms.ring("k", "1", "Call from +15125550142", "write to dana@acme.example")
        alarms.ring("k", "2", "Call from +15125550142", "write to dana@acme.example", verbatim=True)
    assert notifier.tries["a"] == [
        ("Call from +1…42", "write to [email]"),
        ("Call from +15125550142", "write to dana@acme.example"),
    ]


async def test_the_end_waits_for_pages_and_skips_the_pauses_between_tries() -> None:
    notifier = ScriptedNotifier(a=takes_the_third)
    alarms = Alarms(notifier, ("a",), FakeClock(), pauses_s=(60.0, 60.0))
    alarms.start()
    alarms.ring("k", "1", "t", "b")
    await notifier.wait_for("a", 1)
    started = time.perf_counter()
    await alarms.stop(grace_s=5.0)
    assert time.perf_counter() - started < 5.0
    assert len(notifier.tries["a"]) == 3


async def test_the_end_does_not_wait_longer_than_its_grace() -> None:
    alarms = Alarms(ScriptedNotifier(a=never_answers), ("a",), FakeClock(), deadline_s=60.0)
    alarms.start()
    alarms.ring("k", "1", "t", "b")
    started = time.perf_counter()
    await alarms.stop(grace_s=0.1)
    assert time.perf_counter() - started < 5.0
    assert len(asyncio.all_tasks()) == 1


async def test_ringing_after_the_end_and_ending_twice_are_harmless() -> None:
    alarms = Alarms(ScriptedNotifier(), ("a",), FakeClock())
    await alarms.stop()
    alarms.start()
    await alarms.stop()
    await alarms.stop()
    assert alarms.ring("k", "1", "t", "b")


async def test_ringing_from_several_threads_at_once_rings_once() -> None:
    notifier = ScriptedNotifier()
    async with ringing(notifier, "a") as alarms:
        rang: list[bool] = []
        threads = [threading.Thread(target=lambda: rang.append(alarms.ring("k", "1", "t", "b"))) for _ in range(8)]
        for thread in threads:
            thread.start()
        await asyncio.to_thread(lambda: [thread.join() for thread in threads])
        await notifier.wait_for("a", 1)
    assert sorted(rang) == [False] * 7 + [True]
    assert len(notifier.tries["a"]) == 1


async def test_a_page_arrives_over_a_real_socket_though_the_receiver_first_fails() -> None:
    async with PageReceiver(Fault(status=503), Fault(reset=True)) as receiver:
        alarms = Alarms(AppriseNotifier(), (receiver.url,), FakeClock(), pauses_s=(0.01, 0.01))
        alarms.start()
        alarms.ring("read-back", "RB-7K2M9Q", "Read-back mismatch RB-7K2M9Q", "wanted 2026-11-20T09:00:00-06:00")
        await receiver.wait_for(3)
        await alarms.stop()
        assert receiver.pages[-1] == Page("Read-back mismatch RB-7K2M9Q", "wanted 2026-11-20T09:00:00-06:00", "failure")


async def test_whoever_took_a_page_hears_of_its_end_and_nobody_else() -> None:
    notifier = ScriptedNotifier(no=will_never_have_it)
    async with ringing(notifier, "a", "no") as alarms:
        alarms.ring("k", "1", "Database away", "b")
        await notifier.wait_for("a", 1)
        alarms.clear("k", "1")
        await soon(lambda: bool(notifier.ends["a"]))
        alarms.ring("k", "1", "Other words", "b")
        await notifier.wait_for("a", 2)
    assert notifier.ends["a"] == [("Database away", CAUSE_GONE)]
    assert notifier.ends["no"] == []
    assert len(set(notifier.ids)) == 1, "one incident, whatever the words"


async def test_who_refuses_a_page_is_not_asked_again() -> None:
    notifier = ScriptedNotifier(no=will_never_have_it)
    async with ringing(notifier, "a", "no") as alarms:
        alarms.ring("k", "1", "t", "b")
        await asyncio.sleep(0.1)
    assert len(notifier.tries["no"]) == 1


async def test_what_may_have_been_taken_is_closed_without_a_word_to_a_person() -> None:
    notifier = ScriptedNotifier(late=never_answers)
    async with ringing(notifier, "a", "late", pauses_s=()) as alarms:
        alarms.ring("k", "1", "t", "b")
        alarms.clear("k", "1")
        await soon(lambda: bool(notifier.ends["late"]))
    assert notifier.ends == {"a": [("t", CAUSE_GONE)], "late": [("t", "")]}


async def test_a_page_rung_anew_is_told_after_the_end_of_the_one_before() -> None:
    notifier = ScriptedNotifier()
    order: list[Step] = []
    carry = notifier.carry

    async def slow_end(url: str, notice: Notice) -> Taken:
        await asyncio.sleep(0.02 if notice.step is Step.RESOLVED else 0)
        order.append(notice.step)
        return await carry(url, notice)

    notifier.carry = slow_end  # type: ignore[method-assign]
    async with ringing(notifier, "a", deadline_s=5) as alarms:
        for _ in range(2):
            alarms.ring("k", "1", "t", "b")
            alarms.clear("k", "1")
    assert order == [Step.RAISED, Step.RESOLVED, Step.RAISED, Step.RESOLVED]


async def test_what_somebody_has_is_told_no_more_until_its_end() -> None:
    notifier, link = ScriptedNotifier(no=will_never_have_it), "https://voice.example/pages/1?token=5125550142"
    async with ringing(notifier, "a", "no", link=lambda name: link if name == ("k", "1") else "") as alarms:
        alarms.acknowledged("k", "1", "Dana", 5.0)  # of nothing
        alarms.ring("k", "1", "t", "b")
        alarms.ring("k", "2", "t", "b")
        await soon(lambda: not alarms.on_their_way)
        assert {body for _, body in notifier.tries["a"]} == {f"b\n\nAcknowledge: {link}", "b"}
        assert alarms.again("k", "1", "t", "b")
        await soon(lambda: not alarms.on_their_way)
        for by in ("Dana", "Lee"):
            alarms.acknowledged("k", "1", by, 5.0)
        await soon(lambda: not alarms.on_their_way)
        assert len(notifier.tries["a"]) == 4, "and one word that it is in hand, for services that keep an incident"
        assert len(notifier.tries["no"]) == 3, "but none for who never took it"
        assert not alarms.again("k", "1", "t", "b")
        past = alarms.past("k", "1")
        assert past is not None
        assert (past.acknowledged_by, past.acknowledged_at) == ("Dana", 5.0)
        alarms.clear("k", "1")
        await soon(lambda: bool(notifier.ends["a"]))
        assert alarms.ring("k", "1", "t", "b"), "the next one is in nobody's hand"
        await soon(lambda: not alarms.on_their_way)
        assert alarms.again("k", "1", "t", "b")


async def test_all_that_rings_is_over_for_who_hands_on() -> None:
    notifier = ScriptedNotifier()
    async with ringing(notifier, "a") as alarms:
        alarms.ring("k", "1", "one", "b")
        alarms.ring("k", "2", "two", "b")
        alarms.clear_all()
    assert [title for title, _ in notifier.ends["a"]] == ["one", "two"]
