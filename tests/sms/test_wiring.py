"""What an operator hears at the start about texting that is only half set up."""

from pathlib import Path

import pytest

from app.booking.business_file import load_businesses
from app.errors import ConfigurationError
from app.main.startup_checks import check_credentials, warnings
from app.main.texting import _carrier
from app.settings import load
from tests.fakes.clock import FakeClock

ACCOUNT = {"TWILIO_ACCOUNT_SID": "AC1"}
TOKEN = {"TWILIO_AUTH_TOKEN": "now,before"}
KEY = {"TWILIO_API_KEY": "SK1", "TWILIO_API_SECRET": "s3cr3t"}
URL = {"READBACK_PUBLIC_URL": "https://api.example.com"}


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({}, []),
        (ACCOUNT | TOKEN | URL, []),
        (ACCOUNT | KEY | TOKEN | URL, []),
        (ACCOUNT, ["TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN", "READBACK_PUBLIC_URL"]),
        (TOKEN | URL, ["TWILIO_ACCOUNT_SID"]),
        (ACCOUNT | KEY | URL, ["TWILIO_AUTH_TOKEN"]),
        (ACCOUNT | TOKEN, ["READBACK_PUBLIC_URL"]),
    ],
)
def test_what_is_missing_is_said(given: dict[str, str], names: list[str]) -> None:
    said = warnings(load(given), load_businesses(Path("infra/businesses/demo.toml"), {}))
    about = [line.split()[0] for line in said if "no text" in line]

    assert about == names
    assert "s3cr3t" not in str(said)


@pytest.mark.parametrize(("address", "said"), [("https://a.example/twilio/sms", 1), ("https://a.example/voice/", 0)])
def test_an_address_with_a_route_in_it_is_said(address: str, said: int) -> None:
    told = warnings(load({"READBACK_PUBLIC_URL": address}), load_businesses(Path("infra/businesses/demo.toml"), {}))

    assert len([line for line in told if line.startswith("READBACK_PUBLIC_URL ends in /twilio/sms")]) == said


@pytest.mark.parametrize(
    ("given", "username"),
    [({}, None), (ACCOUNT, None), (TOKEN | KEY, None), (ACCOUNT | TOKEN, "AC1"), (ACCOUNT | TOKEN | KEY, "SK1")],
)
async def test_texts_are_sent_by_the_key_where_there_is_one(given: dict[str, str], username: str | None) -> None:
    made = _carrier(load(given), FakeClock())

    assert (made._account.username if made else None) == username
    if made is not None:
        assert made._account.account_sid == "AC1"
        await made.aclose()


@pytest.mark.parametrize("half", KEY)
def test_half_a_key_does_not_start(half: str) -> None:
    with pytest.raises(ConfigurationError, match="TWILIO_API_KEY and TWILIO_API_SECRET go together"):
        check_credentials(load({half: KEY[half]}))
