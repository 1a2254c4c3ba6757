"""A server whose business has a CRM: what it refuses to start with, and that a CRM that hangs is nobody's wait."""

import time
from pathlib import Path

import pytest

from app.clock import SystemClock
from app.errors import ConfigurationError
from app.main import application
from app.settings import load
from tests.fakes.crm import SILENT
from tests.fakes.databases import executed
from tests.fakes.hubspot import TOKEN, FakeHubspot
from tests.fakes.webhook_receiver import SECRET
from tests.flows.businesses import EMBEDDED, acme, written
from tests.flows.running import environment, serving

HUBSPOT = 'crm = { kind = "hubspot" }'
WEBHOOK = 'crm = { kind = "webhook", url = "https://crm.example/in" }'
PROMPT_S = 3.0
"""Far more than a booking takes, far less than a question to a CRM may."""


@pytest.mark.parametrize(
    ("crm", "secrets", "said"),
    [
        (HUBSPOT, "", "READBACK_CRM_SECRETS has no secret for business acme, which has a crm."),
        (WEBHOOK, "acme=s3cr3t", "READBACK_CRM_SECRETS: the secret of business acme must be whsec_ and the base64"),
        (HUBSPOT, "acme=s3cr3t,zenith=s3cr3t", 'READBACK_CRM_SECRETS names "zenith", which is no business.'),
    ],
)
def test_a_crm_without_the_right_secret_is_one_sentence(crm: str, secrets: str, said: str, tmp_path: Path) -> None:
    file = written(tmp_path, acme(EMBEDDED, crm))
    variables = environment(f"sqlite:///{tmp_path}/x.db", file, READBACK_CRM_SECRETS=secrets)

    with pytest.raises(ConfigurationError) as refused:
        application(load(variables), SystemClock())

    assert str(refused.value).startswith(said)
    assert "s3cr3t" not in str(refused.value)


@pytest.mark.parametrize(("crm", "secret"), [(HUBSPOT, TOKEN), (WEBHOOK, SECRET)])
def test_a_crm_with_its_secret_is_taken(crm: str, secret: str, sqlite_url: str, tmp_path: Path) -> None:
    file = written(tmp_path, acme(EMBEDDED, crm))

    application(load(environment(sqlite_url, file, READBACK_CRM_SECRETS=f"acme={secret}")), SystemClock())


async def test_a_crm_that_hangs_is_nobodys_wait_and_the_copy_is_wanted(sqlite_url: str, tmp_path: Path) -> None:
    async with FakeHubspot() as crm:
        crm.always_wrong = SILENT
        file = written(tmp_path, acme(EMBEDDED, f'crm = {{ kind = "hubspot", url = "{crm.url}" }}'))
        variables = environment(sqlite_url, file, READBACK_CRM_SECRETS=f"acme={TOKEN}", READBACK_JOBS="off")
        async with serving(variables) as server:
            offered = (await server.offers(12))[::4]  # two hours apart
            began = time.monotonic()
            for number, slot in enumerate(offered):
                booked = await server.tool(
                    "book_appointment",
                    {"slot_id": slot["slot_id"], "customer_name": "Ann Rivera", "phone": "+15125550142"},
                    call_id=f"c{number}",
                    tool_call_id=f"t{number}",
                )
                assert booked["outcome"] == "confirmed", booked
            took = time.monotonic() - began
            ready = await server.get("/readyz")
    jobs = executed(sqlite_url, "SELECT kind, data FROM job_outbox WHERE kind = 'crm_copy'")
    assert took < PROMPT_S * len(offered)
    assert ready.json()["crm"] == "ok"
    assert [kind for kind, _ in jobs] == ["crm_copy"] * len(offered)
    assert "Rivera" not in str(jobs)
