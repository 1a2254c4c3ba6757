"""The doctor beside a server that runs, and after that server is gone."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from app.audit.refusals import GATHER_S
from app.db.schema import pages
from tests.commanding import command
from tests.flows import books
from tests.flows.businesses import ZENITH, acme
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


def test_it_pages_nobody_and_is_no_caller_where_the_line_decides_the_business(
    start: Callable[..., Process], sqlite_url: str
) -> None:
    server = start(sqlite_url, acme(), ZENITH)

    code, found = examined(server)

    assert (code, found["public address"]["state"]) == (0, "ok")
    time.sleep(2 * GATHER_S)  # until whatever came has been kept
    assert books.rows(sqlite_url, pages) == []
    kinds = {row["kind"] for row in books.rows(sqlite_url, books.audit)}
    assert kinds.isdisjoint({"tool_call", "requests_refused"}), kinds
