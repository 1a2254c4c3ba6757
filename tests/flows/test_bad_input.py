"""Everything that can be wrong with what comes in: said in words, accepted, audited, and nothing half-written."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.flows import books
from tests.flows.businesses import ACME_LINE, NOBODYS_LINE, ZENITH_LINE
from tests.flows.running import TOOLS_SECRET, VAPI_SECRET, Process
from tests.flows.speaking import CALLER, SAM, heard, new_call, new_id, results, tool_calls

PAYLOADS = Path(__file__).parents[1] / "payloads" / "vapi"
MALFORMED = sorted(path.name for path in (PAYLOADS / "malformed").glob("*.json"))
OWED_NOTHING = {"m01_empty_object.json", "m02_message_null.json", "m03_message_is_string.json", "m04_root_array.json"}
TOO_LARGE = 11 * 2**20
BODY_WITHIN_S = 10.0


@pytest.mark.parametrize("name", MALFORMED)
async def test_every_malformed_payload_gets_a_200_and_a_sentence(acme_server: Process, name: str) -> None:
    async with acme_server.client() as client:
        response = await client.post("/vapi", content=(PAYLOADS / "malformed" / name).read_bytes())
    assert response.status_code == 200
    answer = response.json()
    if name in OWED_NOTHING:
        assert answer == {}
        assert await books.refused(acme_server.database_url, "/vapi", "no message")
    else:
        assert isinstance(answer.get("results"), list)
        for result in answer["results"]:
            heard(json.loads(result["result"]))
    assert await books.unsound(acme_server.database_url) == []


async def test_what_is_not_json_is_a_400(acme_server: Process) -> None:
    async with acme_server.client() as client:
        content = (PAYLOADS / "malformed" / "m21_invalid_json.txt").read_bytes()
        response = await client.post("/vapi", content=content)
    assert (response.status_code, response.json()) == (400, {"error": "not json"})
    assert await books.refused(acme_server.database_url, "/vapi", "not json")


@pytest.mark.parametrize(("path", "secret"), [("/vapi", VAPI_SECRET), ("/tools/check_availability", TOOLS_SECRET)])
@pytest.mark.parametrize("declared", [True, False], ids=["declared", "in chunks"])
async def test_eleven_megabytes_are_refused_and_the_server_serves_on(
    acme_server: Process, path: str, secret: str, declared: bool
) -> None:
    async def chunks() -> Any:
        for _ in range(TOO_LARGE // 65_536):
            yield b" " * 65_536

    content: Any = b" " * TOO_LARGE if declared else chunks()
    status = await _status_of(acme_server, path, secret, content, declared)
    assert status == 413
    assert await books.refused(
        acme_server.database_url, "/vapi" if path == "/vapi" else "/tools/{name}", "body too large"
    )
    assert (await acme_server.offers())[0]["slot_id"]


async def _status_of(server: Process, path: str, secret: str, content: Any, declared: bool) -> int:
    """The status that comes back, read beside the writing: a server may answer before it has taken everything."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    length = f"Content-Length: {TOO_LARGE}" if declared else "Transfer-Encoding: chunked"
    writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {secret}\r\n{length}\r\n\r\n".encode())

    async def send() -> None:
        try:
            if declared:
                writer.write(content)
            else:
                async for chunk in content:
                    writer.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
                    await writer.drain()
            await writer.drain()
        except ConnectionError:
            pass  # refused before it was all there

    sending = asyncio.create_task(send())
    try:
        async with asyncio.timeout(60):
            return int((await reader.readline()).split()[1])
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.transport.abort()


async def test_a_body_that_does_not_end_is_given_up_after_ten_seconds(acme_server: Process) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", acme_server.port)
    head = f"POST /vapi HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {VAPI_SECRET}\r\nContent-Length: 1000\r\n\r\n"
    writer.write(head.encode() + b"{")
    began = time.monotonic()

    async def drip() -> None:
        while True:
            await asyncio.sleep(0.5)
            writer.write(b" ")

    dripping = asyncio.create_task(drip())
    async with asyncio.timeout(60):
        line = await reader.readline()
    dripping.cancel()
    await asyncio.gather(dripping, return_exceptions=True)
    writer.transport.abort()
    assert line.split()[1] == b"408"
    assert await books.refused(acme_server.database_url, "/vapi", "body too slow")
    assert time.monotonic() - began >= BODY_WITHIN_S - 1


GARBAGE: list[Any] = [
    None, True, 0, -1, 10**30, 1.5, "", " ", "\u0000", "\ud83d", "x" * 10_000, [], [1], {}, {"a": {"b": []}},
    "'; DROP TABLE bookings; --", "{{ slot }}", "null", "2026-13-45", "\u202etxet", "\n\r\t",
]  # fmt: skip
ARGUMENTS = {
    "check_availability": {
        "service": "inspection", "date": "tomorrow", "weekday": None, "date_to": None, "part_of_day": "any",
        "technician": None, "limit": 3,
    },
    "book_appointment": {
        "slot_id": "", "customer_name": "Sam Rivera", "phone": CALLER, "email": "", "address": "", "notes": "",
    },
    "find_appointments": {"reference": None, "customer_name": None},
}  # fmt: skip


@pytest.mark.parametrize(("tool", "argument"), [(tool, name) for tool, names in ARGUMENTS.items() for name in names])
async def test_garbage_in_an_argument_is_answered_in_words(acme_server: Process, tool: str, argument: str) -> None:
    call_id = new_call()
    right = {name: value for name, value in ARGUMENTS[tool].items() if value is not None}
    asked = [(new_id(), tool, right | {argument: value}) for value in GARBAGE]
    for result in await acme_server.call(*asked, call_id=call_id):
        assert result.get("code") != "internal", result
        assert result["ok"] or result["code"]
    rows = await books.audited(acme_server.database_url, call_id, len(GARBAGE))
    assert len(rows) == len(GARBAGE)
    assert await books.unsound(acme_server.database_url) == []


@pytest.mark.parametrize("arguments", [None, "", "{", "[]", [], 7, True, '"text"', "null", {"unheard_of": 1}, '{"a":'])
@pytest.mark.parametrize("tool", [*ARGUMENTS, "make_coffee", "", "../secrets", "x" * 5_000])
async def test_garbage_for_arguments_is_answered_in_words(acme_server: Process, tool: str, arguments: Any) -> None:
    call_id = new_call()
    [result] = await acme_server.call((new_id(), tool, arguments), call_id=call_id)
    assert result.get("code") != "internal"
    if tool not in ARGUMENTS:
        assert (result["ok"], result["code"]) == (False, "unknown_tool")
    [row] = await books.audited(acme_server.database_url, call_id)
    assert row["outcome"] == result.get("code", "ok")
    assert row["tool"] in {*ARGUMENTS, "unknown"}


async def test_an_unknown_line_is_an_apology_and_an_alarm_where_there_are_two(two_businesses: Process) -> None:
    call_id = new_call()
    asked = (new_id(), "check_availability", {"service": "inspection"})
    [result] = await two_businesses.call(asked, call_id=call_id, line=NOBODYS_LINE)
    assert (result["ok"], result["code"]) == (False, "not_found")
    [row] = await books.audited(two_businesses.database_url, call_id)
    assert row["outcome"] == "not_found"
    assert (await two_businesses.figures())['readback_alarms_total{kind="unknown_line"}'] >= 1


@pytest.mark.parametrize(
    ("tool", "arguments", "code"),
    [
        ("check_availability", {"service": "haircut"}, "unknown_service"),
        ("check_availability", {"service": "inspection", "technician": "Nobody"}, "invalid_arguments"),
        ("check_availability", {"service": "inspection", "date": "2020-01-01"}, "past_date"),
        ("check_availability", {"service": "inspection", "date": "2020-02-30"}, "invalid_arguments"),
        ("check_availability", {"service": "inspection", "date": "2099-01-01"}, "outside_window"),
        ("book_appointment", {"slot_id": "nonsense", "customer_name": "Sam Rivera"}, "not_offered"),
        ("book_appointment", {"slot_id": "aheiujdlabdoo5ldxav6dnmthc665467", "customer_name": "Sam"}, "not_offered"),
        ("find_appointments", {"reference": "QQQQQQ", "customer_name": "Sam Rivera"}, "not_found"),
        ("find_appointments", {"reference": "QQQQQQ"}, "not_found"),
        ("do_magic", {}, "unknown_tool"),
    ],
)
async def test_what_does_not_exist_is_named_in_a_sentence(
    acme_server: Process, tool: str, arguments: dict[str, Any], code: str
) -> None:
    call_id = new_call()
    [result] = await acme_server.call((new_id(), tool, arguments), call_id=call_id)
    assert (result["ok"], result["code"]) == (False, code), result
    [row] = await books.audited(acme_server.database_url, call_id)
    assert row["outcome"] == code


async def test_a_slot_of_another_business_is_not_offered_here(two_businesses: Process) -> None:
    ask = {"service": "inspection", "date": "tomorrow"}
    [offer] = await two_businesses.call((new_id(), "check_availability", ask), line=ZENITH_LINE)
    slot = offer["slots"][0]["slot_id"]
    call_id = new_call()
    book = (new_id(), "book_appointment", {"slot_id": slot, **SAM})
    [refused] = await two_businesses.call(book, line=ACME_LINE, call_id=call_id)
    assert (refused["ok"], refused["code"]) == (False, "not_offered")
    assert books.booked(two_businesses.database_url) == []
    assert [row["outcome"] for row in await books.audited(two_businesses.database_url, call_id)] == ["not_offered"]


async def test_ids_that_two_businesses_have_in_common_tell_neither_of_the_other(two_businesses: Process) -> None:
    ids: dict[str, str] = {"call_id": "1", "tool_call_id": "1", "caller": CALLER}
    asked = {"service": "inspection", "date": "tomorrow", "limit": 1}
    [slot] = (await two_businesses.tool("check_availability", asked, line=ACME_LINE))["slots"]
    booking = {"slot_id": slot["slot_id"], **SAM}
    booked = await two_businesses.tool("book_appointment", booking, **ids, line=ACME_LINE)
    assert booked["outcome"] == "confirmed"
    other = await two_businesses.tool("find_appointments", **ids, line=ZENITH_LINE)
    assert other["appointments"] == []
    assert await two_businesses.tool("book_appointment", booking, **ids, line=ACME_LINE) == booked


async def test_an_id_twice_in_one_message_gets_two_results_and_one_booking(acme_server: Process) -> None:
    first, second = (await acme_server.offers(limit=2, technician="Dana", date_to=None, part_of_day="evening"))[:2]
    identity, call_id = new_id(), new_call()
    same = (identity, "book_appointment", {"slot_id": first["slot_id"], **SAM})
    one, again = await acme_server.call(same, same, call_id=call_id)
    assert one == again
    assert one["outcome"] == "confirmed"
    assert len(books.booked(acme_server.database_url, books.bookings.c.call_key == f"vapi:{call_id}")) == 1
    other = (new_id(), "book_appointment", {"slot_id": second["slot_id"], **SAM})
    [overlapping] = await acme_server.call(other, call_id=call_id)
    assert (overlapping["ok"], overlapping["code"]) == (False, "slot_taken")
    assert await books.unsound(acme_server.database_url) == []


async def test_different_calls_under_one_id_get_an_answer_each(acme_server: Process) -> None:
    identity = new_id()
    message = tool_calls(
        (identity, "check_availability", {"service": "inspection", "date": "tomorrow"}),
        (identity, "find_appointments", {}),
    )
    open_times, appointments = results(await acme_server.vapi(message), [identity, identity])
    assert open_times["slots"]
    assert "appointments" in appointments
