"""Bringing records to a platform that forgets, lies, races and keeps silent: what callers get is never left to luck."""

import asyncio
import copy
from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from app.audit.log import seal
from app.commands.settings_words import done_words
from app.db.once import committing
from app.db.schema import platform_holds
from app.provisioning import book
from app.provisioning.book import Place
from app.provisioning.desired import Known
from app.provisioning.ends import End
from app.provisioning.holds import HELD_S, HeldError, Holds
from app.provisioning.plan import AmbiguousError, Take
from app.provisioning.platform import Key
from tests.fakes.crm import BROKEN, BROKEN_AFTERWARDS, CUT_AFTERWARDS, DONE, SILENT, SILENT_AFTERWARDS, Mishap
from tests.fakes.recording_server import Fault
from tests.provisioning.house import ASSISTANT, NUMBER, TOOL, WANTED, House, housed, wish

NEW_URL = {"server": {"url": "https://new.example.com/vapi"}}
DASHBOARD = {"model": {**WANTED[ASSISTANT]["model"], "numFastTurns": 2}, "voice": {"id": "v"}}


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    async with housed(database_url) as made:
        yield made


@pytest.fixture
async def alone(sqlite_url: str) -> AsyncIterator[House]:
    async with housed(sqlite_url, deadline_s=0.3) as made:
        yield made


async def test_a_record_is_made_then_changed_whole_and_each_step_is_in_the_audit_log(house: House) -> None:
    assert (await house.apply(wish(ASSISTANT))).end is End.MADE
    assert (await house.apply(wish(ASSISTANT))).end is End.UNCHANGED
    house.is_there(ASSISTANT).update(DASHBOARD)  # somebody adds what files do not ask for, and nothing that was there
    done = await house.apply(wish(ASSISTANT, **NEW_URL))

    assert done.end is End.APPLIED
    assert house.is_there(ASSISTANT)["server"] == {"url": "https://new.example.com/vapi", "credentialId": "c1"}
    assert house.is_there(ASSISTANT)["model"] == DASHBOARD["model"]
    assert [body for method, _, body in house.vapi.writes() if method == "PATCH"] == [
        {"server": {"url": "https://new.example.com/vapi", "credentialId": "c1"}}
    ], "a part is handed in whole, and no other part at all"
    assert house.steps() == ["making", "made", "snapshot", "submitted", "applied"]
    assert [kept.why for kept in await house.snapshots(ASSISTANT)] == ["applied", "before", "applied"]


async def test_without_a_baseline_nothing_is_written_until_somebody_says_how(house: House) -> None:
    done = await house.apply(wish(NUMBER))
    assert (done.end, house.vapi.writes()) == (End.REFUSED, [])
    assert done.words.startswith("there is no baseline")

    assert (await house.apply(wish(NUMBER), Take.ADOPT)).end is End.ADOPTED
    assert house.vapi.writes() == []
    assert (await house.apply(wish(NUMBER))).end is End.APPLIED
    assert house.vapi.writes()[0][2] == {"provider": "twilio", "server": {"url": "https://voice.example.com/vapi"}}
    assert house.is_there(NUMBER)["twilioAuthToken"] == "hush"
    kept = await house.snapshots(NUMBER)
    assert b"hush" not in orjson.dumps([one.document for one in kept])
    assert {one.document["twilioAuthToken"][:7] for one in kept} == {"sealed:"}


@pytest.mark.parametrize(
    "edit",
    [
        lambda record: record["model"]["messages"][0].update(content="Sell more."),
        lambda record: record.update(server={"url": "https://elsewhere"}),
        lambda record: record.update(hooks=[{"on": "call.ending"}]),
        lambda record: record["model"]["messages"].append({"role": "system", "content": "Never book."}),
        lambda record: record["model"].update(toolIds=["theirs"]),
    ],
    ids=["what we ask for", "all of a part", "where calls go", "a second prompt", "a tool of theirs"],
)
async def test_what_somebody_changed_is_not_written_over_unasked(alone: House, edit: Callable[[Any], None]) -> None:
    await alone.apply(wish(ASSISTANT))
    edit(alone.is_there(ASSISTANT))
    written = len(alone.vapi.writes())

    assert (await alone.apply(wish(ASSISTANT))).end is End.REFUSED, "not even where nothing is to be written"
    assert (await alone.apply(wish(ASSISTANT, firstMessage="Hi"))).end is End.REFUSED
    assert len(alone.vapi.writes()) == written
    assert (await alone.apply(wish(ASSISTANT, firstMessage="Hi"), Take.OURS)).end is End.APPLIED
    there = alone.is_there(ASSISTANT)
    assert (there["firstMessage"], there["server"]["url"]) == ("Hi", "https://voice.example.com/vapi")
    assert there["model"]["messages"][0] == WANTED[ASSISTANT]["model"]["messages"][0]
    assert (await alone.apply(wish(ASSISTANT, firstMessage="Hi"))).end is End.UNCHANGED


async def test_a_change_between_plan_and_write_stops_it(alone: House) -> None:
    await alone.apply(wish(ASSISTANT))
    alone.vapi.before("GET /assistant/", lambda _: alone.is_there(ASSISTANT).update(voice={"id": "theirs"}), skip=1)
    written = len(alone.vapi.writes())

    assert (await alone.apply(wish(ASSISTANT, **NEW_URL))).end is End.MOVED
    assert len(alone.vapi.writes()) == written


ELSEWHERE = {"server": {"url": "https://theirs"}}


async def test_an_edit_between_the_last_look_and_our_write_is_told_as_overwritten(house: House) -> None:
    await house.apply(wish(TOOL))
    house.vapi.before("PATCH /tool", lambda _: house.vapi.edit("tool", "check_availability", **ELSEWHERE))

    done = await house.apply(wish(TOOL, **NEW_URL))

    assert (done.end, house.is_there(TOOL)["server"]["url"]) == (End.APPLIED, "https://new.example.com/vapi")
    assert done.onward.startswith("Somebody else wrote it too between version 1, which was read last, and version 3:")
    assert "changed in server may be overwritten. The platform's version history" in done.onward
    assert done_words(done) == [f"{TOOL}: applied", f"    {done.onward}"]
    assert house.steps()[-3:] == ["submitted", "overwritten", "applied"]
    assert all(drift.holds for drift in await house.look())
    [page] = await house.pages()
    assert (page.page.kind, page.status) == ("settings_overwritten", "open"), "no look can tell that it is seen to"
    assert page.page.body == f"{done.onward} Then resolve this page."
    assert f"`readback settings apply {TOOL} --environment production`" in page.page.body


async def test_an_edit_between_a_look_and_what_is_put_back_is_told_as_overwritten_too(alone: House) -> None:
    def theirs(_: Any) -> None:
        alone.vapi.edit("assistant", "Acme", **ELSEWHERE)

    await alone.apply(wish(ASSISTANT))
    [applied] = await alone.snapshots(ASSISTANT)
    theirs(None)
    alone.vapi.before("PATCH /assistant", theirs)
    restored = await alone.restore(applied)
    alone.vapi.lies.append(lambda record: record["server"].update(url="https://elsewhere"))
    alone.vapi.before("PATCH /assistant", theirs, skip=1)
    taken_back = await alone.apply(wish(ASSISTANT, **NEW_URL))

    assert [restored.end, taken_back.end] == [End.RESTORED, End.ROLLED_BACK]
    assert "between version 2, which was read last, and version 4: what that changed in server" in restored.onward
    assert "between version 5, which was read last, and version 7: what that changed in server" in taken_back.onward
    assert [page.page.key for page in await alone.pages()] == [
        "production: assistant/acme, version 7",
        "production: assistant/acme, version 4",
    ]


@pytest.mark.parametrize("key", [ASSISTANT, NUMBER])
async def test_where_no_versions_are_numbered_or_nobody_else_writes_nothing_is_told(alone: House, key: Key) -> None:
    await alone.apply(wish(key), Take.OURS)
    if key is NUMBER:
        alone.vapi.before("PATCH", lambda _: alone.vapi.edit("phone-number", "main", **ELSEWHERE))

    done = await alone.apply(wish(key, **NEW_URL))

    assert (done.end, done.onward, await alone.pages()) == (End.APPLIED, "", [])


LIES: dict[str, Callable[[Any], Any]] = {
    "the prompt is wiped": lambda record: record["model"].pop("messages"),
    "all of another part is gone": lambda record: record.pop("server"),
    "the change is half done": lambda record: record["model"].update(temperature=0.1),
    "the server is sent elsewhere": lambda record: record.update(server={"url": "https://elsewhere"}),
}


@pytest.mark.parametrize("lie", LIES)
async def test_what_was_not_written_as_said_is_taken_back(alone: House, lie: str) -> None:
    await alone.apply(wish(ASSISTANT))
    before = orjson.dumps(
        {n: v for n, v in alone.is_there(ASSISTANT).items() if n not in ("updatedAt", "latestVersion")}
    )
    asked = {"model": {"temperature": 0.5}, **({"server": {"url": "https://n"}} if "sent" in lie else {})}
    alone.vapi.lies.append(LIES[lie])

    done = await alone.apply(wish(ASSISTANT, **asked, firstMessage="Hi"))

    assert (done.end, done.holds) == (End.ROLLED_BACK, False)
    there = {n: v for n, v in alone.is_there(ASSISTANT).items() if n not in ("updatedAt", "latestVersion")}
    assert {n: v for n, v in there.items() if v is not None} == {
        n: v for n, v in orjson.loads(before).items() if v is not None
    }
    assert alone.steps()[-3:] == ["mismatch", "submitted", "rolled_back"]
    assert await alone.pages() == []


async def test_what_is_taken_back_keeps_the_secret_that_is_never_shown(alone: House) -> None:
    def at(url: str) -> Any:
        return wish(ASSISTANT, server={"url": url, "secret": "hush"})

    await alone.apply(at("https://a"))
    alone.vapi.lies.append(lambda record: record["server"].update(url="https://elsewhere"))

    assert (await alone.apply(at("https://b"))).end is End.ROLLED_BACK
    assert (alone.is_there(ASSISTANT)["server"]["url"], [*alone.vapi.account.secrets.values()]) == (
        "https://a",
        ["hush"],
    )


async def test_a_write_by_which_a_shown_secret_vanishes_is_taken_back(alone: House) -> None:
    alone.is_there(NUMBER)["server"] = {"url": "https://voice.example.com/vapi", "secret": "hush"}
    await alone.apply(wish(NUMBER), Take.ADOPT)
    alone.vapi.lies.append(lambda record: record["server"].pop("secret"))

    done = await alone.apply(wish(NUMBER, server={"url": "https://n"}))

    assert (done.end, [each.name for each in done.found]) == (End.ROLLED_BACK, ["server.secret"])
    assert alone.is_there(NUMBER)["server"] == {"url": "https://voice.example.com/vapi", "secret": "hush"}


async def test_what_else_changed_with_our_write_is_not_called_rolled_back(alone: House) -> None:
    await alone.apply(wish(ASSISTANT))
    alone.is_there(ASSISTANT).update(voice={"voiceId": "ours"})
    await alone.apply(wish(ASSISTANT), Take.ADOPT)
    alone.vapi.lies.append(lambda record: record.update(voice={"voiceId": "Mallory"}))

    done = await alone.apply(wish(ASSISTANT, firstMessage="Hi"))

    assert (done.end, "put back, voice.voiceId is not as it was before" in done.words) == (End.IN_DOUBT, True)
    there = alone.is_there(ASSISTANT)
    assert (there["firstMessage"], there["voice"]) == (None, {"voiceId": "Mallory"}), "it may be somebody's edit"
    back = f"`readback settings rollback {ASSISTANT} --to {done.snapshot} --environment production`"
    ours = f"`readback settings apply {ASSISTANT} --take ours --environment production`"
    assert (
        done.onward == f"If nobody meant that: {back}. If somebody did: {ours} keeps it, and brings what files ask for."
    )
    assert done_words(done)[1:] == ['    voice.voiceId: "ours" -> "Mallory"', f"    {done.onward}"]
    [page] = await alone.pages()
    assert 'What was there before, and is now:\nvoice.voiceId: "ours" -> "Mallory"\n' in page.page.body
    assert page.page.body.endswith(done.onward)


@pytest.mark.parametrize("meant", [True, False])
async def test_both_ways_on_from_what_else_changed_lead_out(alone: House, meant: bool) -> None:
    await alone.apply(wish(ASSISTANT, voice={"voiceId": "ours"}))
    alone.vapi.lies.append(lambda record: record.update(backgroundSound="https://theirs"))
    done = await alone.apply(wish(ASSISTANT, firstMessage="Hi"))
    assert done.end is End.IN_DOUBT

    if meant:
        assert (await alone.apply(wish(ASSISTANT, firstMessage="Hi"), Take.OURS)).end is End.APPLIED
    else:
        [before] = [kept for kept in await alone.snapshots(ASSISTANT) if kept.id == done.snapshot]
        assert (await alone.restore(before)).end is End.RESTORED
    there = alone.is_there(ASSISTANT)
    assert (there["firstMessage"], there["backgroundSound"]) == (("Hi", "https://theirs") if meant else (None, None))
    assert [drift.holds for drift in await alone.look()] == [True]
    assert [page.status for page in await alone.pages()] == ["resolved"]


async def test_what_somebody_changed_before_it_was_read_back_is_kept_in_a_snapshot(alone: House) -> None:
    await alone.apply(wish(ASSISTANT))
    alone.vapi.before("GET /assistant/", lambda _: alone.is_there(ASSISTANT)["model"].update(maxTokens=99), skip=2)

    done = await alone.apply(wish(ASSISTANT, model={"temperature": 0.5}))

    assert done.end is End.ROLLED_BACK
    [found] = [kept for kept in await alone.snapshots(ASSISTANT) if kept.why == "found"]
    assert (found.document["model"]["maxTokens"], found.id in done.words) == (99, True)


async def test_a_success_that_wrote_nothing_is_no_success(alone: House) -> None:
    await alone.apply(wish(TOOL))
    alone.vapi.mishaps.append(Mishap("forgotten", only="PATCH"))

    done = await alone.apply(wish(TOOL, **NEW_URL))

    assert (done.end, done.holds) == (End.IN_DOUBT, False)
    assert f"`readback settings apply {TOOL} --environment production` finds it there" in done.onward
    assert (await alone.apply(wish(TOOL, **NEW_URL))).end is End.APPLIED


async def test_what_cannot_be_put_back_wakes_somebody(alone: House) -> None:
    await alone.apply(wish(ASSISTANT))
    alone.vapi.lies += [lambda record: record["model"].pop("messages")] * 2

    done = await alone.apply(wish(ASSISTANT, firstMessage="Hi", model={"temperature": 0.2}))

    assert done.end is End.IN_DOUBT
    [page] = await alone.pages()
    assert (page.page.kind, page.page.key) == ("settings_unsettled", "production: assistant/acme")
    assert (
        f"`readback settings rollback assistant/acme --to {done.snapshot} --environment production`" in page.page.body
    )


@pytest.mark.parametrize("mishap", [SILENT_AFTERWARDS, CUT_AFTERWARDS, BROKEN_AFTERWARDS], ids=lambda m: str(m.fault))
async def test_a_write_without_an_answer_that_was_done_is_seen(alone: House, mishap: Mishap) -> None:
    await alone.apply(wish(TOOL))
    alone.vapi.mishaps.append(Mishap(mishap.effect, mishap.fault, mishap.silent, only="PATCH"))

    assert (await alone.apply(wish(TOOL, **NEW_URL))).end is End.APPLIED
    assert sum(method == "PATCH" for method, _, _ in alone.vapi.writes()) == 1


@pytest.mark.parametrize("mishap", [SILENT, BROKEN], ids=["silent", "broken"])
async def test_a_write_without_an_answer_that_was_not_done_is_in_doubt_and_not_repeated(
    alone: House, mishap: Mishap
) -> None:
    await alone.apply(wish(TOOL))
    alone.vapi.mishaps.append(Mishap(mishap.effect, mishap.fault, mishap.silent, only="PATCH"))

    assert (await alone.apply(wish(TOOL, **NEW_URL))).end is End.IN_DOUBT
    assert sum(method == "PATCH" for method, _, _ in alone.vapi.writes()) == 1


@pytest.mark.parametrize("mishap", [SILENT_AFTERWARDS, CUT_AFTERWARDS, SILENT, BROKEN], ids=lambda m: m.effect)
async def test_a_record_is_looked_up_by_its_name_before_it_is_made_again(alone: House, mishap: Mishap) -> None:
    alone.vapi.mishaps.append(Mishap(mishap.effect, mishap.fault, mishap.silent, only="POST"))

    assert (await alone.apply(wish(TOOL))).end is End.MADE
    assert len(alone.vapi.account.records["tool"]) == 1
    assert sum(method == "POST" for method, _, _ in alone.vapi.writes()) == (1 if mishap.effect == DONE else 2)


CONFLICT = Fault(409, body=b'{"message": "Conflict", "statusCode": 409}')


@pytest.mark.parametrize("only", ["POST", "PATCH"])
async def test_a_conflict_is_a_refusal_and_nothing_is_written(alone: House, only: str) -> None:
    if only == "PATCH":
        await alone.apply(wish(TOOL))
    there = copy.deepcopy(alone.vapi.account.records["tool"])
    alone.vapi.mishaps.append(Mishap(fault=CONFLICT, only=only))

    done = await alone.apply(wish(TOOL, **NEW_URL))
    assert (done.end, done.words) == (End.NOT_TAKEN, "HTTP 409 Conflict")
    assert alone.vapi.account.records["tool"] == there
    assert (await alone.apply(wish(TOOL, **NEW_URL))).holds


@pytest.mark.parametrize("late", [True, False])
async def test_a_conflict_with_what_was_made_without_an_answer_is_not_called_a_refusal(
    alone: House, late: bool
) -> None:
    """The platform shows what the first attempt made only after it has refused the second for it."""
    alone.vapi.mishaps += [
        Mishap(fault=BROKEN.fault, only="POST"),
        Mishap(fault=CONFLICT, only="POST"),
    ]
    if late:
        alone.vapi.before("GET /tool?", lambda _: alone.vapi.has("tool", WANTED[TOOL]), skip=3)

    done = await alone.apply(wish(TOOL))
    assert done.end is (End.MADE if late else End.IN_DOUBT)
    assert len(await alone.pages()) == (0 if late else 1)


async def test_what_was_sent_and_cannot_be_looked_for_is_in_doubt(alone: House) -> None:
    def down(_: Any) -> None:
        alone.vapi.always_wrong = Mishap(fault=BROKEN.fault)

    alone.vapi.before("POST", down)
    alone.vapi.mishaps.append(Mishap(DONE, BROKEN.fault, only="POST"))

    done = await alone.apply(wish(TOOL))
    assert (done.end, len(await alone.pages())) == (End.IN_DOUBT, 1)


async def test_a_record_that_is_made_wrong_is_not_called_made(alone: House) -> None:
    alone.vapi.lies.append(lambda record: record.pop("server"))

    done = await alone.apply(wish(TOOL))

    assert (done.end, [each.name for each in done.found][:1]) == (End.IN_DOUBT, ["server.url"])
    assert (await alone.apply(wish(TOOL))).end is End.REFUSED
    assert (await alone.apply(wish(TOOL), Take.OURS)).end is End.APPLIED


async def test_two_records_of_one_name_are_not_guessed_between(alone: House) -> None:
    for _ in range(2):
        alone.vapi.has("tool", WANTED[TOOL])
    with pytest.raises(AmbiguousError, match="2 records have the name of tool/check_availability"):
        await alone.apply(wish(TOOL))


async def test_a_number_is_never_bought(alone: House) -> None:
    alone.vapi.account.records["phone-number"].clear()
    assert "it costs money" in (await alone.apply(wish(NUMBER))).words


async def test_what_the_platform_refuses_is_told_in_its_words(alone: House) -> None:
    await alone.apply(wish(ASSISTANT))
    done = await alone.apply(wish(ASSISTANT, colour="red"))
    assert (done.end, done.words) == (End.NOT_TAKEN, "HTTP 400 property colour should not exist")

    [applied] = [kept for kept in await alone.snapshots(ASSISTANT) if kept.why == "applied"]
    alone.is_there(ASSISTANT).update(server={})
    alone.vapi.mishaps.append(Mishap(fault=Fault(402), only="PATCH"))
    assert (await alone.restore(applied)).end is End.NOT_TAKEN
    assert await alone.pages() == []


async def test_a_part_with_a_secret_that_is_never_shown_is_not_handed_in_without_it(alone: House) -> None:
    alone.vapi.has("assistant", WANTED[ASSISTANT] | {"server": {"url": "u"}, "isServerUrlSecretSet": True})
    await alone.apply(wish(ASSISTANT), Take.ADOPT)

    done = await alone.apply(wish(ASSISTANT, server={"url": "https://n"}))
    assert (done.end, "would be lost" in done.words) == (End.REFUSED, True)
    assert (await alone.apply(wish(ASSISTANT, server={"url": "u"}, firstMessage="Hi"))).end is End.APPLIED
    assert alone.is_there(ASSISTANT)["isServerUrlSecretSet"], "other parts can be changed"
    [applied, *_] = await alone.snapshots(ASSISTANT)
    alone.is_there(ASSISTANT)["server"]["url"] = "https://elsewhere"
    done = await alone.restore(applied)
    assert (done.end, "no file names it" in done.words) == (End.REFUSED, True), "nor when it is put back"
    assert alone.is_there(ASSISTANT)["isServerUrlSecretSet"]


async def test_a_rollback_brings_back_the_whole_record_and_its_secrets(house: House) -> None:
    await house.apply(wish(NUMBER), Take.ADOPT)
    await house.apply(wish(NUMBER))
    was = dict(house.is_there(NUMBER))
    [applied, *_] = await house.snapshots(NUMBER)
    house.is_there(NUMBER).update(server={"url": "https://elsewhere"}, squadId="s", name="x")

    done = await house.restore(applied)

    assert done.end is End.RESTORED
    there = house.is_there(NUMBER)
    assert {n: there.get(n) for n in ("server", "name", "twilioAuthToken")} == {
        n: was[n] for n in ("server", "name", "twilioAuthToken")
    }
    assert there["squadId"] is None
    assert (await house.apply(wish(NUMBER))).end is End.UNCHANGED
    assert [drift.holds for drift in await house.look()] == [True]


async def test_a_rollback_takes_out_what_somebody_added(alone: House) -> None:
    await alone.apply(wish(TOOL))
    await alone.apply(wish(ASSISTANT, voice={"provider": "vapi"}))
    tool, assistant = alone.is_there(TOOL), alone.is_there(ASSISTANT)
    tool.update(messages=[{"type": "request-complete", "content": "You are booked!"}])
    assistant["model"]["tools"] = [{"type": "transferCall", "destinations": [{"number": "+1900"}]}]
    assistant.update(forwardingPhoneNumber="+1900", voice={"provider": "vapi", "pitch": 9}, newDefault=1)

    ends = [await alone.restore((await alone.snapshots(key))[0]) for key in (TOOL, ASSISTANT)]

    assert [done.end for done in ends] == [End.RESTORED] * 2
    assert ends[1].words.endswith("; new since then, and kept: newDefault")
    assert (tool["messages"], assistant["forwardingPhoneNumber"]) == (None, None)
    assert (assistant["model"], assistant["voice"]) == (WANTED[ASSISTANT]["model"], {"provider": "vapi"})


async def test_a_rollback_that_the_platform_does_not_carry_out_says_how_to_try_again(alone: House) -> None:
    await alone.apply(wish(TOOL))
    [applied] = await alone.snapshots(TOOL)
    alone.is_there(TOOL)["server"] = {}
    alone.vapi.mishaps.append(Mishap("forgotten", only="PATCH"))

    done = await alone.restore(applied)

    assert (done.end, [each.name for each in done.found]) == (
        End.IN_DOUBT,
        ["server.url", "server.timeoutSeconds", "server.credentialId"],
    )
    again, undone = (f"`readback settings rollback {TOOL} --to {each} " for each in (applied.id, done.snapshot))
    assert done.onward.startswith(f"Once more: {again}")
    assert f"What was there before: {undone}" in done.onward
    assert (await alone.restore(applied)).end is End.RESTORED


async def test_what_the_platform_adds_to_a_new_record_is_said(alone: House) -> None:
    alone.vapi.lies.append(lambda record: record.update(voice={"provider": "vapi", "voiceId": "v"}))

    done = await alone.apply(wish(ASSISTANT))

    assert (done.end, done.words) == (End.MADE, "the platform added voice.provider, voice.voiceId by itself")
    assert all(drift.holds for drift in await alone.look())


async def test_what_the_platform_adds_later_is_adopted_only_when_somebody_says_so(alone: House) -> None:
    await alone.apply(wish(ASSISTANT))
    alone.is_there(ASSISTANT).update(newDefault=True)

    assert (await alone.apply(wish(ASSISTANT))).end is End.UNCHANGED
    assert (await alone.apply(wish(ASSISTANT), Take.ADOPT)).end is End.ADOPTED
    assert (await alone.snapshots(ASSISTANT))[0].document["newDefault"]


async def test_a_secret_that_nobody_knows_any_more_is_said_and_not_sent_sealed(alone: House) -> None:
    await alone.apply(wish(NUMBER), Take.ADOPT)
    [adopted] = await alone.snapshots(NUMBER)
    alone.is_there(NUMBER)["twilioAuthToken"] = ""

    done = await alone.restore(adopted)

    assert (done.end, "the secret at twilioAuthToken is not at the platform any more" in done.words) == (
        End.REFUSED,
        True,
    )
    assert "`readback settings apply phone-number/main --take ours --environment production`" in done.words
    assert (alone.vapi.writes(), await alone.pages()) == ([], [])


@pytest.mark.parametrize("take", Take)
async def test_two_who_apply_what_has_no_baseline_make_one_of_it(house: House, take: Take) -> None:
    if take is not Take.REFUSE:
        house.vapi.has("tool", WANTED[TOOL] | NEW_URL)

    ends = {done.end for done in await asyncio.gather(*(house.apply(wish(TOOL), take) for _ in range(2)))}

    [won] = ends & {End.MADE, End.APPLIED, End.ADOPTED}
    assert ends - {won} in ({End.REFUSED}, {End.MOVED})
    assert len(house.vapi.account.records["tool"]) == 1


async def test_a_plan_from_before_somebody_applied_is_not_carried_out(house: House) -> None:
    await house.apply(wish(TOOL))
    house.is_there(TOOL).update(rejectionPlan={})
    planned = await house.planned(wish(TOOL), Take.ADOPT)
    assert (await house.apply(wish(TOOL, **NEW_URL), Take.OURS)).end is End.APPLIED

    done = await planned.apply()
    assert (done.end, done.words) == (End.MOVED, "somebody applied it since it was planned; plan again")


async def test_two_cannot_apply_one_record_at_once(house: House) -> None:
    place = Place("production", TOOL)
    async with Holds(house.database, house.clock).alone(place):
        done = await house.apply(wish(TOOL))
        assert (done.end, done.words) == (End.REFUSED, "somebody else is applying it just now")
        house.clock.advance(HELD_S)
        assert (await house.apply(wish(TOOL))).end is End.MADE, "one whose process died holds it no longer"


async def test_whose_hold_ran_out_writes_nothing_and_frees_nobody_elses(house: House) -> None:
    await house.apply(wish(TOOL))
    place = Place("production", TOOL)

    def overtaken(_: Any) -> None:
        house.clock.advance(HELD_S)
        now = house.clock.now()
        with committing(house.database.url, seal) as transaction:
            assert book.held(transaction, place, "theirs", now=now, until=now + HELD_S)

    house.vapi.before("GET /tool/", overtaken, skip=1)
    done = await house.apply(wish(TOOL, **NEW_URL))

    assert (done.end, done.words) == (End.NOT_TAKEN, "somebody else applies it by now")
    assert [method for method, _, _ in house.vapi.writes()] == ["POST"]
    assert (await house.apply(wish(TOOL, **NEW_URL))).words == "somebody else is applying it just now"


async def test_a_hold_lasts_as_long_as_the_work_takes(house: House) -> None:
    mine, theirs = (Holds(house.database, house.clock, held_s=0.03) for _ in range(2))
    place = Place("production", TOOL)
    async with mine.alone(place):
        for _ in range(3):
            house.clock.advance(0.02)
            await until_held(house, house.clock.now() + 0.03)
        with pytest.raises(HeldError):
            await theirs.alone(place).__aenter__()
    async with theirs.alone(place):
        pass


async def until_held(house: House, until: float) -> None:
    """Returns when the one hold there is lasts so long."""
    for _ in range(1_000):
        if await house.database.read(lambda c: c.execute(select(platform_holds.c.held_until)).scalar()) == until:
            return
        await asyncio.sleep(0.005)
    pytest.fail("it was not renewed")


async def test_an_assistant_stays_pinned_until_it_is_applied_itself(alone: House) -> None:
    await alone.apply(wish(TOOL))
    tool = alone.is_there(TOOL)

    def pinned(version: str) -> Any:
        model = {**WANTED[ASSISTANT]["model"], "toolRefs": [{"toolId": tool["id"], "version": version}], "toolIds": []}
        return wish(ASSISTANT, model=model)

    assert (await alone.apply(pinned("1"))).end is End.MADE
    assert (await alone.apply(wish(TOOL, **NEW_URL))).live.known() == Known(tool["id"], "2")  # type: ignore[union-attr]  # it was applied
    assert alone.is_there(ASSISTANT)["model"]["toolRefs"] == [{"toolId": tool["id"], "version": "1"}]
    assert (await alone.apply(pinned("2"))).end is End.APPLIED


async def test_what_is_kept_of_a_record_is_bounded_and_never_loses_its_baseline(house: House) -> None:
    await house.apply(wish(TOOL))
    [base] = await house.snapshots(TOOL)

    def keep(transaction: Any) -> None:
        for number in range(book.MOST_SNAPSHOTS + 10):
            step = book.Step("sam", house.clock.now() + number + 1)
            book.snapshot(transaction, base.place, base.record_id, {}, why="before", step=step)

    await house.database.write(keep)
    kept = await house.snapshots(TOOL)
    assert len(kept) == book.MOST_SNAPSHOTS + 1
    assert base.id in {one.id for one in kept}


async def test_an_older_platform_without_types_in_changes_gets_them_without(alone: House) -> None:
    await alone.apply(wish(TOOL))
    alone.vapi.takes_type = False

    assert (await alone.apply(wish(TOOL, **NEW_URL))).end is End.APPLIED
    assert [sorted(body) for method, _, body in alone.vapi.writes() if method == "PATCH"] == [
        ["server", "type"],
        ["server"],
    ]


async def test_too_many_requests_are_waited_out(alone: House) -> None:
    await alone.apply(wish(TOOL))
    alone.vapi.mishaps += [Mishap(fault=Fault(429, retry_after="0"), only=line) for line in ("GET", "PATCH", "GET")]

    assert (await alone.apply(wish(TOOL, **NEW_URL))).end is End.APPLIED


def test_a_key_is_read_as_people_write_it() -> None:
    assert [str(key) for key in (TOOL, ASSISTANT, NUMBER)] == [
        "tool/check_availability",
        "assistant/acme",
        "phone-number/main",
    ]
    assert isinstance(TOOL, Key)
