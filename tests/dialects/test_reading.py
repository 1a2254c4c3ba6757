"""Reading arguments, ids and numbers, whatever form they come in."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dialects import reading

DATE = {"date": "2026-09-29"}


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (DATE, DATE),
        ({}, {}),
        (None, {}),
        ("", {}),
        ("  \n", {}),
        ("null", {}),
        ('""', {}),
        ("{}", {}),
        (' {"date": "2026-09-29"}\n', DATE),
        ('"{\\"date\\": \\"2026-09-29\\"}"', DATE),
    ],
)
def test_arguments_come_as_an_object_a_string_or_nothing(value: Any, read: dict[str, Any]) -> None:
    assert reading.arguments(value) == (read, None)


@pytest.mark.parametrize(
    "value",
    [
        '{"date":"2026-09-',
        "not json",
        ["2026-09-29", "haircut"],
        '["2026-09-29"]',
        7,
        7.5,
        True,
        "7",
        "true",
        "{'date': '2026-09-29'}",
        '{"date": NaN}',
        "[" * 5_000,
    ],
)
def test_what_cannot_be_read_is_a_sentence_for_the_agent(value: Any) -> None:
    arguments, problem = reading.arguments(value)
    assert arguments == {}
    assert problem is not None
    assert problem.endswith(".")
    assert "\n" not in problem


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_nothing_makes_the_reading_of_arguments_raise(value: Any) -> None:
    arguments, problem = reading.arguments(value)
    assert type(arguments) is dict
    assert problem is None or arguments == {}


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers(-(2**53), 2**53) | st.booleans()))
def test_one_and_two_encodings_read_the_same(value: dict[str, Any]) -> None:
    once = orjson.dumps(value).decode()
    assert reading.arguments(once) == reading.arguments(orjson.dumps(once).decode()) == (value, None)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("+15555550142", "+15555550142"),
        (" +15555550142 ", "+15555550142"),
        ("+4930123456", "+4930123456"),
        ("15555550142", None),
        ("(555) 555-0142", None),
        ("+1 555 555 0142", "+15555550142"),
        ("+1 (555) 555-0142", "+15555550142"),
        ("+44 (0)20 7946 0018", "+442079460018"),
        ("+1 555 555 0142 ext 7", None),
        ("+266 696 687", None),
        ("+05555550142", None),
        ("+1234", None),
        ("+1234567890123456", None),
        ("+1555555٠142", None),
        ("anonymous", None),
        ("+266696687", None),  # A-N-O-N-Y-M-O-U-S on the keys of a telephone
        ("{{customer.number}}", None),
        ("", None),
        (None, None),
        (15555550142, None),
        ({"number": "+15555550142"}, None),
    ],
)
def test_a_caller_is_a_number_in_e164_or_nobody(value: Any, number: str | None) -> None:
    assert reading.phone(value) == number


@pytest.mark.parametrize(
    ("value", "identity"),
    [
        ("call_51kj", "call_51kj"),
        (" padded ", " padded "),
        (7, "7"),
        ("", None),
        (None, None),
        (True, None),
        (1.5, "1.5"),
        (["a"], None),
        ("x" * 5_000, "x" * 5_000),
    ],
)
def test_an_id_is_kept_exactly_as_it_must_be_echoed(value: Any, identity: str | None) -> None:
    assert reading.identity(value) == identity


@pytest.mark.parametrize("value", ["{{call.id}}", "", "   ", "x" * 513, 7, None, [], {}])
def test_what_is_no_text_is_none(value: Any) -> None:
    assert reading.text(value) is None


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("+15125550100", "+15125550100"),
        ("+1 (512) 555-0100", "+15125550100"),
        ("15125550100", "+15125550100"),
        (15125550100, "+15125550100"),
        ("5125550100", "5125550100"),
        ("sip:shop@example.com", "sip:shop@example.com"),
        (True, None),
        ("{{to}}", None),
        (None, None),
    ],
)
def test_a_line_is_the_same_however_it_is_written(value: Any, line: str | None) -> None:
    assert reading.line(value) == line
