"""A caller who wants a person, from the platform's messages to the task that makes up for a transfer that failed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.db.schema import call_events, tasks, transfers
from tests.fakes.vapi_control import CALL_OVER, VapiControl
from tests.flows import books
from tests.flows.businesses import EMBEDDED, PERSON, acme, written
from tests.flows.running import Process, Readback, environment, serving
from tests.flows.speaking import CALLER, arrival, message, new_call, new_id

FRONT = "+15125550171"
STAFFED = acme(EMBEDDED, f'person = "{PERSON}"', f'transfers = [{{ number = "{FRONT}" }}]')
WHY = {"reason": "Wants to talk about the bill."}


@pytest.fixture
async def house(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Readback]:
    variables = environment(sqlite_url, written(tmp_path, STAFFED), READBACK_VAPI_CONTROL_HOSTS="127.0.0.1")
    async with serving(variables) as server:
        yield server


def owed(url: str) -> list[tuple[str, str, str]]:
    return [(row["kind"], row["phone"], row["status"]) for row in books.rows(url, tasks)]


def states(url: str) -> list[str]:
    return [row["state"] for row in books.rows(url, transfers)]


async def test_the_call_is_connected_and_a_failure_is_made_up_for_once(house: Readback) -> None:
    async with VapiControl() as control:
        call_id = new_call()
        url = control.control_url(call_id)
        [answer] = await house.call((new_id(), "transfer_to_person", WHY), call_id=call_id, control_url=url)
        assert answer["ok"] is True
        assert control.transferred(call_id) == [FRONT]

    forwarding = {"status": "forwarding", "destination": {"type": "number", "number": FRONT}}
    ended = {"endedReason": "call.forwarding.operator-busy"}
    for report in (
        message("end-of-call-report", call_id=call_id, **ended),
        message("status-update", call_id=call_id, status="ended", **ended),
        message("status-update", call_id=call_id, **forwarding),
        message("transfer-update", call_id=call_id, destination=forwarding["destination"]),
    ) * 2:
        assert await house.vapi(report) == {}

    assert states(house.database_url) == ["failed"]
    assert owed(house.database_url) == [("transfer_failed", CALLER, "open")]
    assert len(books.rows(house.database_url, call_events)) == 4


async def test_a_call_that_is_over_is_called_back(house: Readback) -> None:
    async with VapiControl(always=CALL_OVER) as control:
        call_id = new_call()
        url = control.control_url(call_id)
        [answer] = await house.call((new_id(), "transfer_to_person", WHY), call_id=call_id, control_url=url)

    assert (answer["ok"], answer["outcome"]) == (False, "callback")
    assert owed(house.database_url) == [("transfer_failed", CALLER, "open")]


async def test_the_platform_is_told_where_to_and_the_next_time_somewhere_else(house: Readback) -> None:
    call_id = new_call()
    asked = message("transfer-destination-request", call_id=call_id)
    first = arrival(await house.vapi(asked))
    assert first["destination"]["number"] == FRONT
    assert first == arrival(await house.vapi(asked))
    await house.vapi(
        message("status-update", call_id=call_id, status="forwarding", destination={"type": "number", "number": FRONT})
    )
    assert arrival(await house.vapi(asked))["destination"]["number"] == PERSON
    assert await house.vapi(message("handoff-destination-request", call_id=call_id, parameters={})) == {}


async def test_elsewhere_the_result_names_the_number(house: Readback) -> None:
    answer = await house.tool("transfer_to_person", WHY, call_id=new_call(), caller=CALLER)

    assert (answer["ok"], answer["destination"]) == (True, FRONT)


async def test_a_server_that_is_killed_owes_what_it_promised(sqlite_url: str, tmp_path: Path) -> None:
    variables = environment(sqlite_url, written(tmp_path, STAFFED))
    server = Process(variables, tmp_path / "log")
    server.start()
    call_id = new_call()
    promised = await server.tool("request_callback", WHY, call_id=call_id, tool_call_id="t1", caller=CALLER)
    await server.vapi(message("transfer-destination-request", call_id=call_id))
    await server.vapi(message("end-of-call-report", call_id=call_id, endedReason="call.forwarding.no-answer"))
    server.kill()
    with server:
        again = await server.tool("request_callback", WHY, call_id=call_id, tool_call_id="t2", caller=CALLER)
        await server.vapi(message("end-of-call-report", call_id=call_id, endedReason="call.forwarding.no-answer"))

    assert again == promised
    assert sorted(owed(sqlite_url)) == [("callback", CALLER, "open"), ("transfer_failed", CALLER, "open")]
