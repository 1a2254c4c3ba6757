"""HubSpot's contacts and meetings on a real socket, as far as they are used: unique properties, late search, ties."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from tests.fakes.crm import CrmServer
from tests.fakes.recording_server import Fault, Recorded

TOKEN = "pat-na1-of-the-tests"
KNOWN = {
    "contacts": {"firstname", "lastname", "email", "phone", "mobilephone", "readback_contact"},
    "meetings": {
        "readback_booking", "readback_event", "hs_timestamp", "hs_meeting_start_time", "hs_meeting_end_time",
        "hs_meeting_title", "hs_meeting_body", "hs_meeting_location", "hs_meeting_outcome",
    },
}  # fmt: skip
UNIQUE = {"contacts": ("readback_contact", "email"), "meetings": ("readback_booking",)}
Properties = dict[str, str]


@dataclass
class Account:
    contacts: dict[str, Properties] = field(default_factory=dict)
    meetings: dict[str, Properties] = field(default_factory=dict)
    ties: set[tuple[str, str]] = field(default_factory=set)
    indexed: set[str] = field(default_factory=set)
    """Contacts that search knows: only what people made, long ago."""
    last_id: int = 100

    def kind(self, name: str) -> dict[str, Properties]:
        return self.contacts if name == "contacts" else self.meetings

    def new_id(self) -> str:
        self.last_id += 1
        return str(self.last_id)


class FakeHubspot(CrmServer):
    """Use with `async with`; `account` is what is in it."""

    def __init__(self) -> None:
        super().__init__(Account())

    @property
    def account(self) -> Account:
        account: Account = self.state
        return account

    def person_adds_contact(self, **properties: str) -> str:
        """A contact made by hand, known to search."""
        identity = self.account.new_id()
        self.account.contacts[identity] = properties
        self.account.indexed.add(identity)
        return identity

    def handle(self, state: Account, request: Recorded) -> Fault:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return _said(401, {"category": "INVALID_AUTHENTICATION"})
        path, _, query = request.path.partition("?")
        parts = path.strip("/").split("/")
        if parts[:2] == ["crm", "v4"]:  # crm/v4/objects/meetings/{id}/associations/default/contacts/{id}
            if parts[4] not in state.meetings or parts[8] not in state.contacts:
                return _said(404, {"category": "OBJECT_NOT_FOUND"})
            state.ties.add((parts[4], parts[8]))
            return _said(200, {"status": "COMPLETE"})
        kind, rest = parts[3], parts[4:]
        body = request.json if request.body else {}
        if rest == ["batch", "read"]:
            return _found(state, kind, lambda p: p.get(body["idProperty"]) in [i["id"] for i in body["inputs"]])
        if rest == ["search"]:
            return self._searched(state, body)
        if request.method == "GET":
            return _one(state, kind, rest[0], parse_qs(query).get("idProperty", [""])[0])
        return _written(state, kind, rest[0] if rest else "", body["properties"])

    def _searched(self, state: Account, body: Any) -> Fault:
        wanted = [(f["propertyName"], f["value"]) for group in body["filterGroups"] for f in group["filters"]]
        hits = [i for i in state.indexed if any(state.contacts[i].get(name) == value for name, value in wanted)]
        return _said(200, {"results": [{"id": i, "properties": state.contacts[i]} for i in sorted(hits)]})


def _one(state: Account, kind: str, name: str, id_property: str) -> Fault:
    things = state.kind(kind)
    identity = name if not id_property else next((i for i, p in things.items() if p.get(id_property) == name), "")
    if identity not in things:
        return _said(404, {"category": "OBJECT_NOT_FOUND"})
    answer: dict[str, Any] = {"id": identity, "properties": things[identity]}
    tied = [
        {"id": contact, "type": "meeting_event_to_contact"} for meeting, contact in state.ties if meeting == identity
    ]
    if kind == "meetings" and tied:
        answer["associations"] = {"contacts": {"results": tied}}
    return _said(200, answer)


def _found(state: Account, kind: str, fits: Any) -> Fault:
    results = [{"id": i, "properties": p} for i, p in state.kind(kind).items() if fits(p)]
    return _said(200 if results else 207, {"results": results})


def _written(state: Account, kind: str, identity: str, properties: Properties) -> Fault:
    if set(properties) - KNOWN[kind]:
        return _said(400, {"category": "VALIDATION_ERROR", "message": f"no such property: {properties}"})
    things = state.kind(kind)
    if identity and identity not in things:
        return _said(404, {"category": "OBJECT_NOT_FOUND"})
    for name in UNIQUE[kind]:
        taken = [
            i for i, p in things.items() if i != identity and properties.get(name) and p.get(name) == properties[name]
        ]
        if taken:
            return _said(409, {"category": "CONFLICT"})
    made = identity or state.new_id()
    things[made] = things.get(made, {}) | properties
    return _said(200 if identity else 201, {"id": made, "properties": things[made]})


def _said(status: int, value: Any) -> Fault:
    return Fault(status, body=json.dumps(value).encode())
