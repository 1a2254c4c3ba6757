"""The doctor beside a server that runs, and after that server is gone."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.commanding import command
from tests.flows.running import Process

OWN = ("READBACK_BUSINESSES", "READBACK_VAPI_SECRETS", "READBACK_TOOLS_SECRETS", "READBACK_PUBLIC_URL")


def examined(server: Process) -> tuple[int, dict[str, dict[str, Any]]]:
    variables = {name: value for name, value in server.variables.items() if name in OWN}
    told = command(server.database_url, "doctor", "--json", **{**variables, "READBACK_PUBLIC_URL": server.url})
    return told.returncode, {check["name"]: check for check in json.loads(told.stdout)["checks"]}


@pytest.mark.parametrize("engine", ["sqlite_url", "postgres_url"])
def test_it_finds_a_server_well_and_says_what_is_missing_when_it_is_gone(
    start: Callable[..., Process], engine: str, request: pytest.FixtureRequest
) -> None:
    server = start(request.getfixturevalue(engine))

    code, found = examined(server)
    assert (code, [name for name, check in found.items() if check["state"] == "failed"]) == (0, [])
    assert found["public address"]["seen"] == "/healthz answers, and our secret is taken"
    assert found["jobs"]["seen"] == "1 process at work, none late"
    assert any(name.startswith("calendar of acme/") and check["state"] == "ok" for name, check in found.items())

    server.stop()

    code, found = examined(server)
    assert (code, {name for name, check in found.items() if check["state"] == "failed"}) == (
        1,
        {"jobs", "public address"},
    )
