"""Reading the certificate authorities takes as long as a dozen answers: it is done once for everybody."""

import ast
from pathlib import Path

import pytest

from app.adapters.trust import authorities
from tests.processes import ROOT

CLIENTS = [
    pytest.param(node, id=f"{file.relative_to(ROOT)}:{node.lineno}")
    for file in sorted(Path(ROOT, "app").rglob("*.py"))
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    if isinstance(node, ast.Call) and ast.unparse(node.func) in ("httpx.AsyncClient", "httpx.Client")
]


@pytest.mark.parametrize("client", CLIENTS)
def test_no_client_reads_them_for_itself(client: ast.Call) -> None:
    [trusted] = [each.value for each in client.keywords if each.arg == "verify"]
    assert ast.unparse(trusted).startswith("authorities()")


def test_there_are_clients_to_look_at() -> None:
    assert CLIENTS


def test_it_is_one_for_all() -> None:
    assert authorities() is authorities()
