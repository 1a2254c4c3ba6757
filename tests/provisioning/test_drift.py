"""The watch over what is live, on both databases: who changed what, one page each, with the command that mends it."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from sqlalchemy import func, update

from app.adapters.vapi_records import MOST_LISTED, MOST_TRIES
from app.db.schema import platform_snapshots
from app.provisioning.book import Place, Step
from app.provisioning.drift import forget
from app.provisioning.ends import End
from app.provisioning.holds import HELD_S, Holds
from app.provisioning.plan import Take
from app.provisioning.platform import PlatformError
from tests.fakes.crm import BROKEN, Mishap
from tests.fakes.recording_server import Fault
from tests.provisioning.house import ASSISTANT, NUMBER, TOOL, House, housed, wish


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    async with housed(database_url) as made:
        await made.apply(wish(TOOL))
        await made.apply(wish(ASSISTANT))
        await made.apply(wish(NUMBER), Take.OURS)
        yield made


WIPES: dict[str, tuple[Any, Callable[[House], Any], str]] = {
    "the function URL is wiped": (TOOL, lambda h: h.is_there(TOOL).update(server={}), "server.url"),
    "the credential is gone": (TOOL, lambda h: h.is_there(TOOL)["server"].pop("credentialId"), "server.credentialId"),
    "the prompt is emptied": (
        ASSISTANT,
        lambda h: h.is_there(ASSISTANT)["model"].update(messages=[]),
        "model.messages.system.content",
    ),
    "the number points elsewhere": (NUMBER, lambda h: h.is_there(NUMBER).update(assistantId="a-2"), "assistantId"),
    "a key is changed": (NUMBER, lambda h: h.is_there(NUMBER).update(twilioAuthToken="other"), "twilioAuthToken"),
    "a second prompt is added": (
        ASSISTANT,
        lambda h: h.is_there(ASSISTANT)["model"]["messages"].append({"role": "system", "content": "Never book."}),
        'model.messages.system#1.content: nothing -> "Never book."',
    ),
    "a result is said that nobody has": (
        TOOL,
        lambda h: h.is_there(TOOL).update(messages=[{"type": "request-complete", "content": "You are booked!"}]),
        'messages.request-complete.content: nothing -> "You are booked!"',
    ),
    "the record is gone": (TOOL, lambda h: h.vapi.account.records["tool"].clear(), "the record is gone"),
}


@pytest.mark.parametrize("name", WIPES)
async def test_it_pages_once_with_what_changed_and_the_command(name: str, house: House) -> None:
    key, wipe, said = WIPES[name]
    assert all(drift.holds for drift in await house.look())
    wipe(house)

    await house.look()
    await house.look()

    [page] = await house.pages()
    assert (page.page.kind, page.page.key, page.status) == ("settings_drift", f"production: {key}", "open")
    assert said in page.page.body
    command = "apply" if "gone" in said else "rollback"
    assert f"`readback settings {command} {key} --" in page.page.body
    assert "hush" not in page.page.body
    assert house.steps().count("drift") == 1


async def test_the_page_ends_when_it_is_put_back(house: House) -> None:
    house.is_there(TOOL).update(server={})
    await house.look()
    [applied, *_] = await house.snapshots(TOOL)
    await house.restore(applied)

    await house.look()
    assert [page.status for page in await house.pages()] == ["resolved"]
    assert house.is_there(TOOL)["server"]["url"] == "https://voice.example.com/vapi"


SERVER = {"url": "https://voice.example.com/vapi"}
SECRETS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "shown, then gone": ({"server": {**SERVER, "secret": "hush"}}, {"server": SERVER}),
    "shown, then gone with its server": ({"server": {**SERVER, "secret": "hush"}}, {"server": None}),
    "shown, then another": ({"server": {**SERVER, "secret": "hush"}}, {"server": {**SERVER, "secret": "hush-2"}}),
    "in its old place": ({"serverUrlSecret": "hush"}, {"serverUrlSecret": None}),
    "only said to be there": ({"isServerUrlSecretSet": True}, {"isServerUrlSecretSet": False}),
    "there although none was": ({}, {"server": {**SERVER, "secret": "hush"}}),
}


@pytest.mark.parametrize("name", SECRETS)
async def test_a_secret_of_a_number_that_is_changed_pages_however_the_platform_tells_of_it(
    name: str, sqlite_url: str
) -> None:
    was, becomes = SECRETS[name]
    async with housed(sqlite_url) as house:
        house.is_there(NUMBER).update({"server": SERVER} | was)
        await house.apply(wish(NUMBER), Take.ADOPT)
        assert [drift.holds for drift in await house.look()] == [True]
        house.is_there(NUMBER).update(becomes)

        await house.look()
        [page] = await house.pages()
        assert ("serverUrlSecret: " if "old" in name else "server.secret: ") in page.page.body
        assert "hush" not in page.page.body
        assert (await house.apply(wish(NUMBER))).end is End.REFUSED, "nor is it taken for ours"


async def test_a_secret_that_is_neither_shown_nor_said_to_be_there_wakes_nobody(sqlite_url: str) -> None:
    async with housed(sqlite_url) as house:
        named = wish(NUMBER, server={**SERVER, "secret": "hush"})
        house.vapi.lies.append(lambda record: record["server"].pop("secret"))
        assert (await house.apply(named, Take.OURS)).end is End.APPLIED
        assert [drift.holds for drift in await house.look()] == [True]
        assert (await house.apply(named)).end is End.UNCHANGED


async def test_what_counts_as_a_secret_since_it_was_applied_is_no_change_and_can_be_put_back(house: House) -> None:
    clear = {"url": "https://voice.example.com/vapi", "headers": {}, "apiKeys": ["hush"]}
    house.is_there(NUMBER)["fallbackDestination"] = clear
    await house.apply(wish(NUMBER), Take.ADOPT)
    sealed = house.sealer().secret("hush")
    as_before = update(platform_snapshots).values(document=func.replace(platform_snapshots.c.document, sealed, "hush"))
    await house.database.write(lambda t: t.connection.execute(as_before) and None)

    assert all(drift.holds for drift in await house.look())
    assert (await house.apply(wish(NUMBER))).end is End.UNCHANGED
    [applied, *_] = await house.snapshots(NUMBER)
    house.is_there(NUMBER)["fallbackDestination"] = None
    assert (await house.restore(applied)).end is End.RESTORED
    assert house.is_there(NUMBER)["fallbackDestination"] == clear


async def test_what_is_gone_and_not_asked_for_can_be_forgotten(house: House) -> None:
    house.vapi.account.records["assistant"].clear()
    house.vapi.account.records["tool"].clear()
    await house.look([TOOL])

    bodies = {page.page.key: page.page.body for page in await house.pages() if page.page.kind == "settings_drift"}
    assert "`readback settings apply" not in bodies[f"production: {ASSISTANT}"]
    assert f"`readback settings forget {ASSISTANT} --environment production`" in bodies[f"production: {ASSISTANT}"]
    assert f"`readback settings apply {TOOL} --take ours" in bodies[f"production: {TOOL}"]
    afterwards = (
        "What refers to it still names the one that is gone, until `readback settings apply --environment production`."
    )
    assert afterwards in bodies[f"production: {TOOL}"]
    place, step = Place("production", ASSISTANT), Step("sam", house.clock.now())
    assert await forget(house.database, Holds(house.database, house.clock), place, step)
    await house.look([TOOL])

    assert {page.page.key: page.status for page in await house.pages()} == {
        f"production: {ASSISTANT}": "resolved",
        f"production: {TOOL}": "open",
    }
    assert (await house.apply(wish(TOOL), Take.OURS)).onward == afterwards
    assert house.steps().count("forgotten") == 1


async def test_what_the_platform_adds_by_itself_wakes_nobody(house: House) -> None:
    assistant = house.is_there(ASSISTANT)
    assistant.update(
        newDefault=True, latestVersion="7", updatedAt="2026-12-01T00:00:00Z", hooks=[], maxDurationSeconds=600
    )
    assistant["model"] |= {"toolIds": [], "newDefault": 3, "maxTokens": 250}
    house.is_there(TOOL)["server"]["staticIpAddressesEnabled"] = False
    assert all(drift.holds for drift in await house.look())
    assert await house.pages() == []


async def test_files_without_a_baseline_are_said_to_be_unwatched(sqlite_url: str) -> None:
    async with housed(sqlite_url) as house:
        assert await house.look([TOOL]) == []
        [page] = await house.pages()
        assert (page.page.kind, page.page.key) == ("settings_no_baseline", "production")
        await house.apply(wish(TOOL))
        await house.look([TOOL])
        assert [page.status for page in await house.pages()] == ["resolved"]


async def test_a_listing_that_tells_less_than_the_record_wakes_nobody(house: House) -> None:
    house.vapi.page_limit = 0
    assert all(drift.holds for drift in await house.look())
    assert await house.pages() == []


async def test_what_is_being_applied_wakes_nobody_and_is_looked_at_when_the_hold_is_over(house: House) -> None:
    async with Holds(house.database, house.clock).alone(Place("production", TOOL)):
        assert all(drift.holds for drift in await house.look())
        house.is_there(TOOL).update(server={})

        assert [str(drift.place.key) for drift in await house.look() if drift.applying] == [str(TOOL)]
        assert await house.pages() == []
        looks = sum(request.path.startswith("/tool?") for request in house.vapi.requests)
        house.vapi.before("GET /assistant?", lambda _: house.clock.advance(HELD_S))  # its process has died
        await house.look()
        assert [page.page.key for page in await house.pages()] == [f"production: {TOOL}"]
        assert sum(request.path.startswith("/tool?") for request in house.vapi.requests) == looks + 2


async def test_a_record_that_cannot_be_read_hides_no_other(house: House) -> None:
    house.is_there(ASSISTANT).update(server={})
    house.is_there(NUMBER).update(server={})
    house.vapi.mishaps.append(Mishap(fault=Fault(403), only="GET /assistant/"))

    with pytest.raises(PlatformError, match="1 cannot be read; assistant/acme: HTTP 403"):
        await house.look()
    assert [page.page.key for page in await house.pages()] == [f"production: {NUMBER}"]


async def test_where_there_are_too_many_to_be_listed_each_is_read_by_itself(house: House) -> None:
    for _ in range(MOST_LISTED):
        house.vapi.has("tool", {})
    assert [drift.holds for drift in await house.look()] == [True, True, True]
    house.is_there(TOOL).update(server={})
    await house.look()
    assert [page.page.key for page in await house.pages()] == [f"production: {TOOL}"]


async def test_a_platform_that_is_down_is_not_asked_for_each_record(house: House) -> None:
    asked = len(house.vapi.requests)
    house.vapi.always_wrong = Mishap(fault=BROKEN.fault)
    with pytest.raises(PlatformError, match="3 cannot be read"):
        await house.look()
    assert len(house.vapi.requests) - asked == 3 * MOST_TRIES


async def test_a_platform_that_does_not_tell_is_not_said_to_hold(house: House) -> None:
    house.is_there(TOOL).update(server={})
    await house.look()
    house.vapi.always_wrong = Mishap(fault=BROKEN.fault)

    with pytest.raises(PlatformError, match="HTTP 500"):
        await house.look()
    assert [page.status for page in await house.pages()] == ["open"]
