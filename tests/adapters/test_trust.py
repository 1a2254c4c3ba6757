"""Reading the certificate authorities takes as long as a dozen answers: it is done once for everybody."""

import ast
from pathlib import Path

from app.adapters.trust import authorities
from tests.processes import ROOT


def test_no_client_reads_them_for_itself() -> None:
    clients = {}
    for file in sorted(Path(ROOT, "app").rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "httpx." in text else ():
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("httpx.AsyncClient", "httpx.Client"):
                [trusted] = [each.value for each in node.keywords if each.arg == "verify"]
                clients[f"{file.relative_to(ROOT)}:{node.lineno}"] = ast.unparse(trusted)

    assert clients
    assert [place for place, trusted in clients.items() if not trusted.startswith("authorities()")] == []


def test_it_is_one_for_all() -> None:
    assert authorities() is authorities()
