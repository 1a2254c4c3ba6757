"""The same request twice: under its old id or a new one, at once or later, here, after a restart, or elsewhere."""

import asyncio
from collections.abc import Callable

import pytest

from app.calls import ledger
from app.calls.dispatch import TAKE_OVER_AFTER_S
from app.calls.model import ToolCall, ToolResult
from app.errors import Code
from tests.calls.reception import Asked, Script, audited, change, look_up, reception
from tests.fakes.clock import FakeClock
from tests.fakes.databases import executed, held_up, soon

KINDS = pytest.mark.parametrize("ask", [look_up, change], ids=["look_up", "make_change"])


@KINDS
async def test_the_same_delivery_gets_the_identical_answer(database_url: str, ask: object) -> None:
    async with reception(database_url) as acme:
        first = await acme.ask(ask("x"))  # type: ignore[operator]  # one of the two above
        again = await acme.ask(ask("x"))  # type: ignore[operator]  # likewise

    assert first[0].as_dict() == again[0].as_dict()
    assert acme.script.runs == ["x"]


@KINDS
@pytest.mark.parametrize("what", ["x", "warm"])
async def test_the_same_delivery_gets_the_identical_answer_after_a_restart(
    database_url: str, ask: object, what: str
) -> None:
    async with reception(database_url) as acme:
        first = await acme.ask(ask(what))  # type: ignore[operator]  # one of the two above
    async with reception(database_url) as restarted:
        again = await restarted.ask(ask(what))  # type: ignore[operator]  # likewise

    assert list(first[0].as_dict().items()) == list(again[0].as_dict().items())
    assert restarted.script.runs == []


@KINDS
@pytest.mark.parametrize("what", ["x", "warm"])
async def test_the_same_delivery_gets_the_identical_answer_from_another_process(
    database_url: str, ask: object, what: str
) -> None:
    script = Script()
    async with reception(database_url, script) as first, reception(database_url, script) as second:
        for process in (first, second):
            process.database.shared = True
        before = await first.ask(ask(what))  # type: ignore[operator]  # one of the two above
        after = await second.ask(ask(what))  # type: ignore[operator]  # likewise

    assert before[0].as_dict() == after[0].as_dict()


@KINDS
async def test_duplicates_in_flight_wait_for_the_one_that_runs(database_url: str, ask: object) -> None:
    async with reception(database_url, Script(slow={"slow"})) as acme:
        asked = [asyncio.create_task(acme.ask(ask("slow"))) for _ in range(10)]  # type: ignore[operator]  # as above
        await soon(lambda: bool(acme.script.runs))
        await asyncio.sleep(0.05)
        acme.script.gate.set()
        answers = await asyncio.gather(*asked)

    assert acme.script.runs == ["slow"]
    assert {str(answer[0].as_dict()) for answer in answers} == {str(answers[0][0].as_dict())}


@pytest.mark.parametrize("new_id", [False, True])
async def test_duplicates_in_flight_over_two_processes_run_once(database_url: str, new_id: bool) -> None:
    script = Script(slow={"slow"})
    async with reception(database_url, script) as first, reception(database_url, script) as second:
        asked = [
            asyncio.create_task(process.ask(change("slow", f"t{number}" if new_id else "t1")))
            for number in range(5)
            for process in (first, second)
        ]
        await soon(lambda: bool(script.runs))
        await asyncio.sleep(0.2)
        script.gate.set()
        answers = await asyncio.gather(*asked)

    assert script.runs == ["slow"]
    assert {answer[0].facts["run"] for answer in answers} == {1}


async def test_a_change_under_a_new_id_gets_the_first_outcome_within_the_window(database_url: str) -> None:
    async with reception(database_url, repeat_window_s=600.0) as acme:
        first = await acme.ask(change("x", "t1"))
        acme.clock.advance(599)
        second = await acme.ask(change("x", "t2"))
        acme.clock.advance(2)
        third = await acme.ask(change("x", "t3"))
        second_again = await acme.ask(change("x", "t2"))

    assert first == second == second_again
    assert third[0].facts == {"run": 2}


async def test_a_new_id_that_joined_in_flight_keeps_its_answer_for_good(database_url: str) -> None:
    clock = FakeClock()
    async with reception(database_url, Script(slow={"slow"}), clock=clock) as acme:
        asked = [asyncio.create_task(acme.ask(change("slow", id))) for id in ("t1", "t2")]
        await soon(lambda: bool(acme.script.runs))
        acme.script.gate.set()
        await asyncio.gather(*asked)
    clock.advance(10_000)
    async with reception(database_url, clock=clock) as later:
        (again,) = await later.ask(change("slow", "t2"))

    assert again.facts == {"run": 1}
    assert later.script.runs == []


@pytest.mark.parametrize(
    "other",
    [change("y", "t2"), change("x", "t2", call_id="c2"), change("x", "t2", size=1)],
    ids=["something else", "another call", "other arguments"],
)
async def test_what_is_not_the_same_request_runs(database_url: str, other: object) -> None:
    async with reception(database_url) as acme:
        await acme.ask(change("x", "t1"))
        await acme.ask(other)  # type: ignore[arg-type]  # a call

    assert len(acme.script.runs) == 2


async def test_lookups_under_a_new_id_are_asked_anew(database_url: str) -> None:
    async with reception(database_url) as acme:
        await acme.ask(look_up("x", "t1"))
        await acme.ask(look_up("x", "t2"))

    assert acme.script.runs == ["x", "x"]


async def test_a_refused_outcome_is_not_pinned_but_its_delivery_is(database_url: str) -> None:
    def refusing(_arguments: Asked, run: int) -> ToolResult:
        return ToolResult(run > 1, f"run {run}", None if run > 1 else Code.SLOT_TAKEN)

    async with reception(database_url, Script(answering=refusing)) as acme:
        said = [(await acme.ask(change("x", id)))[0].say for id in ("t1", "t2", "t1", "t3")]

    assert said == ["run 1", "run 2", "run 1", "run 2"]


async def test_an_outcome_that_is_not_known_stays_pinned(database_url: str) -> None:
    def pending(_arguments: Asked, run: int) -> ToolResult:
        return ToolResult(False, f"run {run}", Code.STILL_CHECKING, {"outcome": "pending"})

    async with reception(database_url, Script(answering=pending)) as acme:
        said = [(await acme.ask(change("x", id)))[0].say for id in ("t1", "t2")]

    assert said == ["run 1", "run 1"]


async def test_a_request_that_a_dead_process_left_is_taken_over_by_one(database_url: str) -> None:
    clock = FakeClock()
    async with reception(database_url, Script(slow={"x"}), clock=clock) as dead:
        left = asyncio.create_task(dead.ask(change("x")))
        await soon(lambda: dead.script.runs == ["x"])
        clock.advance(TAKE_OVER_AFTER_S + 1)
        script = Script()
        async with (
            reception(database_url, script, clock=clock) as first,
            reception(database_url, script, clock=clock) as second,
        ):
            answers = await asyncio.gather(
                *(process.ask(change("x", id)) for process in (first, second) for id in ("t1", "t2"))
            )
        left.cancel()

    assert script.runs == ["x"]
    assert {answer[0].facts["run"] for answer in answers} == {1}


async def test_one_id_twice_in_a_message_with_different_contents_runs_both(database_url: str) -> None:
    message = (look_up("a"), look_up("b"), change("c"), change("d"), look_up("a"))
    async with reception(database_url) as acme:
        first = await acme.ask(*message)
        again = await acme.ask(*message)

    assert [result.say.split()[0] for result in first] == ["a", "b", "c", "d", "a"]
    assert sorted(acme.script.runs) == ["a", "b", "c", "d"]
    assert first == again


@pytest.mark.parametrize("slow", [True, False], ids=["under way", "answered"])
@pytest.mark.parametrize(
    ("before", "after"), [(look_up, change), (change, look_up)], ids=["a lookup first", "a change first"]
)
async def test_what_was_looked_up_and_what_was_done_are_told_apart_under_one_id(
    database_url: str, before: Callable[..., ToolCall], after: Callable[..., ToolCall], slow: bool
) -> None:
    """Some models count their calls from 0 in each of their turns: times that were found are no answer to "book it"."""
    async with reception(database_url, Script(slow={"a"} if slow else set())) as acme:
        first = asyncio.create_task(acme.ask(before("a", "call_0")))
        await soon(lambda: acme.script.runs == ["a"])
        if not slow:
            await first
        (second,) = await acme.ask(after("b", "call_0"))
        acme.script.gate.set()
        (told,) = await first
        again = [*await acme.ask(before("a", "call_0")), *await acme.ask(after("b", "call_0"))]
    async with reception(database_url) as restarted:
        later = [*await restarted.ask(before("a", "call_0")), *await restarted.ask(after("b", "call_0"))]

    assert acme.script.runs == ["a", "b"]
    assert again == later == [told, second]
    assert second.say == "b 2"


async def test_without_a_tool_call_id_only_the_request_is_recognised(database_url: str) -> None:
    async with reception(database_url) as acme:
        changed = [await acme.ask(change("x", None)) for _ in range(2)]
        await acme.ask(look_up("y", None))
        await acme.ask(look_up("y", None))

    assert changed[0] == changed[1]
    assert acme.script.runs == ["x", "y", "y"]


async def test_a_tool_call_id_without_a_call_is_not_trusted_alone(database_url: str) -> None:
    async with reception(database_url) as acme:
        await acme.ask(look_up("x", "t1", call_id=None))
        await acme.ask(look_up("y", "t1", call_id=None))
        await acme.ask(look_up("x", "t1", call_id=None))

    assert acme.script.runs == ["x", "y"]


async def test_a_result_that_could_not_be_stored_at_once_is_stored_when_it_can_be(sqlite_url: str) -> None:
    async with reception(sqlite_url, Script(slow={"slow"}), deadline_s=20.0) as acme:
        asked = asyncio.create_task(acme.ask(change("slow", "t1")))
        await soon(lambda: bool(acme.script.runs))
        async with held_up(acme.database):
            acme.script.gate.set()
            (first,) = await asked  # after the database's own deadline
            (meanwhile,) = await acme.ask(change("slow", "t2"))
        await soon(lambda: [row["outcome"] for row in audited(sqlite_url)] == ["ok"] * 2)
    async with reception(sqlite_url) as restarted:
        afterwards = await restarted.ask(change("slow", "t1"), change("slow", "t2"), change("slow", "t3"))

    assert [result.facts for result in (first, meanwhile, *afterwards)] == [{"run": 1}] * 5
    assert (acme.script.runs, restarted.script.runs) == (["slow"], [])


def test_a_stored_result_is_read_back_as_it_was() -> None:
    result = ToolResult(False, "Ünsafe \n words", Code.SLOT_TAKEN, {"slots": [{"start": "x"}], "reference": "R1"})

    assert ledger.loaded(result.as_json()) == result
    assert list(ledger.loaded(result.as_json()).as_dict()) == list(result.as_dict())


async def test_requests_of_nobody_in_particular_are_not_taken_for_one(sqlite_url: str) -> None:
    async with reception(sqlite_url) as acme:
        for _ in range(2):
            await acme.ask(change("x", id=None, call_id=None, caller=None))

    assert acme.script.runs == ["x", "x"]


async def test_without_a_call_the_same_request_of_one_caller_is_one(sqlite_url: str) -> None:
    async with reception(sqlite_url) as acme:
        for _ in range(2):
            await acme.ask(change("x", id=None, call_id=None))

    assert acme.script.runs == ["x"]


async def test_who_waits_for_a_request_whose_process_died_is_owed_its_end_even_if_this_one_dies_too(
    database_url: str,
) -> None:
    async with reception(database_url, Script(slow={"slow"}), deadline_s=0.1) as dying:
        begun = asyncio.create_task(dying.ask(change("slow")))
        await soon(lambda: bool(dying.script.runs))
        async with reception(database_url, deadline_s=0.1) as second:
            assert (await second.ask(change("slow")))[0].code is Code.STILL_CHECKING
            # Here the second one would be killed, long before it may take over.
            assert executed(database_url, "SELECT kind, status, subject FROM tasks") == [
                ("tell_customer", "open", "c1")
            ]
            dying.script.gate.set()
            await begun
