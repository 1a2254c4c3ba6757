"""Vapi's tools, assistants and phone numbers on a real socket, by its real rules: parts are replaced whole, unknown
and read-only properties are refused, secrets of servers are not shown, pins win over ids. It lies and races as told.

Sources: api.vapi.ai/openapi.json (August 2026), VapiAI/gitops docs/learnings (what a PATCH does).
"""

import copy as copying
import json
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.crm import CrmServer
from tests.fakes.recording_server import Fault, Recorded

KEY = "vapi-private-key-of-the-tests"
Document = dict[str, Any]
Edit = Callable[["Account"], None]

_READ_ONLY = {"id", "orgId", "createdAt", "updatedAt", "latestVersion", "isServerUrlSecretSet", "status"}
_KNOWN = {
    "tool": {
        "type", "async", "function", "messages", "parameters", "server", "variableExtractionPlan", "rejectionPlan",
    },
    "assistant": {
        "name", "model", "voice", "transcriber", "firstMessage", "firstMessageMode", "firstMessageInterruptionsEnabled",
        "serverMessages", "clientMessages", "maxDurationSeconds", "backgroundSound", "endCallMessage", "endCallPhrases",
        "voicemailMessage", "voicemailDetection", "hooks", "metadata", "analysisPlan", "artifactPlan", "monitorPlan",
        "startSpeakingPlan", "stopSpeakingPlan", "compliancePlan", "credentialIds", "server", "observabilityPlan",
        "forwardingPhoneNumber",
    },
    "phone-number": {
        "provider", "name", "assistantId", "squadId", "workflowId", "server", "hooks", "fallbackDestination",
        "smsEnabled", "twilioAccountSid", "twilioAuthToken",
    },
}  # fmt: skip
_INSIDE = {
    "server": {"url", "credentialId", "timeoutSeconds", "headers", "backoffPlan", "staticIpAddressesEnabled", "secret",
               "encryptedPaths"},
    "function": {"name", "description", "parameters", "strict"},
    "model": {"provider", "model", "messages", "tools", "toolIds", "toolRefs", "temperature", "maxTokens",
              "knowledgeBase", "emotionRecognitionEnabled", "fallbackModels", "numFastTurns"},
}  # fmt: skip


@dataclass
class Account:
    records: dict[str, dict[str, Document]] = field(default_factory=lambda: {kind: {} for kind in _KNOWN})
    secrets: dict[str, str] = field(default_factory=dict)
    """Of servers, by record; never shown again."""
    ticks: int = 0

    def tick(self) -> str:
        self.ticks += 1
        return f"2026-09-01T00:{self.ticks // 60 % 60:02}:{self.ticks % 60:02}.{self.ticks:03}Z"


@dataclass
class _Before:
    line: str
    edit: Edit
    skip: int


class FakeVapi(CrmServer):
    """Use with `async with`; `account` is what is in it. Without `versions` it is one from before there were any."""

    def __init__(self, *, versions: bool = True, takes_type: bool = True) -> None:
        super().__init__(Account())
        self.lies: deque[Callable[[Document], None]] = deque()
        """What happens to a record after the next write to it, behind a 200."""
        self.versions = versions
        self.takes_type = takes_type
        self.page_limit = 1_000
        self._before: list[_Before] = []

    @property
    def account(self) -> Account:
        account: Account = self.state
        return account

    @property
    def variables(self) -> dict[str, str]:
        return {"VAPI_API_KEY": KEY, "READBACK_VAPI_API_URL": self.url}

    def before(self, line: str, edit: Edit, skip: int = 0) -> None:
        """Have somebody edit in the dashboard just before such a request is looked at, after `skip` of them."""
        self._before.append(_Before(line, edit, skip))

    def record(self, kind: str, name: str) -> Document:
        """The one record of that name, as it is kept."""
        [found] = [r for r in self.account.records[kind].values() if name in (_named(r), r.get("number"))]
        return found

    def has(self, kind: str, record: Document) -> str:
        """Somebody makes a record by hand; its id."""
        made: Document = {"id": str(uuid.uuid4()), "orgId": "org-1", "createdAt": self.account.tick()}
        if kind in ("tool", "assistant") and self.versions:
            made["latestVersion"] = "1"
        self.account.records[kind][made["id"]] = made | copying.deepcopy(record) | {"updatedAt": self.account.tick()}
        return str(made["id"])

    def edit(self, kind: str, name: str, **parts: Any) -> None:
        """Somebody publishes a change in the dashboard."""
        record = self.record(kind, name)
        record |= parts | {"updatedAt": self.account.tick()}
        self._numbered(kind, record)

    def writes(self) -> list[tuple[str, str, Document]]:
        """Method, path and body of everything that was written."""
        return [(r.method, r.path, r.json) for r in self.requests if r.method in ("POST", "PATCH")]

    def handle(self, state: Account, request: Recorded) -> Fault:
        line = f"{request.method} {request.path}"
        for waiting in list(self._before):
            if line.startswith(waiting.line):
                if waiting.skip == 0:
                    self._before.remove(waiting)
                    waiting.edit(state)
                waiting.skip -= 1
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return _said(401, {"message": "Invalid Key. Hot tip, you may be using the public key.", "statusCode": 401})
        path = request.path.partition("?")[0].strip("/").split("/")
        if path[0] not in _KNOWN or len(path) > 2:
            return _said(404, {"message": "Cannot find it", "statusCode": 404})
        if len(path) == 1:
            if request.method == "POST":
                return self._written(state, path[0], None, request.json)
            return _said(200, [_shown(record) for record in state.records[path[0]].values()][: self.page_limit])
        record = state.records[path[0]].get(path[1])
        if record is None:
            return _said(404, {"message": f"Couldn't get {path[0]}", "statusCode": 404})
        return (
            _said(200, _shown(record))
            if request.method == "GET"
            else self._written(state, path[0], record, request.json)
        )

    def _written(self, state: Account, kind: str, record: Document | None, body: Document) -> Fault:
        if wrong := self._unknown(kind, body):
            return _said(400, {"message": wrong, "error": "Bad Request", "statusCode": 400})
        if record is None:
            if kind == "phone-number":
                return _said(402, {"message": "Buy a plan first", "statusCode": 402})
            record = {"id": str(uuid.uuid4()), "orgId": "org-1", "createdAt": state.tick()}
            state.records[kind][record["id"]] = record
        record.update(copying.deepcopy(body))  # the top level merges; what is below it is replaced whole
        self._settle(state, kind, record, body)
        if self.lies:
            self.lies.popleft()(record)
        return _said(201 if "latestVersion" not in record else 200, _shown(record))

    def _settle(self, state: Account, kind: str, record: Document, body: Document) -> None:
        record["updatedAt"] = state.tick()
        self._numbered(kind, record)
        model = record.get("model")
        if isinstance(model, dict) and model.get("toolRefs"):
            pinned = {ref["toolId"] for ref in model["toolRefs"]}
            model["toolIds"] = [tool for tool in model.get("toolIds", []) if tool not in pinned]
        if kind == "assistant" and isinstance(body.get("server"), dict):
            secret = record["server"].pop("secret", None)
            state.secrets.pop(record["id"], None)
            if secret:
                state.secrets[record["id"]] = secret
            record["isServerUrlSecretSet"] = bool(secret)

    def _numbered(self, kind: str, record: Document) -> None:
        if kind in ("tool", "assistant") and self.versions:
            record["latestVersion"] = str(int(record.get("latestVersion", "0")) + 1)

    def _unknown(self, kind: str, body: Document) -> list[str]:
        names = [*body]
        known = _KNOWN[kind] - (set() if self.takes_type or kind != "tool" else {"type"})
        if kind == "phone-number" and body.get("provider", "vapi") not in ("vapi", "twilio"):
            return ["provider must be one of vapi, twilio"]
        wrong = [f"property {name} should not exist" for name in names if name in _READ_ONLY or name not in known]
        for part, inside in _INSIDE.items():
            if isinstance(body.get(part), dict):
                wrong += [f"{part}.property {name} should not exist" for name in body[part] if name not in inside]
        model = body.get("model")
        if isinstance(model, dict) and not (model.get("provider") and model.get("model")):
            wrong.append("model.provider must be one of the following values: openai, anthropic, ...")
        return wrong


def _named(record: Document) -> Any:
    function = record.get("function")
    return function.get("name") if isinstance(function, dict) else record.get("name")


def _shown(record: Document) -> Document:
    return copying.deepcopy(record)


def _said(status: int, value: Any) -> Fault:
    return Fault(status, body=json.dumps(value).encode())
