"""HubSpot's own matters: whose contact a visit is tied to, what people wrote there, fields that change names."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from app.adapters.breaker import Breaker
from app.adapters.crm_hubspot import CrmHubspot
from app.booking.crm import Copied, Copy, Different, Refused, Seen, Unknown
from tests.booking.acme import CALLER
from tests.booking.copies import booking, cancelled, copy
from tests.fakes import crm as wrong
from tests.fakes.clock import FakeClock
from tests.fakes.crm import DONE, Mishap
from tests.fakes.hubspot import TOKEN, FakeHubspot

WITHIN_S = 5.0


@pytest.fixture
async def server() -> AsyncIterator[FakeHubspot]:
    async with FakeHubspot() as made:
        yield made


@pytest.fixture
async def crm(server: FakeHubspot) -> AsyncIterator[CrmHubspot]:
    clock = FakeClock()
    made = CrmHubspot(server.url, TOKEN, Breaker(clock), clock)
    yield made
    await made.aclose()


async def copied(crm: CrmHubspot, visit: Copy) -> None:
    assert isinstance(await crm.upsert(visit, within_s=WITHIN_S), Copied)
    assert isinstance(await crm.read(visit, within_s=WITHIN_S), Seen)


async def test_a_new_customer_becomes_a_contact_tied_to_the_visit(crm: CrmHubspot, server: FakeHubspot) -> None:
    await copied(crm, copy())
    (contact,) = server.account.contacts.values()
    assert contact == {
        "firstname": "Ann Marie", "lastname": "Lee", "email": "ann@example.com", "phone": CALLER,
        "readback_contact": CALLER,
    }  # fmt: skip
    (meeting,) = server.account.meetings.values()
    assert meeting["hs_meeting_title"] == "Home inspection: Ann Marie Lee"
    assert meeting["hs_meeting_start_time"] == "2026-11-24T15:00:00.000Z"
    assert server.account.ties == {(*server.account.meetings, *server.account.contacts)}


async def test_a_second_visit_of_a_customer_makes_no_second_contact(crm: CrmHubspot, server: FakeHubspot) -> None:
    """Search does not know the first one yet; the property of our own does."""
    for _ in range(2):
        await copied(crm, copy(booking(email="")))
    assert (len(server.account.contacts), len(server.account.meetings)) == (1, 2)


PEOPLES_CONTACTS = [
    {"phone": CALLER, "firstname": "Anne", "lastname": "Leigh"},
    {"mobilephone": CALLER, "firstname": "Annie"},
    {"email": "ann@example.com", "firstname": "A.", "phone": "+15125550000"},
]


@pytest.mark.parametrize("there", PEOPLES_CONTACTS, ids=str)
async def test_a_contact_that_people_made_is_found_and_nothing_in_it_overwritten(
    there: dict[str, str], crm: CrmHubspot, server: FakeHubspot
) -> None:
    identity = server.person_adds_contact(**there)
    await copied(crm, copy())
    (contact,) = server.account.contacts.values()
    assert {name: contact[name] for name in there} == there
    assert contact["readback_contact"] == CALLER
    assert contact.get("lastname") == there.get("lastname"), "half of our name is not joined to half of theirs"
    assert server.account.ties == {(*server.account.meetings, identity)}


async def test_a_caller_nobody_can_call_back_still_gets_a_contact(crm: CrmHubspot, server: FakeHubspot) -> None:
    unknown = booking(phone="", caller="", email="", customer_name="Ann")
    await copied(crm, copy(unknown))
    (contact,) = server.account.contacts.values()
    assert contact == {"firstname": "Ann", "readback_contact": unknown.id}


async def test_a_visit_that_lost_its_contact_is_different_and_tied_again(crm: CrmHubspot, server: FakeHubspot) -> None:
    visit = copy()
    await copied(crm, visit)
    server.account.ties.clear()
    assert await crm.read(visit, within_s=WITHIN_S) == Different(("contact",))
    await copied(crm, visit)


async def test_a_visit_tied_to_somebody_else_is_different(crm: CrmHubspot, server: FakeHubspot) -> None:
    visit = copy()
    await copied(crm, visit)
    (meeting,) = server.account.meetings
    server.account.ties.clear()
    server.account.ties.add((meeting, server.person_adds_contact(phone="+15125550999")))
    assert await crm.read(visit, within_s=WITHIN_S) == Different(("contact",))


@pytest.mark.parametrize(
    ("written", "differs"),
    [
        ({"hs_meeting_start_time": "2026-11-24T15:00:00Z"}, ()),
        ({"hs_meeting_start_time": "1795532400000"}, ()),
        ({"hs_meeting_start_time": "2026-11-24T14:00:00Z"}, ("hs_meeting_start_time",)),
        ({"hs_meeting_end_time": ""}, ("hs_meeting_end_time",)),
        ({"hs_meeting_outcome": "COMPLETED"}, ()),
        ({"hs_meeting_outcome": "CANCELED"}, ("hs_meeting_outcome",)),
        ({"readback_event": "older"}, ("readback_event",)),
    ],
)
async def test_what_counts_as_a_difference(
    written: dict[str, str], differs: tuple[str, ...], crm: CrmHubspot, server: FakeHubspot
) -> None:
    visit = copy()
    await copied(crm, visit)
    (meeting,) = server.account.meetings.values()
    meeting.update(written)
    seen = await crm.read(visit, within_s=WITHIN_S)
    assert seen == Different(differs) if differs else isinstance(seen, Seen)


async def test_a_cancelled_visit_that_stands_there_as_scheduled_is_different(
    crm: CrmHubspot, server: FakeHubspot
) -> None:
    off = cancelled(copy())
    await copied(crm, off)
    (meeting,) = server.account.meetings.values()
    meeting["hs_meeting_outcome"] = "SCHEDULED"
    assert await crm.read(off, within_s=WITHIN_S) == Different(("hs_meeting_outcome",))


@pytest.mark.parametrize(
    ("on", "before", "renamed"),
    [
        ("POST /crm/v3/objects/meetings", 0, ('"id"', '"objectId"')),
        ("POST /crm/v3/objects/contacts", 0, ('"results"', '"hits"')),
        ("POST /crm/v3/objects/contacts", 2, ('"results"', '"hits"')),
        ("POST /crm/v3/objects/contacts", 3, ('"id"', '"objectId"')),
    ],
    ids=["meeting made", "contact looked up", "contact searched", "contact made"],
)
async def test_an_answer_with_changed_names_is_never_read_as_a_success_or_as_nobody(
    on: str, before: int, renamed: tuple[str, str], crm: CrmHubspot, server: FakeHubspot
) -> None:
    server.mishaps += [Mishap(DONE, only=on)] * before
    server.mishaps.append(Mishap(DONE, only=on, renamed=renamed))
    assert isinstance(await crm.upsert(copy(), within_s=WITHIN_S), Unknown)
    assert len(server.account.contacts) == (before == 3 or on.endswith("meetings"))


@pytest.mark.parametrize("renamed", [('"properties"', '"fields"'), ("hs_meeting_start_time", "hs_start_time")])
async def test_a_visit_read_back_with_changed_names_is_never_seen(
    renamed: tuple[str, str], crm: CrmHubspot, server: FakeHubspot
) -> None:
    visit = copy()
    await copied(crm, visit)
    server.mishaps.append(Mishap(DONE, only="GET /crm/v3/objects/meetings", renamed=renamed))
    assert isinstance(await crm.read(visit, within_s=WITHIN_S), Unknown | Different)


async def test_a_contact_written_before_the_answer_was_lost_is_found_the_next_time(
    crm: CrmHubspot, server: FakeHubspot
) -> None:
    server.mishaps += [Mishap(DONE, only="POST /crm/v3/objects/contacts") for _ in range(3)]
    server.mishaps.append(replace(wrong.CUT_AFTERWARDS, only="POST /crm/v3/objects/contacts"))
    visit = copy()
    assert isinstance(await crm.upsert(visit, within_s=WITHIN_S), Unknown)
    assert len(server.account.contacts) == 1
    await copied(crm, visit)
    assert len(server.account.contacts) == 1


async def test_a_look_up_that_failed_wrote_nothing(crm: CrmHubspot, server: FakeHubspot) -> None:
    server.mishaps.append(replace(wrong.BROKEN, only="POST /crm/v3/objects/contacts/batch/read"))
    answer = await crm.upsert(copy(), within_s=WITHIN_S)
    assert isinstance(answer, Refused)
    assert not answer.for_good
    assert server.account.contacts == {}


async def test_numbers_and_addresses_stand_in_no_url(crm: CrmHubspot, server: FakeHubspot) -> None:
    server.person_adds_contact(phone=CALLER)
    await copied(crm, copy())
    paths = " ".join(request.path for request in server.requests).lower()
    assert not any(word in paths for word in ("5550123", "example.com", "oak", "ann"))


async def test_an_id_that_would_lead_elsewhere_is_refused(crm: CrmHubspot, server: FakeHubspot) -> None:
    contact = server.person_adds_contact(phone=CALLER)
    server.mishaps += [Mishap(DONE, only="POST /crm/v3/objects/contacts") for _ in range(2)]
    server.mishaps.append(
        Mishap(DONE, only="POST /crm/v3/objects/contacts/search", renamed=(f'"{contact}"', '"../../v3/owners"'))
    )
    assert isinstance(await crm.upsert(copy(), within_s=WITHIN_S), Unknown)
    assert not any("owners" in request.path for request in server.requests)
