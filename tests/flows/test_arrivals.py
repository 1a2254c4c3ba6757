"""Calls that arrive: let in under the cap, sent to a person or declined over it, counted once, and paged about."""

import asyncio
from collections.abc import Callable

import pytest

from tests.fakes.page_receiver import PageReceiver
from tests.flows import books
from tests.flows.businesses import ASSISTANT, NOBODYS_LINE, PERSON, ZENITH, ZENITH_LINE, acme
from tests.flows.running import ADMIN_TOKEN, Process
from tests.flows.speaking import arrival, message, new_call, new_id

CAP = 5
LOOK = ("check_availability", {"service": "inspection", "date": "tomorrow"})


async def fill(server: Process) -> list[str]:
    """Let in as many calls as the cap allows, one after the other; their ids."""
    ids = [new_call() for _ in range(CAP)]
    for call_id in ids:
        answer = arrival(await server.vapi(message("assistant-request", call_id=call_id)))
        assert answer["assistantId"] == ASSISTANT
        assert answer["assistantOverrides"]["variableValues"]["business_name"] == "Acme Pest Control"
    return ids


@pytest.mark.parametrize("person", [PERSON, None])
async def test_over_the_cap_a_caller_reaches_a_person_or_hears_a_sentence(
    start: Callable[..., Process], sqlite_url: str, person: str | None
) -> None:
    async with PageReceiver() as pages:
        lines = [f'page = ["{pages.url}"]', *([f'person = "{person}"'] if person else [])]
        server = start(
            sqlite_url, acme(("embedded:dana", "embedded:lee"), *lines), READBACK_DAILY_CALL_CAPS=f"acme={CAP}"
        )
        let_in = await fill(server)
        one_more = new_call()
        answer = arrival(await server.vapi(message("assistant-request", call_id=one_more)))
        if person:
            assert answer["destination"]["number"] == person
            assert answer["destination"]["message"]
        else:
            assert "tomorrow" in answer["error"]

        # An admitted call is never cut off; one that was not gets no tools either.
        [found] = await server.call((new_id(), *LOOK), call_id=let_in[0])
        assert found["ok"]
        [refused] = await server.call((new_id(), *LOOK), call_id=one_more)
        assert (refused["ok"], refused["code"]) == (False, "daily_cap")
        [row] = await books.audited(sqlite_url, one_more)
        assert row["outcome"] == "daily_cap"
        # Asked again, the same call gets the same answer and is not counted again.
        assert "assistantId" in arrival(await server.vapi(message("assistant-request", call_id=let_in[0])))

        figures = await server.figures()
        assert figures['readback_cap_used{business="acme"}'] == CAP
        assert figures['readback_cap_limit{business="acme"}'] == CAP
        assert figures['readback_alarms_total{kind="cap_near"}'] == 2
        assert books.counted(sqlite_url)["acme"] == CAP
        await pages.wait_for(3, 30)
        await asyncio.sleep(0.3)  # a fourth one would have come by now
        assert len([page for page in pages.pages if "Callers are sent away" in page.title]) == 1
        overview = (await server.get("/api/overview", ADMIN_TOKEN)).json()
        assert "the daily call cap of Acme Pest Control, which is used up" in overview["sentence"]
        assert len([page for page in pages.pages if "cap" in page.title.lower()]) == 2
        for percent in ("80 %", "95 %"):
            assert any(percent in page.title for page in pages.pages)


async def test_without_an_assistant_or_on_an_unknown_line_the_caller_hears_why(
    start: Callable[..., Process], sqlite_url: str
) -> None:
    server = start(sqlite_url, acme(), ZENITH)
    nobody = arrival(await server.vapi(message("assistant-request", line=ZENITH_LINE)))
    assert nobody["error"]
    unknown = arrival(await server.vapi(message("assistant-request", line=NOBODYS_LINE)))
    assert unknown["error"]
    assert nobody != unknown


@pytest.mark.parametrize("order", [("status-update", "end-of-call-report"), ("end-of-call-report", "status-update")])
async def test_reports_are_stored_once_whichever_comes_first(acme_server: Process, order: tuple[str, str]) -> None:
    call_id = new_call()
    for kind in (*order, *order):
        more = {"status": "ended"} if kind == "status-update" else {"endedReason": "customer-ended-call"}
        assert await acme_server.vapi(message(kind, call_id=call_id, **more)) == {}
    kinds = [event["kind"].partition(":")[0] for event in books.events(acme_server.database_url, call_id)]
    assert sorted(kinds) == sorted(order)
    for event in books.events(acme_server.database_url, call_id):
        assert "never-to-be-shown" not in event["body"]


async def test_the_metrics_that_others_use_are_there(acme_server: Process) -> None:
    await acme_server.call((new_id(), *LOOK))
    for tool, arguments in (LOOK, ("book_appointment", {"slot_id": "x", "customer_name": "y"}), ("no_such_tool", {})):
        await acme_server.tool(tool, arguments)
    figures = await acme_server.figures()
    assert figures['readback_tool_seconds_count{outcome="ok",tool="check_availability"}'] >= 2
    assert figures['readback_tool_seconds_count{outcome="not_offered",tool="book_appointment"}'] >= 1
    assert figures['readback_tool_seconds_count{outcome="unknown_tool",tool="unknown"}'] >= 1
    assert any(series.startswith("readback_cache_total{") for series in figures)


async def test_a_dead_redis_harms_nobody(start: Callable[..., Process], sqlite_url: str) -> None:
    server = start(sqlite_url, READBACK_REDIS_URL="redis://127.0.0.1:1/0")
    ready = await server.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["redis"] in ("down", "degraded")
    assert ready.json()["database"] == "ok"
    [slot] = await server.offers(limit=1)
    [booked] = await server.call((new_id(), "book_appointment", {"slot_id": slot["slot_id"], "customer_name": "Sam"}))
    assert booked["outcome"] == "confirmed"
    assert "assistantId" in arrival(await server.vapi(message("assistant-request")))
    assert await books.unsound(sqlite_url) == []


async def test_a_live_redis_is_ok(start: Callable[..., Process], sqlite_url: str, redis_url: str) -> None:
    server = start(sqlite_url, READBACK_REDIS_URL=redis_url)
    assert (await server.get("/readyz")).json() == {"database": "ok", "loops": "ok", "redis": "ok"}
