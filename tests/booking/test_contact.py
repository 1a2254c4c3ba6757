"""What is heard on the phone, as something that can be called, written to, or compared."""

import pytest

from app.booking.contact import email_of, one_line, phone_of, same_name, several_lines
from tests.booking.acme import CALLER, acme

LONDON = acme(lines=("+442079460100",))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, CALLER),
        ("", CALLER),
        ("+15125550177", "+15125550177"),
        ("512 555 0177", "+15125550177"),
        ("(512) 555-0177", "+15125550177"),
        ("5125550177", "+15125550177"),
        ("1-512-555-0177", "+15125550177"),
        ("+44 20 7946 0177", "+442079460177"),
        ("the one I call from", CALLER),
        ("12", CALLER),
        ("555-0177", CALLER),
        ("+", CALLER),
        ("9" * 60, CALLER),
    ],
)
def test_a_number_is_read_as_dialled_where_the_business_is(given: str | None, expected: str) -> None:
    assert phone_of(given, acme(), CALLER) == expected


def test_a_business_elsewhere_reads_numbers_its_own_way() -> None:
    assert phone_of("020 7946 0177", LONDON, "") == "+442079460177"
    assert phone_of("512 555 0177", acme(lines=()), "") == "+15125550177"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, ("", "")),
        ("", ("", "")),
        ("ann@example.com", ("ann@example.com", "")),
        (" Ann@Example.com ", ("ann@example.com", "")),
        ("ann at example dot com", ("ann@example.com", "")),
        ("ann dot lee at example dot co dot uk", ("ann.lee@example.co.uk", "")),
        ("ann underscore lee at my dash house dot com", ("ann_lee@my-house.com", "")),
        ("a n n at example dot com", ("ann@example.com", "")),
        ("ann at example", ("", "E-mail as heard: ann at example")),
        ("no idea", ("", "E-mail as heard: no idea")),
        ("a@b@c.com", ("", "E-mail as heard: a@b@c.com")),
    ],
)
def test_an_address_is_read_as_spelled_or_kept_as_heard(given: str | None, expected: tuple[str, str]) -> None:
    assert email_of(given) == expected


@pytest.mark.parametrize("said", ["Ann Lee", "ann lee", "ANN  LEE", " Ann\tLee ", "Änn Lée", "Ann-Lee", "AnnLee"])
def test_a_name_is_the_same_however_it_is_written(said: str) -> None:
    assert same_name("Ann Lee", said)


@pytest.mark.parametrize("said", ["Ann", "Lee", "Ann L", "Lee Ann", "Anne Lee", "", None, " ", "-", "%", "*"])
def test_a_part_of_a_name_or_none_is_not_the_name(said: str | None) -> None:
    assert not same_name("Ann Lee", said)


def test_names_in_other_scripts_are_compared_too() -> None:
    assert same_name("李 明", "李明")
    assert not same_name("李 明", "王明")
    assert same_name("Strauß", "STRAUSS")
    assert same_name("O'Brien", "OBrien")
    assert not same_name("...", "!!!"), "nothing to compare is nobody"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Ann\x00 Lee", "Ann Lee"),
        ("Ann\n  Lee", "Ann Lee"),
        ("\u200bAnn\ud800", "Ann"),
        ("Ann\u00a0Lee", "Ann Lee"),
        ("\x00\u200b", ""),
    ],
)
def test_what_cannot_be_stored_or_seen_is_left_out(given: str, expected: str) -> None:
    assert one_line(given) == expected


def test_line_breaks_of_a_note_are_kept() -> None:
    assert several_lines("Gate code\r\n 12\x0034 \n") == "Gate code\n1234"
