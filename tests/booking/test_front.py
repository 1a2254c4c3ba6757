"""What was asked for, in the business's own terms, or a sentence to choose from."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from app.booking.availability import Opening
from app.booking.front import calendar_silent, offered, wanted_service, wanted_technicians
from app.booking.slots import SlotIds
from app.errors import Code, SaidError
from tests.booking.acme import FOLLOW_UP, HOUR, INSPECTION, NOW, TUESDAY_9, acme
from tests.fakes.clock import FakeClock

ACME = acme()
DANA, LEE = ACME.technicians
ONLY_DANA = replace(ACME, technicians=(DANA, replace(LEE, services=("follow-up",))))


@pytest.mark.parametrize("wanted", ["inspection", "Inspection", " home inspection ", "HOME INSPECTION"])
def test_a_service_is_known_by_id_and_name(wanted: str) -> None:
    assert wanted_service(ACME, wanted) is INSPECTION


def test_the_only_service_is_meant_when_none_is_named() -> None:
    assert wanted_service(acme(services=(FOLLOW_UP,)), None) is FOLLOW_UP


@pytest.mark.parametrize(
    ("wanted", "code", "say"),
    [
        (
            None,
            Code.INVALID_ARGUMENTS,
            "Which service is it for? There is Home inspection, Ant treatment and Follow-up visit.",
        ),
        (
            "roof",
            Code.UNKNOWN_SERVICE,
            "Acme Pest Control has no service roof. There is Home inspection, Ant treatment and Follow-up visit.",
        ),
        (
            "a\nb" + "x" * 100,
            Code.UNKNOWN_SERVICE,
            f"Acme Pest Control has no service a b{'x' * 57}. "
            "There is Home inspection, Ant treatment and Follow-up visit.",
        ),
    ],
)
def test_any_other_is_answered_with_those_there_are(wanted: str | None, code: Code, say: str) -> None:
    with pytest.raises(SaidError) as caught:
        wanted_service(ACME, wanted)
    assert (caught.value.code, caught.value.say) == (code, say)


def test_everybody_who_can_do_it_is_meant_unless_somebody_is_asked_for() -> None:
    assert wanted_technicians(ACME, INSPECTION, None) == (DANA, LEE)
    assert wanted_technicians(ACME, INSPECTION, "lee") == (LEE,)
    assert wanted_technicians(ONLY_DANA, INSPECTION, None) == (DANA,)


@pytest.mark.parametrize(
    ("business", "wanted", "code", "say"),
    [
        (
            ACME,
            "bob",
            Code.INVALID_ARGUMENTS,
            "Nobody here is called bob. For Home inspection there is Dana and Lee.",
        ),
        (
            ONLY_DANA,
            "Lee",
            Code.INVALID_ARGUMENTS,
            "Lee does not do Home inspection. For that there is Dana.",
        ),
        (replace(ACME, technicians=()), None, Code.UNKNOWN_SERVICE, "Nobody does Home inspection at the moment."),
    ],
)
def test_who_cannot_is_answered_with_who_can(business: Any, wanted: str | None, code: Code, say: str) -> None:
    with pytest.raises(SaidError) as caught:
        wanted_technicians(business, INSPECTION, wanted)
    assert (caught.value.code, caught.value.say) == (code, say)


def test_an_offer_carries_an_id_that_reads_back_as_it() -> None:
    ids = SlotIds(b"s" * 32, 900)
    front: Any = SimpleNamespace(clock=FakeClock(NOW), slot_ids=ids)
    (slot,) = offered(front, ACME, INSPECTION, [Opening(TUESDAY_9, TUESDAY_9 + HOUR, "lee")])
    read = ids.read(slot.pop("slot_id"), ACME)
    assert (read.service, read.technician, read.start) == (INSPECTION, LEE, TUESDAY_9)
    assert slot == {
        "start": "2026-11-24T09:00:00-06:00",
        "end": "2026-11-24T10:00:00-06:00",
        "technician": "lee",
    }


def test_a_silent_calendar_is_said_as_such() -> None:
    assert calendar_silent().code is Code.CALENDAR_UNAVAILABLE
