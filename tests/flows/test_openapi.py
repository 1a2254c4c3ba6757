"""The JSON routes against their own description: whatever fits it, or just does not, gets a flat answer in words."""

from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode, openapi

from tests.flows import books
from tests.flows.running import ADMIN_TOKEN, TOOLS_SECRET, Process
from tests.flows.speaking import heard
from tests.processes import TLS

EXAMPLES = {GenerationMode.POSITIVE: 25, GenerationMode.NEGATIVE: 20}
"""For each tool."""
ROUTES = (
    "/tools/check_availability",
    "/tools/book_appointment",
    "/tools/find_appointments",
    "/tools/reschedule_appointment",
    "/tools/cancel_appointment",
    "/tools/request_callback",
    "/tools/transfer_to_person",
    "/tools/send_confirmation",
    "/tools/answer_question",
)
NOT_JSON = 400


def described(server: Process) -> dict[str, Any]:
    response = httpx.get(
        f"{server.url}/openapi.json", headers={"Authorization": f"Bearer {ADMIN_TOKEN}"}, trust_env=False, verify=TLS
    )
    assert response.status_code == 200
    document: dict[str, Any] = response.json()
    return document


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("mode", EXAMPLES, ids=lambda mode: mode.value)
async def test_every_example_is_answered(acme_server: Process, route: str, mode: GenerationMode) -> None:
    operation = openapi.from_dict(described(acme_server))[route]["POST"]
    answered = {200: 0, NOT_JSON: 0}

    with httpx.Client(verify=TLS, base_url=acme_server.url, trust_env=False, timeout=60) as client:

        @settings(
            max_examples=EXAMPLES[mode],
            deadline=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
            database=None,
            derandomize=True,
        )
        @given(operation.as_strategy(generation_mode=mode))
        def ask(case: Case) -> None:
            sent = case.as_transport_kwargs()
            body = {"content": sent["data"]} if "data" in sent else {"json": sent.get("json")}
            headers = {"Authorization": f"Bearer {TOOLS_SECRET}", "Content-Type": "application/json"}
            response = client.post(route, headers=headers, params=case.query, **body)
            assert response.status_code in answered, (response.status_code, body)
            answered[response.status_code] += 1
            if response.status_code == 200:
                result = heard(response.json())
                assert result.get("code") != "internal", (result, body)

        ask()
    assert answered[200] > EXAMPLES[mode] // 4
    assert await books.unsound(acme_server.database_url) == []


def test_the_description_names_every_tool(acme_server: Process) -> None:
    assert set(ROUTES) <= set(described(acme_server)["paths"])
    refused = httpx.get(f"{acme_server.url}/openapi.json", trust_env=False, verify=TLS)
    assert (refused.status_code, refused.json()) == (401, {"error": "unauthorized"})
