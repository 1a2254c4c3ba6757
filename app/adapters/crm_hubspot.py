"""Copies of bookings as HubSpot keeps them: a contact for the customer, a meeting for the visit, tied together.

Two properties of our own with unique values, `readback_booking` on meetings and `readback_contact` on contacts, make
HubSpot itself refuse a second one of either; its search, which lags behind, is only used to find people's own contacts.
What a person has written into a contact is never overwritten.
Source: developers.hubspot.com, CRM API v3 (objects, batch read, search) and v4 (default associations).
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from app.adapters.breaker import Breaker
from app.adapters.crm_http import NOTHING_THERE, CrmHttp, Trouble
from app.booking.crm import CANCELLED, Absent, Copied, Copy, Different, Refused, Seen, Unknown
from app.clock import Clock
from app.watch.declared_shapes import HUBSPOT_LIST, HUBSPOT_OBJECT, HUBSPOT_TIE
from app.watch.shapes import observe

CONTACTS: Final = "/crm/v3/objects/contacts"
MEETINGS: Final = "/crm/v3/objects/meetings"
CONTACT_FIELDS: Final = ("firstname", "lastname", "email", "phone", "mobilephone", "readback_contact")
MEETING_FIELDS: Final = (
    "readback_booking", "readback_event", "hs_meeting_start_time", "hs_meeting_end_time", "hs_meeting_outcome",
)  # fmt: skip
EXISTS: Final = (409,)
OBJECT_ID: Final = re.compile(r"[0-9A-Za-z_-]{1,64}")
SCHEDULED_OUTCOME, CANCELLED_OUTCOME = "SCHEDULED", "CANCELED"

Thing = Mapping[str, Any]


class CrmHubspot:
    """A `booking.crm.Crm` over one HubSpot account. Close with `aclose`."""

    def __init__(self, url: str, token: str, breaker: Breaker, clock: Clock) -> None:
        self._url = url
        self._http = CrmHttp(breaker, clock, {"authorization": f"Bearer {token}"})

    def resting(self) -> bool:
        """Whether HubSpot is being spared."""
        return self._http.resting()

    async def upsert(self, copy: Copy, *, within_s: float) -> Copied | Refused | Unknown:
        """Write contact, meeting and the tie between them; each is found first, so that a repeat changes nothing."""
        try:
            return await self._http.within(within_s, lambda: self._upsert(copy))
        except Trouble as trouble:
            return trouble.as_refusal()

    async def read(self, copy: Copy, *, within_s: float) -> Seen | Different | Absent | Unknown:
        """Read the meeting by our own id, and the contact it is tied to."""
        try:
            return await self._http.within(within_s, lambda: self._read(copy))
        except Trouble as trouble:
            return trouble.as_unknown()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    # --- writing ------------------------------------------------------------------------------------------------------

    async def _upsert(self, copy: Copy) -> Copied:
        contact = await self._contact(copy)
        properties = _meeting_properties(copy)
        meeting = await self._meeting(copy)
        if meeting is None:
            status, made = await self._write("POST", MEETINGS, properties)
            if status in EXISTS:  # somebody was quicker with the same booking: the next attempt finds it
                raise Trouble("the meeting is there, but was not found", status=status, sent=True)
        else:
            _, made = await self._write("PATCH", f"{MEETINGS}/{_id(meeting)}", properties)
        identity = _id(made)
        tie = f"/crm/v4/objects/meetings/{identity}/associations/default/contacts/{contact}"
        # Not there, though it was written just now: the read-back says so within minutes, retries would take hours.
        status, tied = await self._http.ask("PUT", self._url + tie, writes=True, also=NOTHING_THERE)
        if status not in NOTHING_THERE:
            observe(HUBSPOT_TIE, tied)
        return Copied(identity)

    async def _contact(self, copy: Copy) -> str:
        """The customer's contact, made if there is none; what is empty there is filled, nothing else is touched."""
        wanted = _contact_properties(copy)
        found = await self._find_contact(wanted)
        if found is None:
            status, made = await self._write("POST", CONTACTS, wanted)
            if status in EXISTS:
                raise Trouble("the contact is there, but was not found", status=status, sent=True)
            return _id(made)
        there = _properties(found)
        missing = {name: value for name, value in wanted.items() if not there.get(name)}
        if there.get("firstname") or there.get("lastname"):  # half of one name must not be joined to another's
            missing = {name: value for name, value in missing.items() if name not in ("firstname", "lastname")}
        if missing:
            await self._write("PATCH", f"{CONTACTS}/{_id(found)}", missing)
        return _id(found)

    async def _find_contact(self, wanted: Mapping[str, str]) -> Thing | None:
        for name in ("readback_contact", "email"):
            if wanted.get(name):
                body = {"idProperty": name, "inputs": [{"id": wanted[name]}], "properties": CONTACT_FIELDS}
                found = await self._look(f"{CONTACTS}/batch/read", body)
                if found is not None:
                    return found
        if "phone" not in wanted:
            return None
        groups = [
            {"filters": [{"propertyName": name, "operator": "EQ", "value": wanted["phone"]}]}
            for name in ("phone", "mobilephone")
        ]
        search = {"filterGroups": groups, "properties": CONTACT_FIELDS, "limit": 1}
        return await self._look(f"{CONTACTS}/search", search)

    # --- reading ------------------------------------------------------------------------------------------------------

    async def _read(self, copy: Copy) -> Seen | Different | Absent:
        meeting = await self._meeting(copy)
        if meeting is None:
            return Absent()
        differs = _differences(_properties(meeting), _meeting_properties(copy))
        tied = _tied_contacts(meeting)
        if not tied:
            return Different((*differs, "contact"))
        query = f"?properties={','.join(CONTACT_FIELDS)}"
        status, contact = await self._http.ask("GET", f"{self._url}{CONTACTS}/{tied}{query}", also=NOTHING_THERE)
        if status not in NOTHING_THERE:
            observe(HUBSPOT_OBJECT, contact)
        if status in NOTHING_THERE or not _is_customer(_properties(contact), copy):
            return Different((*differs, "contact"))
        return Different(differs) if differs else Seen(_id(meeting))

    async def _meeting(self, copy: Copy) -> Thing | None:
        query = f"?idProperty=readback_booking&associations=contacts&properties={','.join(MEETING_FIELDS)}"
        status, found = await self._http.ask(
            "GET", f"{self._url}{MEETINGS}/{copy.booking.id}{query}", also=NOTHING_THERE
        )
        if status in NOTHING_THERE:
            return None
        observe(HUBSPOT_OBJECT, found)
        return _thing(found)

    async def _look(self, path: str, body: Mapping[str, Any]) -> Thing | None:
        """What a read found first. It goes as POST, so that numbers and addresses stand in no URL."""
        status, answer = await self._http.ask("POST", self._url + path, orjson.dumps(body), also=NOTHING_THERE)
        if status in NOTHING_THERE:
            return None
        observe(HUBSPOT_LIST, answer)
        return _first(answer)

    async def _write(self, method: str, path: str, properties: Mapping[str, str]) -> tuple[int, Any]:
        body = orjson.dumps({"properties": properties})
        status, made = await self._http.ask(method, self._url + path, body, writes=True, also=EXISTS)
        if status not in EXISTS:
            observe(HUBSPOT_OBJECT, made)
        return status, made


def _contact_properties(copy: Copy) -> dict[str, str]:
    first, _, last = copy.booking.customer_name.strip().rpartition(" ")
    wanted = {
        "firstname": first or last,
        "lastname": last if first else "",
        "email": copy.booking.email.strip().lower(),
        "phone": copy.phone,
    }
    wanted["readback_contact"] = wanted["phone"] or wanted["email"] or copy.booking.id
    return {name: value for name, value in wanted.items() if value}


def _meeting_properties(copy: Copy) -> dict[str, str]:
    booking = copy.booking
    lines = (f"Technician: {copy.technician}", booking.notes, f"Reference: {booking.reference}")
    return {
        "readback_booking": booking.id,
        "readback_event": copy.id,
        "hs_timestamp": _utc(booking.starts),
        "hs_meeting_start_time": _utc(booking.starts),
        "hs_meeting_end_time": _utc(booking.ends),
        "hs_meeting_title": f"{copy.service}: {booking.customer_name}",
        "hs_meeting_body": "\n".join(line for line in lines if line),
        "hs_meeting_location": booking.address,
        "hs_meeting_outcome": CANCELLED_OUTCOME if copy.event == CANCELLED else SCHEDULED_OUTCOME,
    }


def _differences(there: Thing, wanted: Mapping[str, str]) -> tuple[str, ...]:
    """Which of the fields that matter differ. A visit that a person marked as completed or missed is no difference."""
    names = []
    for name in MEETING_FIELDS:
        seen = there.get(name)
        if name.endswith("_time"):
            same = _seconds(seen) == _seconds(wanted[name])
        elif name == "hs_meeting_outcome":
            same = bool(seen) and (seen == CANCELLED_OUTCOME) == (wanted[name] == CANCELLED_OUTCOME)
        else:
            same = seen == wanted[name]
        if not same:
            names.append(name)
    return tuple(names)


def _is_customer(there: Thing, copy: Copy) -> bool:
    wanted = _contact_properties(copy)
    if there.get("readback_contact") == wanted["readback_contact"]:
        return True
    digits = {_digits(there.get("phone")), _digits(there.get("mobilephone"))}
    same_phone = bool(copy.phone) and _digits(copy.phone) in digits
    return same_phone or (bool(wanted.get("email")) and str(there.get("email") or "").lower() == wanted["email"])


def _digits(value: Any) -> str:
    return re.sub(r"[^0-9]", "", value) if isinstance(value, str) else ""


def _tied_contacts(meeting: Thing) -> str:
    """The id of the first contact of a meeting; empty without one."""
    tied = meeting.get("associations")
    found = _first(tied["contacts"]) if isinstance(tied, dict) and "contacts" in tied else None
    return _id(found) if found is not None else ""


def _first(answer: Any) -> Thing | None:
    """The first result, None when there are none. An answer without a list of them does not say that there are none."""
    results = _thing(answer).get("results")
    if not isinstance(results, list):
        raise Trouble("an answer has no results", status=200, sent=True)
    return _thing(results[0]) if results else None


def _thing(value: Any) -> Thing:
    if not isinstance(value, dict):
        raise Trouble("an answer is not what it was", status=200, sent=True)
    return value


def _properties(value: Any) -> Thing:
    return _thing(_thing(value).get("properties"))


def _id(value: Any) -> str:
    """The id of an object. It becomes part of a URL, so it is held to what ids look like."""
    found = str(_thing(value).get("id", ""))
    if not OBJECT_ID.fullmatch(found):
        raise Trouble("an answer has no id", status=200, sent=True)
    return found


def _seconds(value: Any) -> int | None:
    """Epoch seconds of a time as HubSpot writes it: RFC 3339, or milliseconds; None for anything else."""
    if isinstance(value, int) or (isinstance(value, str) and re.fullmatch(r"[0-9]{1,15}", value)):
        return int(value) // 1000
    try:
        return int(datetime.fromisoformat(str(value)).timestamp())
    except ValueError:
        return None


def _utc(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
