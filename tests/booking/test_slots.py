"""Slot ids prove an offer: to this business, of this service, by this technician, at this time, until then."""

import string
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.booking.slots import MAX_ID_CHARS, SlotIds
from app.db.secrets import shared_secret
from app.errors import Code, SaidError
from tests.booking.acme import FOLLOW_UP, INSPECTION, NOW, SLOT_TTL_S, TUESDAY_9, acme

ACME = acme()
IDS = SlotIds(b"s" * 32, SLOT_TTL_S)
MINTED = IDS.mint(ACME, "inspection", "dana", TUESDAY_9, NOW)


def refused(slot_id: str, business: object = ACME, ids: SlotIds = IDS) -> Code:
    with pytest.raises(SaidError) as caught:
        ids.read(slot_id, business)  # type: ignore[arg-type]  # a Business
    assert caught.value.facts == {"outcome": "refused", "slots": []}
    return caught.value.code


def test_an_id_stands_for_what_was_offered() -> None:
    slot = IDS.read(MINTED, ACME)
    assert (slot.service, slot.technician.id, slot.start, slot.end) == (INSPECTION, "dana", TUESDAY_9, TUESDAY_9 + 3600)
    assert slot.offered_at == NOW


def test_an_id_is_short_enough_for_a_model_to_copy() -> None:
    assert len(MINTED) <= MAX_ID_CHARS
    assert set(MINTED) <= set(string.ascii_lowercase + string.digits)


@pytest.mark.parametrize(
    "written",
    [MINTED.upper(), f"  {MINTED}\n", f"{MINTED[:8]} {MINTED[8:]}", MINTED.title()],
    ids=["upper case", "surrounding blanks", "a blank inside", "mixed case"],
)
def test_how_it_is_written_does_not_matter(written: str) -> None:
    assert IDS.read(written, ACME).start == TUESDAY_9


def test_an_offer_ends_when_its_time_is_over() -> None:
    slot = IDS.read(MINTED, ACME)
    assert slot.is_offered(NOW + SLOT_TTL_S - 1)
    assert not slot.is_offered(NOW + SLOT_TTL_S)


def test_an_offer_ends_when_its_visit_would_have_begun() -> None:
    slot = IDS.read(IDS.mint(ACME, "inspection", "dana", TUESDAY_9, TUESDAY_9 - 60), ACME)
    assert slot.is_offered(TUESDAY_9 - 1)
    assert not slot.is_offered(TUESDAY_9)


GARBAGE = [
    "",
    " ",
    "x",
    "0",
    MINTED[:-1],
    MINTED + "0",
    MINTED[:-2],
    "é" * 40,
    "=" * 40,
    "０" * 40,
    "g" * 40,
    "a" * 5000,
]


@pytest.mark.parametrize("slot_id", GARBAGE)
def test_garbage_was_never_offered(slot_id: str) -> None:
    assert refused(slot_id) is Code.NOT_OFFERED


@pytest.mark.parametrize("place", range(len(MINTED)))
def test_changing_any_letter_makes_it_one_that_was_never_offered(place: int) -> None:
    other = "0" if MINTED[place] != "0" else "1"
    assert refused(MINTED[:place] + other + MINTED[place + 1 :]) is Code.NOT_OFFERED


@given(st.text(max_size=80))
def test_no_text_at_all_breaks_the_reading(text: str) -> None:
    assert refused(text) is Code.NOT_OFFERED


@given(st.binary(min_size=20, max_size=20))
def test_no_bytes_of_the_right_length_pass(raw: bytes) -> None:
    assert refused(raw.hex()) is Code.NOT_OFFERED


def test_an_offer_of_one_business_is_none_of_anothers() -> None:
    assert refused(MINTED, replace(ACME, id="zenith")) is Code.NOT_OFFERED


def test_another_installations_offers_are_not_ours() -> None:
    assert refused(MINTED, ids=SlotIds(b"t" * 32, SLOT_TTL_S)) is Code.NOT_OFFERED


@pytest.mark.parametrize("wanted", ["tech-142", "tech-275"])
def test_ids_whose_tags_are_the_same_are_told_apart(wanted: str) -> None:
    people = acme(people=("tech-142", "tech-275"))
    assert IDS.read(IDS.mint(people, "inspection", wanted, TUESDAY_9, NOW), people).technician.id == wanted
    services = tuple(replace(INSPECTION, id=name) for name in ("tech-142", "tech-275"))
    things = replace(
        ACME, services=services, technicians=(replace(ACME.technicians[0], services=("tech-142", "tech-275")),)
    )
    assert IDS.read(IDS.mint(things, wanted, "dana", TUESDAY_9, NOW), things).service.id == wanted


def test_who_is_gone_from_the_file_is_not_booked() -> None:
    assert refused(MINTED, acme(people=("lee",))) is Code.NOT_OFFERED
    assert refused(MINTED, replace(ACME, services=(FOLLOW_UP,))) is Code.NOT_OFFERED
    unable = tuple(replace(t, services=("follow-up",)) for t in ACME.technicians)
    assert refused(MINTED, replace(ACME, technicians=unable)) is Code.NOT_OFFERED


def test_every_process_reads_what_another_one_offered_also_after_a_restart(database_url: str) -> None:
    one = SlotIds(shared_secret(database_url, "installation"), SLOT_TTL_S)
    two = SlotIds(shared_secret(database_url, "installation"), SLOT_TTL_S)
    assert two.read(one.mint(ACME, "inspection", "lee", TUESDAY_9, NOW), ACME).technician.id == "lee"
