"""What ElevenLabs asks and tells besides tool calls."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx

from app.watch import shapes
from app.web.elevenlabs import ARRIVAL, REPORT
from tests.fakes.web import House

PAYLOADS = Path(__file__).parents[1] / "payloads" / "platforms"
ARRIVING = (PAYLOADS / "elevenlabs_conversation_init_request.json").read_bytes()
VECTOR = json.loads((PAYLOADS / "elevenlabs_webhook_signature_vector.json").read_text())
KEYS = {"elevenlabs": ("now", VECTOR["secret"])}
BEARER = {"authorization": "Bearer now"}
SIGNED = {"elevenlabs-signature": VECTOR["elevenlabs_signature"]}

Ask = Callable[..., httpx.AsyncClient]


async def test_a_call_that_arrives_is_told_what_its_agent_may_know(ask: Ask, house: House) -> None:
    answer = await ask(platform_keys=KEYS).post(ARRIVAL, content=ARRIVING, headers=BEARER)

    assert answer.json() == {
        "type": "conversation_initiation_client_data",
        "dynamic_variables": {"business_name": "Acme"},
    }
    assert house.arrivals.introduced_calls[0].lines == ("+15005550010",)


async def test_a_call_is_taken_whatever_is_broken(ask: Ask, house: House) -> None:
    house.arrivals.error = RuntimeError("secret detail")
    answer = await ask(platform_keys=KEYS).post(ARRIVAL, content=ARRIVING, headers=BEARER)

    assert answer.status_code == 200
    assert set(answer.json()["dynamic_variables"]) == {"business_name", "today", "time_zone"}


async def test_a_conversation_that_is_over_is_kept(ask: Ask, house: House) -> None:
    house.clock.advance(VECTOR["timestamp_s"] - house.clock.now())
    client = ask(platform_keys=KEYS)

    kept = await client.post(REPORT, content=VECTOR["raw_body"], headers=SIGNED)
    other = await client.post(REPORT, content=VECTOR["raw_body"] + " ", headers=SIGNED)

    assert (kept.status_code, kept.content) == (200, b"{}")
    assert other.status_code == 401
    assert [event.kind for event in house.events.stored] == ["post_call_transcription"]


async def test_both_are_held_against_their_shapes(ask: Ask, house: House) -> None:
    house.clock.advance(VECTOR["timestamp_s"] - house.clock.now())
    client = ask(platform_keys=KEYS)
    shapes.forget()

    await client.post(ARRIVAL, content=ARRIVING, headers=BEARER)
    await client.post(REPORT, content=VECTOR["raw_body"], headers=SIGNED)
    assert {(each.shape.path, each.problem) for each in shapes.taken()} == {
        ("conversation initiation", ""), ("post-call webhook", "")
    }  # fmt: skip

    await client.post(ARRIVAL, content=ARRIVING.replace(b"call_sid", b"sid"), headers=BEARER)
    assert [each.problem for each in shapes.taken()] == ["call_sid is missing"], "looked at although one just was"


async def test_each_way_in_takes_its_own_proof_only(ask: Ask, house: House) -> None:
    house.clock.advance(VECTOR["timestamp_s"] - house.clock.now())
    client = ask(platform_keys=KEYS)

    assert (await client.post(ARRIVAL, content=ARRIVING, headers=SIGNED)).status_code == 401
    assert (await client.post(REPORT, content=VECTOR["raw_body"], headers=BEARER)).status_code == 401
    assert (await ask().post(ARRIVAL, content=ARRIVING, headers=BEARER)).status_code == 401
    assert not house.arrivals.introduced_calls
    assert not house.events.stored
