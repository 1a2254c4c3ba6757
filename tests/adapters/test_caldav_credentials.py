"""What the operator lists for CalDAV servers: read leniently, refused in one sentence that gives nothing away."""

from dataclasses import replace

import pytest

from app.adapters.caldav_credentials import load_credentials
from app.booking.business import Businesses
from app.errors import ConfigurationError
from app.main.startup_checks import warnings
from app.settings import load
from tests.booking.acme import acme

LACKING = "READBACK_CALDAV_CREDENTIALS has no line at or above the calendar of"
ASKED = "asked without a password."


def test_lines_are_url_user_and_the_rest() -> None:
    text = "# ours\nhttps://host/dav/ dana  pass word \n\r\n  http://127.0.0.1:5232 lee x:y\nhttp://[::1]/ sam z"
    assert load_credentials(text) == (
        ("https://host/dav/", "dana", "pass word"),
        ("http://127.0.0.1:5232", "lee", "x:y"),
        ("http://[::1]/", "sam", "z"),
    )
    assert load_credentials("\n# none yet\n") == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("https://host/ hunter2", "line 1 is not a URL, a user and a password"),
        ("\nhttps://host/ da:na hunter2", "line 2 is not a URL, a user and a password"),
        ("https://host/ dana hunter\x002", "line 1 is not a URL, a user and a password"),
        ("host dana hunter2", "line 1 begins with no plain URL"),
        ("caldav://host dana hunter2", "line 1 begins with no plain URL"),
        ("https://dana:hunter2@host/ dana hunter2", "line 1 begins with no plain URL"),
        ("https://host:x/ dana hunter2", "line 1 begins with no plain URL"),
        ("https://host/?a dana hunter2", "line 1 begins with no plain URL"),
        ("http://host/ dana hunter2", "line 1 would send a password unencrypted"),
        ("http://127.0.0.1.example.com/ dana hunter2", "line 1 would send a password unencrypted"),
        ("https://host/ dana a\nhttps://host lee hunter2", "line 2 has a URL that another line has already"),
    ],
)
def test_a_wrong_line_is_one_sentence_without_the_secret(text: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_credentials(text)
    assert str(refused.value).startswith(f"READBACK_CALDAV_CREDENTIALS {problem}; it must be ")
    assert "hunter" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("", ["READBACK_CALDAV_CREDENTIALS is not set: caldav calendars are asked without a password."]),
        ("https://host/ ann hunter2", []),
        ("https://host/0/ ann hunter2\nhttps://host/1/ ann hunter2", []),
        ("https://host/0/ ann hunter2", ["1 of business acme"]),
        ("https://host:8443/ ann hunter2\nhttps://host/00/ ann hunter2", ["0 of business acme, 1 of business acme"]),
        ("# none yet", ["0 of business acme, 1 of business acme"]),
    ],
)
def test_the_start_says_whose_calendar_no_line_is_for(lines: str, said: list[str]) -> None:
    people = [replace(acme().technicians[0], id=f"{n}", calendar=f"caldav:https://host/{n}/") for n in range(2)]
    embedded = replace(people[0], id="none", calendar="embedded:none")
    known = Businesses({"acme": replace(acme(), technicians=(*people, embedded))})
    told = [line for line in warnings(load({"READBACK_CALDAV_CREDENTIALS": lines}), known) if "CALDAV" in line]
    assert told == [line if line.startswith("READBACK") else f"{LACKING} {line}: {ASKED}" for line in said]


def test_the_start_names_only_the_first_of_many_calendars_that_no_line_is_for() -> None:
    people = [replace(acme().technicians[0], id=f"{n}", calendar=f"caldav:https://host/{n}/") for n in range(7)]
    settings, known = load({"READBACK_CALDAV_CREDENTIALS": "# none"}), replace(acme(), technicians=tuple(people))
    [told] = [line for line in warnings(settings, Businesses({"acme": known})) if "CALDAV" in line]
    assert told.endswith(f"4 of business acme and 2 more: {ASKED}")
