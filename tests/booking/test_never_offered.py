"""A service that nobody can ever book is said at the start, and customers are not told that there is one."""

from dataclasses import replace

from app.booking.business import Businesses, Service
from app.main.startup_checks import warnings
from app.settings import load
from tests.booking.acme import acme

MARATHON = Service("marathon", "Marathon", 600)
MORNING = Service("morning", "Whole morning", 240)


def said_of(*services: Service, does: tuple[str, ...]) -> list[str]:
    business = acme()
    people = tuple(replace(t, services=does) for t in business.technicians)
    known = replace(business, services=services, technicians=people)
    assert [service.id for service in known.services_said()] == [s.id for s in services if s.id in does]
    return [line for line in warnings(load({}), Businesses({"acme": known})) if "offer" in line or "Nobody" in line]


def test_what_somebody_works_long_enough_for_is_offered() -> None:
    assert said_of(MORNING, does=("morning",)) == []


def test_what_takes_longer_than_anybody_works_is_never_offered() -> None:
    assert said_of(MORNING, MARATHON, does=("morning", "marathon")) == [
        "marathon of business acme is never offered: nobody who does it works 600 minutes at a stretch."
    ]


def test_what_nobody_does_is_said_and_not_told_to_customers() -> None:
    assert said_of(MORNING, MARATHON, does=("morning",)) == [
        "Nobody does marathon at business acme: whoever asks for it hears so."
    ]
