"""Dispatch: every call gets its own answer in time, whatever its neighbours, its tool or its caller do."""

import asyncio
import contextlib
import functools
import time
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from app.calls.arrivals import OVER_CAP_UNTIL, UNKNOWN_LINE
from app.calls.dispatch import FILLER, NOT_YET, NOT_YET_CHANGED, OPEN_WITHIN_S, POLL_S
from app.calls.model import Tool, ToolResult
from app.calls.owed import FILLER_NOTE_S
from app.db.engine import DatabaseUnavailableError
from app.errors import Code, SaidError
from tests.calls.reception import ACME, CONTROL, Asked, Script, audited, call, change, look_up, reception
from tests.fakes.databases import executed, held_up, soon

PAGED = "SELECT kind, business, body FROM pages"
SECRET = "ya29.secret-token of +15125550142"


def raising(error: Exception) -> Script:
    def answering(_arguments: Asked, _run: int) -> ToolResult:
        raise error

    return Script(answering=answering)


class Booking(Script):
    """One that says also of what came to nothing how it ended."""

    def tools(self) -> list[Tool[Any]]:
        return [Tool("book", "Books.", Asked, self.run, changes_state=True, refused={"outcome": "refused"})]


class Opening(Script):
    """One that connects callers, whatever cannot be kept of it."""

    def tools(self) -> list[Tool[Any]]:
        return [Tool("connect", "Connects.", Asked, self.run, changes_state=True, fails_open=True)]


async def test_parallel_calls_keep_their_order_and_their_own_answers(database_url: str) -> None:
    def answering(arguments: Asked, _run: int) -> ToolResult:
        if arguments.what == "broken":
            raise KeyError(SECRET)
        if arguments.what == "said":
            raise SaidError(Code.PAST_DATE, "That day has passed.", today="2026-11-20")
        return ToolResult(True, arguments.what)

    asked = ["first", "broken", "said", "last"]
    async with reception(database_url, Script(answering=answering)) as acme:
        results = await acme.ask(
            *(look_up(what, f"t{n}") for n, what in enumerate(asked)),
            call("no_such_tool", id="t8"),
            look_up(size="many", id="t9"),
            change("changed", "t10"),
        )

    assert [result.code for result in results] == [
        None, Code.INTERNAL, Code.PAST_DATE, None, Code.UNKNOWN_TOOL, Code.INVALID_ARGUMENTS, None,
    ]  # fmt: skip
    assert [results[index].say for index in (0, 2, 3, 6)] == ["first", "That day has passed.", "last", "changed"]
    assert results[2].facts == {"today": "2026-11-20"}
    assert "look_up, make_change" in results[4].say
    assert len(audited(database_url)) == 7


def nested(deep: int) -> Any:
    return functools.reduce(lambda inner, _: [inner], range(deep), [])


ODD = {"past 64 bits": 2**64, "past them, within": {"a": [-(10**30)]}, "half a character": "\ud800",
       "past one writer": nested(300), "past every writer": nested(1_010)}  # fmt: skip


@pytest.mark.parametrize("odd", ODD.values(), ids=list(ODD))
@pytest.mark.parametrize("call_id", ["c1", None])
@pytest.mark.parametrize("ids", [("t1", "t2"), ("t1", "t1")])
async def test_what_is_odd_in_one_call_spoils_no_neighbour(
    sqlite_url: str, odd: Any, call_id: str | None, ids: tuple[str, str]
) -> None:
    async with reception(sqlite_url) as acme:
        one, other = await acme.ask(
            call("look_up", "first", ids[0], call_id), call("look_up", "second", ids[1], call_id, more=odd)
        )
        again, _ = await acme.ask(
            call("look_up", "first", ids[0], call_id), call("look_up", "second", ids[1], call_id, more=odd)
        )

    assert (one.say, other.say, again.say) == ("first 1", "second 2", "first 1")


async def test_a_slow_call_delays_its_neighbours_to_the_deadline_and_no_further(database_url: str) -> None:
    async with reception(database_url, Script(slow={"slow"}), deadline_s=0.3) as acme:
        began = time.monotonic()
        results = await acme.ask(look_up("quick", "t1"), look_up("slow", "t2"), change("slow", "t3"))
        took = time.monotonic() - began

    assert [results[0].ok, *results[1:]] == [True, NOT_YET, NOT_YET_CHANGED]
    assert took < 1.5


@pytest.mark.parametrize("make", [look_up, change])
async def test_of_an_unexpected_error_nothing_is_said_but_a_log_id(database_url: str, make: object) -> None:
    async with reception(database_url, raising(RuntimeError(SECRET))) as acme:
        (result,) = await acme.ask(make("x"))  # type: ignore[operator]  # one of the two above

    assert (result.ok, result.code, set(result.facts)) == (False, Code.INTERNAL, {"log_id"})
    assert "secret" not in str(result.as_dict())
    assert "RuntimeError" not in str(result.as_dict())


@pytest.mark.parametrize(
    ("error", "outcome"), [(DatabaseUnavailableError("away"), "refused"), (KeyError("a mistake of ours"), None)]
)
async def test_a_change_that_a_database_did_not_let_begin_has_its_outcome(
    sqlite_url: str, error: Exception, outcome: str | None
) -> None:
    async with reception(sqlite_url, Booking(answering=raising(error).answering)) as acme:
        (result,) = await acme.ask(call("book"))
    assert (result.ok, result.code, result.facts.get("outcome")) == (False, Code.INTERNAL, outcome)


async def test_a_camel_case_name_is_the_same_tool(sqlite_url: str) -> None:
    async with reception(sqlite_url) as acme:
        (result,) = await acme.ask(call("lookUp", "x"))

    assert result.ok
    assert audited(sqlite_url)[0]["tool"] == "look_up"


async def test_of_a_tool_that_nobody_has_no_word_of_the_model_is_kept(sqlite_url: str) -> None:
    async with reception(sqlite_url) as acme:
        await acme.ask(call("wire_money", "to Mallory"))

    [row] = audited(sqlite_url)
    assert (row["tool"], row["outcome"], row["arguments"]) == ("unknown", Code.UNKNOWN_TOOL, {})
    assert not [word for word in ("wire_money", "Mallory") if word in str(row)]


async def test_an_unreadable_call_is_told_so_in_words(sqlite_url: str) -> None:
    async with reception(sqlite_url) as acme:
        (result,) = await acme.ask(structs.replace(look_up(), problem="Please send it again."))

    assert (result.code, result.say) == (Code.INVALID_ARGUMENTS, "Please send it again.")
    assert acme.script.runs == []


async def test_an_unknown_line_hears_an_apology_and_rings(sqlite_url: str) -> None:
    other = replace(ACME, id="zenith", lines=("+15125550111",))
    async with reception(sqlite_url, businesses=(ACME, other)) as both:
        (result,) = await both.ask(look_up(line="+19995550000"))

    assert (result.ok, result.code, result.say) == (False, Code.NOT_FOUND, UNKNOWN_LINE)
    assert both.alarms.kinds() == ["unknown_line"]
    assert len(audited(sqlite_url)) == 1


async def test_the_tools_of_a_call_over_the_cap_say_so(database_url: str) -> None:
    async with reception(database_url, cap=1) as acme:
        await acme.ask(look_up(call_id="c1"))
        over = await acme.ask(look_up(call_id="c2", id="t1"), change(call_id="c2", id="t2"))
        (again,) = await acme.ask(look_up("more", call_id="c1", id="t2"))

    said = OVER_CAP_UNTIL.format(clock="6:00 PM", day="today")
    assert [(result.code, result.say) for result in over] == [(Code.DAILY_CAP, said)] * 2
    assert again.ok
    assert acme.script.runs == ["", "more"]


async def test_the_caller_hears_a_filler_and_then_the_answer_once(database_url: str) -> None:
    async with reception(database_url, Script(slow={"slow"}), filler_after_s=0.05) as acme:
        first = await acme.ask(look_up("slow", control=CONTROL))
        replay = await acme.ask(look_up("slow", control=CONTROL))
        assert acme.push.said == []
        acme.script.gate.set()
        await soon(lambda: bool(acme.push.said))
        await asyncio.sleep(0.05)

    assert first == replay == [FILLER]
    assert acme.push.said == [(CONTROL, "slow 1")]
    assert acme.script.runs == ["slow"]
    assert acme.alarms.rung == []


async def test_a_question_asked_again_under_a_new_id_is_answered_in_the_call_once(database_url: str) -> None:
    async with reception(database_url, Script(slow={"slow"}), filler_after_s=0.05) as acme:
        asked = [look_up("slow", f"t{number}", control=CONTROL) for number in range(3)]
        other = look_up("slow", "t1", call_id="c2", control=CONTROL)
        fillers = [await acme.ask(*asked[:2]), await acme.ask(asked[2]), await acme.ask(other)]
        acme.script.gate.set()
        await soon(lambda: len(acme.push.said) >= 2)
        await asyncio.sleep(0.05)

    assert fillers == [[FILLER] * 2, [FILLER], [FILLER]]
    assert len(acme.push.said) == 2, "once in each call"
    assert acme.alarms.rung == []


async def test_a_filler_is_owed_its_answer_beyond_the_end_of_the_process(sqlite_url: str) -> None:
    async with reception(sqlite_url, Script(slow={"slow"}), filler_after_s=0.05) as acme:
        assert await acme.ask(look_up("slow", control=CONTROL), look_up("quick", "t2", control=CONTROL)) != [FILLER] * 2
        rows = executed(sqlite_url, "SELECT status, kind, business, phone, what FROM tasks")
        acme.script.gate.set()
        await soon(lambda: executed(sqlite_url, "SELECT status FROM tasks") == [("done",)])

    ((*debt, what),) = rows
    assert debt == ["open", "tell_customer", "acme", "+15125550142"], "what a process that is killed now leaves"
    assert what.startswith("Tell the caller what came of look_up: call c1 of vapi heard at most")


async def test_a_filler_waits_only_a_moment_for_a_database_that_hangs(database_url: str) -> None:
    async with reception(database_url, Script(slow={"slow"}), filler_after_s=0.05) as acme:
        async with held_up(acme.database):
            began = time.monotonic()
            assert await acme.ask(look_up("slow", control=CONTROL)) == [FILLER]
            assert time.monotonic() - began < 0.05 + FILLER_NOTE_S + 0.5
        acme.script.gate.set()
        await soon(lambda: bool(acme.push.said))


@pytest.mark.parametrize("control", [None, "https://evil.example/control"])
async def test_without_a_way_to_push_a_lookup_waits_and_then_says_not_yet(sqlite_url: str, control: str | None) -> None:
    script = Script(slow={"slow"})
    async with reception(sqlite_url, script, filler_after_s=0.01, deadline_s=0.2) as acme:
        assert await acme.ask(look_up("slow", control=control)) == [NOT_YET]
        script.gate.set()
        await soon(lambda: script.finished == ["slow"])

    assert acme.push.said == []


async def test_a_change_is_never_answered_with_a_filler(database_url: str) -> None:
    async with reception(database_url, Script(slow={"slow"}), filler_after_s=0.01, deadline_s=0.3) as acme:
        (result,) = await acme.ask(change("slow", control=CONTROL))
        assert result == NOT_YET_CHANGED
        assert acme.push.said == [], "what is not known yet is not said"


async def test_an_answer_that_cannot_be_delivered_becomes_a_persons_task(sqlite_url: str) -> None:
    async with reception(sqlite_url, Script(slow={"slow"}), filler_after_s=0.01) as acme:
        acme.push.delivers = False
        await acme.ask(look_up("slow", control=CONTROL))
        acme.script.gate.set()
        await soon(lambda: bool(executed(sqlite_url, PAGED)))

    [(kind, business, body)] = executed(sqlite_url, PAGED)
    assert (kind, business) == ("answer_not_delivered", ACME.id)
    assert CONTROL not in body


async def test_a_caller_who_goes_away_cancels_no_change(database_url: str) -> None:
    async with reception(database_url, Script(slow={"slow"})) as acme:
        gone = asyncio.create_task(acme.ask(change("slow")))
        await soon(lambda: acme.script.runs == ["slow"])
        gone.cancel()
        await asyncio.wait({gone})
        acme.script.gate.set()
        (replay,) = await acme.ask(change("slow"))

    assert (replay.ok, replay.facts) == (True, {"run": 1})
    assert acme.script.finished == ["slow"]


async def test_after_the_deadline_the_work_goes_on_and_a_replay_gets_its_result(database_url: str) -> None:
    async with reception(database_url, Script(slow={"slow"}), deadline_s=0.2) as acme:
        assert await acme.ask(change("slow")) == [NOT_YET_CHANGED]
        acme.script.gate.set()
        await soon(lambda: acme.script.finished == ["slow"])
        (replay,) = await acme.ask(change("slow"))

    assert replay.facts == {"run": 1}


async def test_an_outcome_that_is_known_is_given_at_the_deadline_though_it_is_not_kept_yet(database_url: str) -> None:
    async with reception(database_url, Script(slow={"slow"}), deadline_s=1.0) as acme:
        asked = asyncio.create_task(acme.ask(change("slow")))
        await soon(lambda: acme.script.runs == ["slow"])
        joined = asyncio.create_task(acme.ask(change("slow")))
        await asyncio.sleep(0)
        async with held_up(acme.database):
            acme.script.gate.set()
            (result,) = await asked
            (too,) = await joined
        (replay,) = await acme.ask(change("slow"))

    assert result.facts == too.facts == replay.facts == {"run": 1}
    assert executed(database_url, "SELECT count(*) FROM tasks") == [(0,)], "nothing is owed"


async def test_stopping_finishes_a_change_that_is_under_way(database_url: str) -> None:
    async with reception(database_url, Script(slow={"slow"}), deadline_s=0.1) as acme:
        await acme.ask(change("slow"))
        asyncio.get_running_loop().call_later(0.2, acme.script.gate.set)
        await acme.dispatcher.stop(5.0)
        assert acme.script.finished == ["slow"]

    assert [row["outcome"] for row in audited(database_url)] == ["ok"]


async def test_every_answer_leaves_one_audit_row_without_what_is_private(database_url: str) -> None:
    async with reception(database_url) as acme:
        await acme.ask(look_up("warm", "t1", name="Ann Example", size=3))
        await acme.ask(change("x", "t2", name="Ann Example"))
        await acme.ask(look_up("warm", "t1", name="Ann Example", size=3))
        await acme.ask(change("x", "t2", name="Ann Example"))

    rows = audited(database_url)
    assert [row["tool_call"] for row in rows] == ["t1", "t2", "t1", "t2"] or sorted(
        row["tool_call"] for row in rows
    ) == ["t1", "t1", "t2", "t2"]
    assert {str(row["arguments"]) for row in rows if row["tool_call"] == "t1"} >= {"{'size': 3, 'what': 'warm'}"}
    assert "Ann" not in str(rows)
    assert "5550142" not in str(rows)


async def test_a_database_that_hangs_costs_a_lookup_nothing_but_a_moment(database_url: str) -> None:
    async with reception(database_url) as acme:
        async with held_up(acme.database):
            began = time.monotonic()
            (result,) = await acme.ask(look_up("x"))
            assert time.monotonic() - began < 2.0
        assert result.ok
        await soon(lambda: len(audited(database_url)) == 1)


async def test_a_database_that_is_gone_lets_lookups_go_on_and_changes_say_sorry(sqlite_url: str) -> None:
    async with reception(sqlite_url) as acme:
        await acme.database.stop()
        looked, changed = await acme.ask(look_up("x", "t1"), change("x", "t2"))

    assert looked.ok
    assert (changed.code, acme.script.runs) == (Code.INTERNAL, ["x"])


@pytest.mark.parametrize("hangs", [True, False])
async def test_what_fails_open_is_done_without_a_database_that_could_keep_it(database_url: str, hangs: bool) -> None:
    async with reception(database_url, Opening()) as acme:
        if not hangs:
            await acme.database.stop()
        async with held_up(acme.database) if hangs else contextlib.nullcontext():
            began = time.monotonic()
            (result,) = await acme.ask(call("connect", "x", "t1"))
            assert time.monotonic() - began < OPEN_WITHIN_S + 1.0
            assert (result.ok, acme.script.runs) == (True, ["x"])
            assert await acme.ask(call("connect", "x", "t1")) == [result], "once for each request"
    assert acme.script.runs == ["x"]


async def test_what_fails_open_is_not_done_twice_where_the_database_goes_while_another_process_does_it(
    database_url: str,
) -> None:
    script = Opening(slow={"x"})
    async with reception(database_url, script) as first, reception(database_url, script) as second:
        doing = asyncio.create_task(first.ask(call("connect", "x", "t1")))
        await soon(lambda: bool(script.runs))
        waiting = asyncio.create_task(second.ask(call("connect", "x", "t1")))
        await asyncio.sleep(2 * POLL_S)
        assert not waiting.done()
        executed(database_url, "ALTER TABLE tool_calls RENAME TO away")
        await asyncio.sleep(4 * POLL_S)
        assert not waiting.done(), "that the database is away says nothing of what the other process does"
        executed(database_url, "ALTER TABLE away RENAME TO tool_calls")
        script.gate.set()
        assert [result.ok for result in (*await waiting, *await doing)] == [True, True]
    assert script.runs == ["x"]


async def test_a_thousand_calls_under_one_id_are_told_apart_in_no_time(sqlite_url: str) -> None:
    async with reception(sqlite_url) as acme:
        began = time.monotonic()
        results = await acme.ask(*(look_up(str(number % 500)) for number in range(1_000)))
        took = time.monotonic() - began

    assert [result.say.split()[0] for result in results] == [str(number % 500) for number in range(1_000)]
    assert len(acme.script.runs) == 500
    assert took < 5.0


async def test_a_change_that_ends_after_the_deadline_is_told_in_the_call_once(sqlite_url: str) -> None:
    async with reception(sqlite_url, Script(slow={"slow"}), deadline_s=0.1) as acme:
        assert await acme.ask(change("slow", control=CONTROL)) == [NOT_YET_CHANGED]
        assert acme.push.said == []
        acme.script.gate.set()
        await soon(lambda: bool(acme.push.said))

    assert len(acme.push.said) == 1


async def test_a_change_that_ends_after_the_call_becomes_a_persons_task(sqlite_url: str) -> None:
    async with reception(sqlite_url, Script(slow={"slow"}), deadline_s=0.1) as acme:
        assert await acme.ask(change("slow")) == [NOT_YET_CHANGED]
        acme.script.gate.set()
        await soon(lambda: bool(executed(sqlite_url, PAGED)))

    assert [kind for kind, _, _ in executed(sqlite_url, PAGED)] == ["answer_not_delivered"]
