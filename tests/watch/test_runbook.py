"""Whoever is paged finds the kind of page, and what to do, in the runbook."""

import ast
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from app.watch.lapse import RETIRED

ROOT = Path(__file__).parents[2]
RUNBOOK = (ROOT / "infra" / "runbooks" / "when-it-breaks.md").read_text()
WHERE_THE_KIND_STANDS = {"Page": 0, "ring": 0, "clear": 0, "resolved": 1, "superseded": 1, "is_raised": 1}
"""Among the arguments of what raises and ends pages."""


def kinds(path: Path) -> set[str]:
    """The kinds of pages that a module names, as a word or by a constant."""
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    found = set[str]()
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        at = WHERE_THE_KIND_STANDS.get(called, len(node.args))
        for named in node.args[at : at + 1]:
            found |= {word for word in words(named, module) if isinstance(word, str)}
    return found


def words(named: ast.expr, module: str) -> Iterable[object]:
    """What an argument may be: a word, a constant, or any of a mapping's."""
    if isinstance(named, ast.Name):
        return [getattr(import_module(module), named.id, None)]
    if isinstance(named, ast.Subscript) and isinstance(named.value, ast.Name):
        kept = getattr(import_module(module), named.value.id, None)
        return kept.values() if isinstance(kept, dict) else []
    return [named.value] if isinstance(named, ast.Constant) else []


def test_every_kind_of_page_is_in_the_runbook() -> None:
    every = set[str]().union(*(kinds(path) for path in (ROOT / "app").rglob("*.py") if path.name != "__main__.py"))

    assert {
        "event_left_over",
        "crm_refuses",
        "unknown_line",
        "redis_down",
        "silence",
        "flood",
        "database_down",
    } <= every
    assert not every & RETIRED, "nobody may raise what is ended at once"
    assert sorted(kind for kind in every if f"`{kind}`" not in RUNBOOK) == []
