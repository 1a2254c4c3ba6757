"""Whoever decodes an answer of an upstream names the shape that it is held against, in the function that decodes."""

import ast
from collections.abc import Iterator
from pathlib import Path

from app.watch import declared_shapes, spoken_shapes
from app.watch.shapes import Shape

ROOT = Path(__file__).parents[2]
PLACES = ("app/adapters", "app/main", "app/provisioning", "app/booking", "app/sms", "app/inference", "app/reports")
LIBRARIES = ("import httpx", "import aiohttp", "import requests", "import httplib2", "from app.watch.shapes")
"""A module that speaks to nobody decodes what we wrote ourselves."""
DECODES = frozenset(("loads", "json", "decoded", "postproc", "XMLParser", "fromstring"))
HAND_ON = {"crm_http": "_json", "crm_hubspot": "ask", "crm_webhook": "ask", "vapi_records": "_asked",
           "caldav_xml": "_parsed"}  # fmt: skip
"""Where one function decodes for others of its kind, which is to be looked at instead: who calls it names the shape."""
OTHERS = {
    "caldav_xml._parsed": "for those who call it",
    "caldav_xml.refuses_token": "a refusal, of which one word is looked for",
    "crm_http._json": "for `ask`",
    "crm_http.ask": "for those who call it",
    "google_credentials.load_account": "a file of the operator's",
    "own_line._json": "our own answer",
    "vapi_records._asked": "for those who call it",
    "vapi_records._refusal": "the platform's words, for a person",
}
NAMES = {name for module in (declared_shapes, spoken_shapes) for name, value in vars(module).items()
         if isinstance(value, Shape)} | {"shape"}  # fmt: skip


def unnamed(source: str, module: str) -> Iterator[str]:
    """Functions that decode and name no shape."""
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        inside = list(ast.walk(function))
        names = {node.id for node in inside if isinstance(node, ast.Name)}
        called = {_name(node.func) for node in inside if isinstance(node, ast.Call)}
        if called & (DECODES | {HAND_ON.get(module, "loads")}) and not names & NAMES:
            yield f"{module}.{function.name}"


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def test_whoever_decodes_an_answer_names_its_shape() -> None:
    found = [
        name
        for place in PLACES
        for path in sorted((ROOT / place).rglob("*.py"))
        if any(library in path.read_text() for library in LIBRARIES)
        for name in unnamed(path.read_text(), path.stem)
    ]
    assert sorted(found) == sorted(OTHERS)


def test_one_who_names_none_is_found() -> None:
    forgot = "async def price(self):\n    return orjson.loads(await self._get('/price'))['usd']\n"
    asked = "async def read(self):\n    status, answer = await self._http.ask('GET', self._url)\n"
    names = "def read(answer):\n    observe(TWILIO_MESSAGE, decoded(answer))\n"
    assert [*unnamed(forgot, "prices"), *unnamed(asked, "crm_hubspot"), *unnamed(names, "twilio_http")] == [
        "prices.price",
        "crm_hubspot.read",
    ]
