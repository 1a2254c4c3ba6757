"""What was booked in a call is on the phone of whoever subscribed, by the address that the command line shows."""

import json
from datetime import datetime
from urllib.parse import urlsplit

from icalendar import Calendar

from tests.commanding import command
from tests.flows.running import Process
from tests.flows.speaking import CALLER, SAM, new_id


def feeds(server: Process) -> dict[str, str]:
    """The path of each technician's feed, as `readback calendars list` shows it."""
    answer = command(server.database_url, "calendars", "list", "--json", **server.variables)
    return {row["technician"]: urlsplit(row["feed"]).path for row in json.loads(answer.stdout)}


async def test_a_booked_visit_is_on_the_technicians_phone(acme_server: Process) -> None:
    paths = feeds(acme_server)
    [slot] = await acme_server.offers(limit=1, technician="dana")
    [booked] = await acme_server.call((new_id(), "book_appointment", {"slot_id": slot["slot_id"], **SAM}))
    assert booked["outcome"] == "confirmed"

    subscribed = await acme_server.get(paths["dana"])
    elsewhere = await acme_server.get(paths["lee"])

    shown = [e for e in Calendar.from_ical(subscribed.text).walk("VEVENT") if booked["reference"] in e["DESCRIPTION"]]
    [event] = shown
    assert event["SUMMARY"] == "Home inspection: Sam Rivera"
    assert CALLER in event["DESCRIPTION"]
    assert event["DTSTART"].dt == datetime.fromisoformat(slot["start"])
    assert booked["reference"] not in elsewhere.text
    assert not any(path.split("/")[-1] in acme_server.log.read_text() for path in paths.values())
