"""Vapi's API on a real socket: what is asked again, what never is, and how each failure is told."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from app.adapters import vapi_records
from app.adapters.vapi_records import VapiRecords
from app.provisioning.platform import (
    GoneError,
    InDoubtError,
    Kind,
    PlatformError,
    RefusedError,
    TooManyError,
    UnreachableError,
)
from tests.fakes.crm import BROKEN, BROKEN_AFTERWARDS, CUT_AFTERWARDS, MOVED_AWAY, NOT_JSON, SILENT, Mishap
from tests.fakes.recording_server import Fault
from tests.fakes.vapi_records import KEY, FakeVapi
from tests.flows.running import free_port

TOO_MANY = Mishap(fault=Fault(429, retry_after="0"))
ASSISTANT = {"name": "Acme", "model": {"provider": "openai", "model": "m"}}


@pytest.fixture
async def vapi() -> AsyncIterator[FakeVapi]:
    async with FakeVapi() as server:
        yield server


@pytest.fixture
async def records(vapi: FakeVapi) -> AsyncIterator[VapiRecords]:
    made = VapiRecords(vapi.url, KEY, deadline_s=0.2, pause_s=0.01)
    yield made
    await made.aclose()


async def test_records_are_listed_read_made_and_changed(vapi: FakeVapi, records: VapiRecords) -> None:
    made = await records.create(Kind.ASSISTANT, ASSISTANT)
    await records.change(Kind.ASSISTANT, made["id"], {"firstMessage": "Hi"})

    assert [one["id"] for one in await records.listed(Kind.ASSISTANT)] == [made["id"]]
    assert (await records.read(Kind.ASSISTANT, made["id"]))["firstMessage"] == "Hi"
    assert vapi.requests[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("mishap", [TOO_MANY, BROKEN, SILENT, CUT_AFTERWARDS], ids=["429", "500", "silent", "cut"])
async def test_what_is_only_asked_is_asked_again(vapi: FakeVapi, records: VapiRecords, mishap: Mishap) -> None:
    vapi.mishaps += [mishap] * 2
    assert await records.listed(Kind.TOOL) == []
    assert len(vapi.requests) == 3


async def test_it_is_not_asked_for_ever(vapi: FakeVapi, records: VapiRecords) -> None:
    vapi.always_wrong = BROKEN
    with pytest.raises(UnreachableError, match="HTTP 500"):
        await records.listed(Kind.TOOL)
    assert len(vapi.requests) == vapi_records.MOST_TRIES


@pytest.mark.parametrize(
    ("mishap", "error", "tries"),
    [
        (SILENT, InDoubtError, 1),
        (CUT_AFTERWARDS, InDoubtError, 1),
        (BROKEN_AFTERWARDS, InDoubtError, 1),
        (BROKEN, InDoubtError, 1),
        (MOVED_AWAY, InDoubtError, 1),
        (Mishap(fault=Fault(409)), RefusedError, 1),
        (Mishap(fault=Fault(401)), RefusedError, 1),
        (TOO_MANY, UnreachableError, vapi_records.MOST_TRIES),
    ],
    ids=["silent", "cut", "502", "500", "moved", "409", "401", "429"],
)
async def test_a_write_is_repeated_only_when_it_was_surely_not_done(
    vapi: FakeVapi, records: VapiRecords, mishap: Mishap, error: type[PlatformError], tries: int
) -> None:
    vapi.always_wrong = mishap
    with pytest.raises(error):
        await records.create(Kind.ASSISTANT, ASSISTANT)
    assert len(vapi.requests) == tries


async def test_nobody_there_is_nothing_written() -> None:
    records = VapiRecords(f"http://127.0.0.1:{free_port()}", KEY, pause_s=0.01)
    with pytest.raises(UnreachableError, match="no connection"):
        await records.create(Kind.ASSISTANT, ASSISTANT)
    await records.aclose()


async def test_an_answer_to_a_write_counts_for_nothing(vapi: FakeVapi, records: VapiRecords) -> None:
    vapi.mishaps.append(NOT_JSON)
    assert await records.create(Kind.ASSISTANT, ASSISTANT) == {}


REFUSALS: dict[str, tuple[Callable[[VapiRecords], Any], type[PlatformError], str]] = {
    "unknown": (lambda r: r.create(Kind.ASSISTANT, {**ASSISTANT, "x": 1}), RefusedError, "HTTP 400 property x should"),
    "gone": (lambda r: r.read(Kind.TOOL, "nobody"), GoneError, "HTTP 404"),
    "read-only": (lambda r: r.create(Kind.TOOL, {"id": "x"}), RefusedError, "property id should not exist"),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_a_refusal_is_told_in_the_platforms_words(records: VapiRecords, name: str) -> None:
    ask, error, words = REFUSALS[name]
    with pytest.raises(error, match=words):
        await ask(records)


@pytest.mark.parametrize("body", [b"<html>", b'"x"', b"[1]", b"{}"])
async def test_what_is_no_record_is_not_taken_for_one(vapi: FakeVapi, records: VapiRecords, body: bytes) -> None:
    vapi.always_wrong = Mishap(fault=Fault(body=body))
    with pytest.raises(UnreachableError):
        await records.listed(Kind.TOOL)
    with pytest.raises(UnreachableError):
        await records.read(Kind.TOOL, "x")


async def test_a_list_that_may_be_cut_is_no_list(vapi: FakeVapi, records: VapiRecords) -> None:
    for _ in range(vapi_records.MOST_LISTED):
        vapi.has("tool", {})
    with pytest.raises(TooManyError, match="more than are listed; name it under ids"):
        await records.listed(Kind.TOOL)
