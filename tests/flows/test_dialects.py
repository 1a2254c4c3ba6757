"""A visit is booked through every platform, on the real server, and heard to be booked whichever way it was asked."""

import time
from pathlib import Path

import httpx

from tests.contracts.speakers import KEYS, NOW, SPEAKERS, Asked, Speaker
from tests.flows.businesses import acme, written
from tests.flows.running import Readback, environment, serving
from tests.processes import TLS

KEY_NAMES = {
    "retell": "READBACK_RETELL_API_KEYS",
    "elevenlabs": "READBACK_ELEVENLABS_SECRETS",
    "bland": "READBACK_BLAND_SECRETS",
    "telnyx": "READBACK_TELNYX_PUBLIC_KEYS",
}


async def asked(server: Readback, speaker: Speaker, tool: str, call: str, **arguments: object) -> dict[str, object]:
    made = speaker.request(Asked(tool, arguments, call, tool, at=time.time()))
    headers = {name: value for name, value in made.headers.items() if name != "host"}
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, verify=TLS, timeout=60.0) as client:
        response = await client.request(made.method, made.url.raw_path.decode(), content=made.read(), headers=headers)
    assert response.status_code == 200, response.text
    return speaker.heard(response)


async def test_every_platform_books_and_none_books_twice(tmp_path: Path, sqlite_url: str) -> None:
    keys = {KEY_NAMES[platform]: ",".join(given) for platform, given in KEYS.items()}
    variables = environment(sqlite_url, written(tmp_path, acme())) | keys
    variables |= {"READBACK_VAPI_SECRETS": NOW, "READBACK_TOOLS_SECRETS": NOW}
    references = set()
    async with serving(variables) as server:
        for number, speaker in enumerate(SPEAKERS):
            found = await asked(server, speaker, "check_availability", f"c{number}", service="inspection", limit=1)
            assert found["ok"], (speaker.name, found)
            [slot] = found["slots"]  # type: ignore[misc]  # a list of one, as the tool's contract says
            wanted = {"slot_id": slot["slot_id"], "customer_name": "Jordan Smith"}
            booked = await asked(server, speaker, "book_appointment", f"c{number}", **wanted)
            again = await asked(server, speaker, "book_appointment", f"c{number}", **wanted)
            assert (booked["outcome"], again) == ("confirmed", booked), speaker.name
            references.add(booked["reference"])
    assert len(references) == len(SPEAKERS)


async def test_without_a_key_every_platform_is_refused(sqlite_url: str, tmp_path: Path) -> None:
    variables = environment(sqlite_url, written(tmp_path, acme())) | {"READBACK_TOOLS_SECRETS": ""}
    async with serving(variables) as server, server.client(NOW) as client:
        for path in ("/mcp", *(f"/{name}/check_availability" for name in ("tools", *KEY_NAMES))):
            assert (await client.post(path, json={})).status_code == 401, path
