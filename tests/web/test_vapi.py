"""`POST /vapi`, from the request to the answer it is owed."""

import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from app import metrics
from app.booking.business import Businesses
from app.calls.arrivals import Declined, Diverted
from app.calls.knowledge import Knowledge
from app.calls.model import CallRef
from app.inference import ground
from app.inference.ground import Library
from app.web.vapi import NOBODY
from tests.booking.acme import acme
from tests.dialects.test_vapi import (
    ARRIVALS,
    CALL,
    CALLER,
    FULL,
    IGNORED,
    KNOWLEDGE,
    LINE,
    PAYLOADS,
    REPORTS,
    TOOL_CALLS,
    TRANSFERS,
)
from tests.dialects.vapi_answers import complaints_about_arrival, complaints_about_results
from tests.fakes.web import House
from tests.processes import ROOT
from tests.web.test_admin import BOOK, FIND

Ask = Callable[..., httpx.AsyncClient]

BEARER = {"Authorization": "Bearer vapi-secret"}
TOOL_CALL = (PAYLOADS / "01_tool_calls_single.json").read_bytes()
UNAUTHORIZED = b'{"error":"unauthorized"}'


def signed(body: bytes, key: str = "signing-key", timestamp: str = "1795000000") -> dict[str, str]:
    mac = hmac.new(key.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return {"X-Signature": mac.hexdigest(), "X-Timestamp": timestamp}


async def post(ask: Ask, body: bytes | dict[str, Any], headers: Any = BEARER, **otherwise: Any) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await ask(**otherwise).post("/vapi", content=content, headers=headers)


# --- what each payload is owed ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TOOL_CALLS)
async def test_every_tool_call_is_run_and_answered(ask: Ask, house: House, name: str) -> None:
    response = await post(ask, (PAYLOADS / name).read_bytes())
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    expected = TOOL_CALLS[name]
    assert [(call.tool_call_id, call.name) for call in house.dispatcher.calls] == [(one[0], one[1]) for one in expected]
    if "legacy" in name:
        assert list(response.json()) == ["result"]
        assert json.loads(response.json()["result"])["ok"] is True
    else:
        assert complaints_about_results(response.json(), [one[0] for one in expected]) == []


@pytest.mark.parametrize("name", REPORTS)
async def test_every_report_is_stored_and_owed_nothing(ask: Ask, house: House, name: str) -> None:
    response = await post(ask, (PAYLOADS / name).read_bytes())
    assert (response.status_code, response.content) == (200, b"{}")
    [event] = house.events.stored
    assert (event.kind, event.status, event.ended_reason, event.ref) == REPORTS[name]
    assert bool(house.arrivals.begun_calls) is ("in_progress" in name)


@pytest.mark.parametrize("name", IGNORED)
async def test_everything_else_is_owed_nothing(ask: Ask, house: House, name: str) -> None:
    response = await post(ask, (PAYLOADS / name).read_bytes())
    assert (response.status_code, response.content) == (200, b"{}")
    assert not house.dispatcher.calls
    assert not house.events.stored


@pytest.mark.parametrize(
    ("named", "counted"),
    [
        ("book_appointment", "book_appointment"),
        ("bookAppointment", "book_appointment"),
        ("other", "unknown"),
        ("", "none"),
    ],
)
async def test_a_hang_is_counted_by_the_tool_under_way(ask: Ask, named: str, counted: str) -> None:
    hang = json.loads((PAYLOADS / "29_hang.json").read_bytes())
    listed = [{"role": "tool_calls", "toolCalls": [{"id": "1", "function": {"name": named}}]}] if named else []
    hang["message"]["artifact"]["messages"] = listed
    before = metrics.counted().numbers["hang"].get((counted,), 0)

    assert (await post(ask, hang, tools=(BOOK, FIND))).content == b"{}"

    assert metrics.counted().numbers["hang"][counted,] == before + 1


@pytest.mark.parametrize("body", [b"null", b"7", b'"tool-calls"', b"[]", b"true", b'{"message": 7}', b'{"a": 1}'])
async def test_valid_json_that_is_no_message_is_owed_nothing(ask: Ask, body: bytes) -> None:
    response = await post(ask, body)
    assert (response.status_code, response.content) == (200, b"{}")


@pytest.mark.parametrize(
    "body",
    [
        (PAYLOADS / "malformed" / "m21_invalid_json.txt").read_bytes(),
        b"",
        b" ",
        b"{",
        b"NaN",
        b"message=hello",
        b"\xff\xfe",
        b'{"a": "\xff"}',
        TOOL_CALL.replace(b'"timestamp"', b'"unread": "\xff", "timestamp"', 1),
        b'{"a": "\\ud83d", "b": NaN}',
        b"[" * 100_000,
        b'"\\ud83d' + b"[" * 100_000,
    ],
)
async def test_what_is_not_json_is_refused(ask: Ask, body: bytes) -> None:
    response = await post(ask, body)
    assert (response.status_code, response.json()) == (400, {"error": "not json"})


async def test_half_a_character_in_a_transcript_does_not_cost_the_call(ask: Ask, house: House) -> None:
    message = json.loads(TOOL_CALL)
    message["message"]["artifact"]["messages"] = [{"role": "user", "message": "thanks \ud83d"}]
    response = await post(ask, json.dumps(message).encode())
    assert complaints_about_results(response.json(), [TOOL_CALLS["01_tool_calls_single.json"][0][0]]) == []
    assert house.dispatcher.calls[0].ref == FULL


async def test_lists_within_lists_do_not_cost_the_call(ask: Ask, house: House) -> None:
    message = json.loads(TOOL_CALL)
    message["message"]["toolCallList"][0]["function"]["arguments"] = {"more": "DEEP"}
    response = await post(ask, json.dumps(message).replace('"DEEP"', "[" * 1_000 + "]" * 1_000).encode())
    assert complaints_about_results(response.json(), [TOOL_CALLS["01_tool_calls_single.json"][0][0]]) == []
    assert house.dispatcher.calls[0].ref == FULL


# --- the call that arrives -------------------------------------------------------------------------------------------

ARRIVAL = (PAYLOADS / ARRIVALS[0]).read_bytes()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (None, {"assistantId": "asst_1", "assistantOverrides": {"variableValues": {"business": "Acme"}}}),
        (
            Diverted("+15125550199", "One moment, please."),
            {"destination": {"type": "number", "number": "+15125550199", "message": "One moment, please."}},
        ),
        (Declined("Please call tomorrow."), {"error": "Please call tomorrow."}),
    ],
)
async def test_a_call_that_arrives_is_answered(ask: Ask, house: House, answer: Any, told: Any) -> None:
    house.arrivals.answering = answer or house.arrivals.answering
    response = await post(ask, ARRIVAL)
    assert (response.status_code, response.json()) == (200, told)
    assert house.arrivals.asked == [CallRef("vapi", CALL, CALLER, (LINE,))]


@pytest.mark.parametrize("trouble", ["hangs", "raises"])
async def test_a_call_that_nobody_decides_on_falls_open(ask: Ask, house: House, trouble: str) -> None:
    house.arrivals.hangs = trouble == "hangs"
    house.arrivals.error = RuntimeError("cap store") if trouble == "raises" else None
    response = await post(ask, ARRIVAL, arrival_deadline_s=0.05)
    assert response.status_code == 200
    assert response.json()["assistantId"] == "asst_fallback"


async def test_without_a_fallback_the_caller_hears_a_sentence(ask: Ask, house: House) -> None:
    house.arrivals.error = RuntimeError("cap store")
    house.arrivals.helpless = True
    response = await post(ask, ARRIVAL)
    assert (response.status_code, response.json()) == (200, {"error": NOBODY.say})
    assert complaints_about_arrival(response.json()) == []


def test_the_time_for_an_arrival_lies_inside_the_platforms(house: House) -> None:
    assert house.doors().arrival_deadline_s <= 6.0


# --- the call that is to be transferred ------------------------------------------------------------------------------

WANTS_A_PERSON = (PAYLOADS / TRANSFERS[0]).read_bytes()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            Diverted("+15125550199", "One moment, please."),
            {"destination": {"type": "number", "number": "+15125550199", "message": "One moment, please."}},
        ),
        (Declined("Someone will call you back."), {"error": "Someone will call you back."}),
    ],
)
async def test_a_platform_that_asks_where_to_is_told(ask: Ask, house: House, answer: Any, told: Any) -> None:
    house.handover.answering = answer
    response = await post(ask, WANTS_A_PERSON)
    assert (response.status_code, response.json()) == (200, told)
    assert house.handover.asked == [FULL]


@pytest.mark.parametrize("trouble", ["hangs", "raises"])
async def test_a_transfer_that_nobody_decides_on_goes_to_a_person(ask: Ask, house: House, trouble: str) -> None:
    house.handover.hangs = trouble == "hangs"
    house.handover.error = RuntimeError("database") if trouble == "raises" else None
    response = await post(ask, WANTS_A_PERSON, arrival_deadline_s=0.05)
    assert (response.status_code, response.json()["destination"]["number"]) == (200, "+15125550198")


# --- what the business's documents say --------------------------------------------------------------------------------

ASKS_FOR_DOCUMENTS = (PAYLOADS / KNOWLEDGE[0]).read_bytes()


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents are read from the disk, for which a busy machine takes longer than a call waits."""
    monkeypatch.setattr(ground, "WITHIN_S", 30.0)


@pytest.mark.usefixtures("unhurried")
async def test_a_platform_that_asks_for_documents_gets_a_quote(ask: Ask) -> None:
    businesses = Businesses({"acme": acme(documents=ROOT / "infra" / "businesses" / "documents" / "acme")})
    response = await post(ask, ASKS_FOR_DOCUMENTS, knowledge=Knowledge(businesses, Library()), arrival_deadline_s=30.0)
    [document] = response.json()["documents"]
    assert document["content"].startswith("Refunds are paid to the card")
    assert 0 < document["similarity"] <= 1
    assert len(document["uuid"]) == 32
    again = await post(ask, ASKS_FOR_DOCUMENTS, knowledge=Knowledge(businesses, Library()), arrival_deadline_s=30.0)
    assert again.json() == response.json()


@pytest.mark.usefixtures("unhurried")
async def test_a_quote_is_without_the_marks_that_a_voice_would_speak(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Refunds\n\nOur **refund policy** is [here](https://acme.example), _in short_.\n")
    knowledge = Knowledge(Businesses({"acme": acme(documents=tmp_path)}), Library())
    response = await post(ask, ASKS_FOR_DOCUMENTS, knowledge=knowledge, arrival_deadline_s=30.0)
    [document] = response.json()["documents"]
    assert document["content"] == "Our refund policy is here, in short."


async def test_without_documents_there_is_nothing_to_quote(ask: Ask) -> None:
    nothing = Knowledge(Businesses({"acme": acme()}), Library())
    assert (await post(ask, ASKS_FOR_DOCUMENTS, knowledge=nothing)).json() == {"documents": []}
    unknown_line = Knowledge(Businesses({"acme": acme(), "zenith": acme(id="zenith", lines=())}), Library())
    assert (await post(ask, ASKS_FOR_DOCUMENTS, knowledge=unknown_line)).json() == {"documents": []}
    assert (await post(ask, ASKS_FOR_DOCUMENTS)).json() == {}


# --- what goes wrong behind the door ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["02_tool_calls_parallel_two.json", "07_function_call_legacy_object_parameters.json"])
async def test_a_dispatcher_that_raises_still_leaves_a_sentence_for_each_call(
    ask: Ask, house: House, name: str
) -> None:
    house.dispatcher.error = RuntimeError("secret detail")
    response = await post(ask, (PAYLOADS / name).read_bytes())
    assert response.status_code == 200
    answers = response.json().get("results") or [response.json()]
    assert len(answers) == len(TOOL_CALLS[name])
    for answer in answers:
        told = json.loads(answer["result"])
        assert (told["ok"], told["code"]) == (False, "internal")
        assert told["say"]
        assert "secret detail" not in response.text


@pytest.mark.parametrize("name", REPORTS)
async def test_a_report_that_cannot_be_stored_is_still_acknowledged(ask: Ask, house: House, name: str) -> None:
    house.events.error = RuntimeError("database gone")
    house.arrivals.error = RuntimeError("no prefetch")
    response = await post(ask, (PAYLOADS / name).read_bytes())
    assert (response.status_code, response.content) == (200, b"{}")
    assert len(house.events.stored) == 1


# --- who may come in -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer vapi-secret"},
        {"Authorization": "Bearer vapi-secret-before"},
        {"X-Vapi-Secret": "vapi-secret"},
        {"x-vapi-secret": "vapi-secret-before"},
        {"Authorization": "Bearer wrong", "X-Vapi-Secret": "vapi-secret"},
        {"Authorization": "Bearer vapi-secret", "X-Vapi-Secret": "wrong"},
        {"Authorization": "Bearer vapi-secret", "X-Signature": "00", "X-Timestamp": "1"},
        signed(TOOL_CALL),
        signed(TOOL_CALL, key="signing-key-before"),
        signed(TOOL_CALL, timestamp="1795000000000"),
        signed(TOOL_CALL, timestamp="1794999701"),
        signed(TOOL_CALL) | {"Authorization": "Bearer wrong"},
    ],
)
async def test_a_valid_proof_opens_the_door(ask: Ask, house: House, headers: dict[str, str]) -> None:
    response = await post(ask, TOOL_CALL, headers)
    assert response.status_code == 200
    assert len(house.dispatcher.calls) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "vapi-secret"},
        {"Authorization": "Bearer tools-secret"},
        {"Authorization": "Bearer signing-key"},
        {"Authorization": "Bearer "},
        {"X-Vapi-Secret": ""},
        {"X-Vapi-Secret": "wrong"},
        {"Authorization": b"Bearer \xff\xfe"},
        signed(TOOL_CALL, key="wrong"),
        signed(TOOL_CALL, key="vapi-secret"),
        signed(TOOL_CALL + b" "),
        signed(TOOL_CALL, timestamp="1794999699"),
        signed(TOOL_CALL, timestamp="1795000301"),
        signed(TOOL_CALL) | {"X-Timestamp": "1795000001"},
        {"X-Signature": signed(TOOL_CALL)["X-Signature"]},
    ],
)
async def test_anything_else_is_refused_and_told_nothing(ask: Ask, house: House, headers: Any) -> None:
    response = await post(ask, TOOL_CALL, headers)
    assert (response.status_code, response.content) == (401, UNAUTHORIZED)
    assert not house.dispatcher.calls


@pytest.mark.parametrize("headers", [{}, BEARER, {"X-Vapi-Secret": ""}, signed(TOOL_CALL, key="")])
async def test_without_a_configured_secret_everybody_is_refused(
    ask: Ask, house: House, headers: dict[str, str]
) -> None:
    response = await post(ask, TOOL_CALL, headers, vapi_secrets=(), vapi_hmac_secrets=("",))
    assert (response.status_code, response.content) == (401, UNAUTHORIZED)
    assert not house.dispatcher.calls


async def test_a_stranger_learns_nothing_about_the_body(ask: Ask) -> None:
    response = await post(ask, b"not json", {"Authorization": "Bearer wrong"})
    assert (response.status_code, response.content) == (401, UNAUTHORIZED)
