"""The doctor on where Vapi and Twilio send to, and on settings as they were applied: each read at a stand-in."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from app.audit.log import seal
from app.clock import SystemClock
from app.db.once import committing
from app.db.schema import secrets
from app.main.doctor import State
from app.main.provisioning import SEAL
from app.provisioning.book import Place
from app.provisioning.holds import Holds
from app.provisioning.plan import Take
from app.provisioning.platform import Key
from tests.doctor.examining import finding
from tests.fakes.twilio_server import PUBLIC, FakeTwilio, number
from tests.provisioning.house import ASSISTANT, NUMBER, SEALED_WITH, TOOL, House, housed, wish

VOICE = "https://voice.example.com"
LINE = "+15125550100"


@pytest.fixture
async def house(sqlite_url: str) -> AsyncIterator[House]:
    """An account to which a tool, an assistant and a number were applied, sealed as the doctor seals."""
    async with housed(sqlite_url) as made:
        with committing(sqlite_url, seal) as transaction:
            transaction.connection.execute(secrets.insert().values(name=SEAL, value=SEALED_WITH.hex()))
        await made.apply(wish(TOOL))
        await made.apply(wish(ASSISTANT))
        await made.apply(wish(NUMBER), Take.OURS)
        yield made


async def look(house: House, name: str, **variables: str) -> tuple[State, str, str]:
    given = {"READBACK_DATABASE_URL": house.database.url, "READBACK_PUBLIC_URL": VOICE, **house.vapi.variables}
    return await finding(name, given | variables)


async def test_records_that_lead_here_and_are_as_applied_are_well(house: House) -> None:
    assert (await look(house, "vapi webhooks"))[:2] == (State.OK, f"3 records lead to {VOICE}/vapi")
    assert (await look(house, "vapi settings"))[:2] == (State.OK, "3 records are as they were applied")
    house.vapi.page_limit = 0
    assert (await look(house, "vapi settings"))[0] is State.OK, "a list that tells less is not believed"


ASTRAY: dict[str, tuple[Callable[[House], Any], str]] = {
    "a tool": (
        lambda h: h.is_there(TOOL).update(server={"url": "https://old.example.com/vapi?key=hush"}),
        "tool/check_availability leads to old.example.com/vapi",
    ),
    "an assistant": (
        lambda h: h.is_there(ASSISTANT)["server"].update(url=f"{VOICE}/vapi2"),
        "assistant/acme leads to voice.example.com/vapi2",
    ),
    "a number": (lambda h: h.is_there(NUMBER).update(server=None), "phone-number/main names no address"),
}


@pytest.mark.parametrize("name", ASTRAY)
async def test_what_leads_elsewhere_at_vapi_is_named(name: str, house: House) -> None:
    change, said = ASTRAY[name]
    change(house)

    state, seen, remedy = await look(house, "vapi webhooks")

    assert (state, seen) == (State.FAILED, f"not to {VOICE}/vapi: {said}")
    assert "`readback settings apply --environment production`" in remedy
    assert house.vapi.writes()[-1][0] == "PATCH", "the doctor wrote nothing"


@pytest.mark.parametrize(("key", "named"), [(TOOL, "tool/check_availability"), (ASSISTANT, "assistant/acme")])
async def test_what_brings_no_proof_along_is_named_before_its_first_call_is_refused(
    house: House, key: Key, named: str
) -> None:
    house.is_there(key)["server"].pop("credentialId")
    if key is ASSISTANT:
        house.is_there(key)["isServerUrlSecretSet"] = False

    state, seen, remedy = await look(house, "vapi webhooks")

    assert (state, seen) == (State.FAILED, f"without a credential, so that we refuse them: {named}")
    assert "`credential` of [environments.production]" in remedy
    house.is_there(key)["server"]["secret"] = "hush"
    assert (await look(house, "vapi webhooks"))[0] is State.OK


async def test_an_address_that_moved_is_seen_though_settings_are_as_applied(house: House) -> None:
    moved = {"READBACK_PUBLIC_URL": "https://new.example.com"}

    state, seen, _ = await look(house, "vapi webhooks", **moved)

    assert state is State.FAILED
    assert seen.startswith("not to https://new.example.com/vapi: tool/check_availability leads to voice.example.com")
    assert (await look(house, "vapi settings", **moved))[0] is State.OK


async def test_settings_that_changed_are_named_with_the_command_that_mends_them(house: House) -> None:
    house.is_there(ASSISTANT)["model"]["messages"][0]["content"] = "Tell everybody hush."

    state, seen, remedy = await look(house, "vapi settings")

    assert (state, seen) == (
        State.FAILED,
        "changed since they were applied: assistant/acme (model.messages.system.content)",
    )
    assert remedy.startswith("If nobody meant it: `readback settings rollback assistant/acme --")
    house.vapi.account.records["tool"].clear()
    assert "tool/check_availability (gone)" in (await look(house, "vapi settings"))[1]


async def test_settings_that_are_being_applied_are_not_said_to_be_as_applied(house: House) -> None:
    async with Holds(house.database, SystemClock()).alone(Place("production", ASSISTANT)):
        house.is_there(ASSISTANT)["model"]["messages"][0]["content"] = "Half-way."

        state, seen, _ = await look(house, "vapi settings")

    assert (state, seen) == (State.FAILED, f"being applied just now: {ASSISTANT}")


async def test_files_that_were_never_applied_are_told(house: House, tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    file.write_text('tools = ["check_availability", "book_appointment"]\n[environments.production]\n')

    state, seen, remedy = await look(house, "vapi settings", READBACK_PLATFORM=str(file))

    assert (state, seen) == (State.FAILED, "never applied, so nobody would notice a change: tool/book_appointment")
    assert "readback settings plan --environment production" in remedy


async def test_a_record_of_the_files_is_found_by_its_name(sqlite_url: str, tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    file.write_text('tools = ["check_availability"]\n[environments.production]\n')
    async with housed(sqlite_url) as house:
        assert (await look(house, "vapi webhooks"))[0] is State.LEFT_OUT
        house.vapi.has("tool", {"type": "function", "function": {"name": "check_availability"}})

        state, seen, _ = await look(house, "vapi webhooks", READBACK_PLATFORM=str(file))

        assert (state, seen) == (State.FAILED, f"not to {VOICE}/vapi: tool/check_availability names no address")


@pytest.mark.parametrize("name", ["vapi webhooks", "vapi settings"])
async def test_a_platform_that_does_not_tell_is_not_said_to_be_well(name: str, house: House) -> None:
    state, seen, _ = await look(house, name, VAPI_API_KEY="wrong")

    assert state is State.FAILED
    assert seen.startswith("HTTP 401")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),
        ({"sms_url": f"{PUBLIC}:443/twilio/sms"}, ""),
        ({"sms_url": "https://demo.twilio.com/welcome/sms/reply"}, "leads to demo.twilio.com/welcome/sms/reply"),
        ({"sms_url": f"{PUBLIC}/twilio/status"}, "leads to api.example.com/twilio/status"),
        ({"sms_url": ""}, "names no address"),
        ({"sms_url": None}, "names no address"),
        ({"sms_method": "GET"}, "is asked with GET, not POST"),
        ({"sms_application_sid": "AP1"}, "is answered by an application of Twilio's"),
    ],
)
async def test_texts_to_our_lines_must_be_posted_to_us(changes: dict[str, Any], said: str) -> None:
    async with FakeTwilio() as server:
        server.numbers = [number("+15125550999", sms_url="https://elsewhere.example/"), number(LINE, **changes)]

        state, seen, remedy = await finding("twilio webhooks", server.variables)

    here = f"{PUBLIC}/twilio/sms"
    if said:
        assert (state, seen) == (State.FAILED, f"not to {here}: {LINE} {said}")
        assert "console.twilio.com" in remedy
    else:
        assert (state, seen) == (State.OK, f"texts to 1 of 1 lines are posted to {here}")


async def test_every_page_of_the_numbers_is_read() -> None:
    async with FakeTwilio() as server:
        server.numbers = [number(f"+1512555{n:04}") for n in range(1_000, 1_400)]
        lost = await finding("twilio webhooks", server.variables)
        server.numbers.append(number(LINE))
        found = await finding("twilio webhooks", server.variables)

        assert lost[:2] == (State.FAILED, "no line of a business is a number of this account, so no text comes in")
        assert found[0] is State.OK
        assert [request.path.count("PageToken") for request in server.requests[-3:]] == [0, 1, 1]


async def test_twilio_must_tell_and_there_must_be_an_address() -> None:
    async with FakeTwilio() as server:
        wrong = await finding("twilio webhooks", server.variables | {"TWILIO_AUTH_TOKEN": "wrong"})
        nowhere = await finding("twilio webhooks", server.variables | {"READBACK_PUBLIC_URL": ""})

    assert wrong[:2] == (State.FAILED, "refused with 401")
    assert nowhere[:2] == (State.LEFT_OUT, "READBACK_PUBLIC_URL is not set")
