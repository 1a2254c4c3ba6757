"""What a synthetic call asks for, from what the environment names; names nobody has are one sentence."""

from dataclasses import replace

import pytest

from app.booking.business import Business, Businesses, Service, Technician
from app.booking.front import wanted_service, wanted_technicians
from app.booking.synthetic import asked, with_tester
from app.errors import ConfigurationError, SaidError
from app.watch.walk import Errand
from tests.booking.acme import HOURS, INSPECTION, SERVICES, acme

ACME_LINE, ZENITH_LINE = "+15125550100", "+15125550200"
TEST_VISIT = Service("test-visit", "Test visit", 30)
TESS = Technician("tess", "Tess", "fake:tess", ("inspection", "test-visit"), HOURS)


def businesses(*more: Business) -> Businesses:
    with_tess = acme(services=(*SERVICES, TEST_VISIT), technicians=(*acme().technicians, TESS))
    return Businesses({business.id: business for business in (with_tess, *more)})


def zenith(*lines: str) -> Business:
    return replace(acme(), id="zenith", lines=lines)


@pytest.mark.parametrize(
    ("line", "technician", "business", "asks_on", "errand"),
    [
        (None, None, "acme", ACME_LINE, Errand("inspection")),
        (ZENITH_LINE, None, "zenith", ZENITH_LINE, Errand("inspection")),
        (None, "acme/tess", "acme", ACME_LINE, Errand("test-visit", "tess")),
        (ACME_LINE, "acme/tess", "acme", ACME_LINE, Errand("test-visit", "tess")),
        (None, "zenith/lee", "zenith", ZENITH_LINE, Errand("inspection", "lee")),
    ],
)
def test_it_asks_where_it_is_told_to(
    line: str | None, technician: str | None, business: str, asks_on: str, errand: Errand
) -> None:
    found = asked(businesses(zenith(ZENITH_LINE)), line, technician)

    assert (found.business.id, found.line, found.errand) == (business, asks_on, errand)


def test_the_only_business_needs_no_line() -> None:
    assert asked(Businesses({"zenith": zenith()}), None, None).line == ""


@pytest.mark.parametrize(
    ("line", "technician", "said"),
    [
        ("+15125550999", None, "READBACK_SYNTHETIC_LINE is +15125550999, which is no line of any business."),
        (ZENITH_LINE, "acme/tess", "READBACK_SYNTHETIC_LINE is +15125550200, which is no line of business acme"),
        (None, "nobody/tess", 'READBACK_SYNTHETIC_TECHNICIAN names business "nobody", which is none; there is acme, z'),
        (
            None,
            "acme/Tess",
            'READBACK_SYNTHETIC_TECHNICIAN names "Tess", who is not at acme; there is dana, lee, tess.',
        ),
        (None, "other/dana", "Business other has no line that a synthetic call could ask on"),
    ],
)
def test_names_that_nobody_has_are_one_sentence(line: str | None, technician: str | None, said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        asked(businesses(zenith(ZENITH_LINE), replace(zenith(), id="other")), line, technician)

    assert str(refused.value).startswith(said)
    assert str(refused.value).endswith(".")


def test_a_tester_is_nobodys_choice_but_who_names_them_or_what_only_they_do() -> None:
    known = with_tester(businesses(), "acme/tess").by_id["acme"]
    dana, lee = acme().technicians

    assert wanted_technicians(known, INSPECTION, None) == (dana, lee)
    assert wanted_technicians(known, INSPECTION, "tess") == (TESS,)
    assert wanted_technicians(known, TEST_VISIT, None) == (TESS,)
    assert wanted_service(known, "test visit") is TEST_VISIT
    with pytest.raises(SaidError) as asked_back:
        wanted_service(known, None)
    assert (
        asked_back.value.say == "Which service is it for? There is Home inspection, Ant treatment and Follow-up visit."
    )


def test_the_only_other_service_is_still_meant_when_none_is_named() -> None:
    business = replace(acme(), services=(INSPECTION, TEST_VISIT), technicians=(acme().technicians[0], TESS))
    known = with_tester(Businesses({"acme": business}), "acme/tess").by_id["acme"]

    assert wanted_service(known, None) is INSPECTION


def test_without_a_tester_everything_is_as_the_file_says() -> None:
    without = businesses()

    assert with_tester(without, None) is without
    assert without.by_id["acme"].services_said() == (*SERVICES, TEST_VISIT)
    with pytest.raises(ConfigurationError):
        with_tester(without, "acme/nobody")
