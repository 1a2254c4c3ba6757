"""`readback settings` from the command line, against the stand-in: its exit codes, and what it never shows."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.clock import SystemClock
from app.main.provisioning import drift_timers
from app.settings import load
from app.watch.pages import listed
from tests.commanding import Told, command
from tests.fakes.crm import Mishap
from tests.fakes.databases import executed, opened
from tests.fakes.recording_server import Fault
from tests.fakes.vapi_records import FakeVapi
from tests.provisioning.house import LINE

FILE = """
tools = ["check_availability", "book_appointment"]
[environments.production]
server_url = "https://voice.example.com/vapi"
[assistants.acme]
name = "Acme"
prompt = "acme.md"
[assistants.acme.settings]
firstMessage = "Hello."
model = { provider = "openai", model = "m" }
server = { headers = { Authorization = { env = "LINE_SECRET" } } }
[numbers.main]
number = "+15125550100"
"""


class Desk:
    """Somebody at a terminal."""

    def __init__(self, url: str, folder: Path, vapi: FakeVapi) -> None:
        self.url, self.folder, self.vapi = url, folder, vapi
        self.variables = vapi.variables | {"READBACK_PLATFORM": str(folder / "p.toml"), "LINE_SECRET": "hush-hush"}
        self.write(FILE)

    def write(self, text: str, prompt: str = "Be kind.") -> None:
        (self.folder / "p.toml").write_text(text)
        (self.folder / "acme.md").write_text(prompt)

    async def asks(self, *arguments: str) -> Told:
        return await asyncio.to_thread(command, self.url, "settings", *arguments, **self.variables)

    async def told(self, *arguments: str) -> Any:
        return json.loads((await self.asks(*arguments, "--json")).stdout)


@pytest.fixture
async def desk(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with FakeVapi() as vapi:
        vapi.has("phone-number", {"provider": "twilio", "number": LINE, "twilioAuthToken": "hush-token"})
        yield Desk(sqlite_url, tmp_path, vapi)


async def test_the_whole_way_of_settings(desk: Desk) -> None:
    planned = await desk.asks("plan")
    assert planned.returncode == 1
    assert "assistant/acme: to be made" in planned.stdout
    assert "phone-number/main: no-baseline" in planned.stdout
    assert (await desk.asks("drift")).returncode == 1
    assert desk.vapi.writes() == []

    assert (await desk.asks("apply", "--adopt", "phone-number/main")).returncode == 0
    applied = await desk.asks("apply", "--by", "Sam")
    assert (applied.returncode, applied.stdout.count("made"), applied.stdout.count(": applied")) == (0, 3, 1)
    for holds in ("plan", "verify", "drift", "apply"):
        assert (await desk.asks(holds)).returncode == 0, holds
    assert desk.vapi.record("assistant", "Acme")["server"]["headers"] == {"Authorization": "hush-hush"}

    desk.vapi.record("assistant", "Acme")["model"]["messages"][0]["content"] = "Sell more."
    assert (await desk.asks("verify")).returncode == 1
    refused = await desk.asks("apply", "assistant/acme")
    assert (refused.returncode, "--take ours, --adopt, or `readback settings rollback" in refused.stdout) == (1, True)
    drifted = await desk.told("drift")
    [wrong] = [record for record in drifted["records"] if not record["holds"]]
    assert (wrong["record"], wrong["differences"][0]["seen"]) == ("assistant/acme", "Sell more.")
    assert wrong["remedy"] in refused.stdout, "and not the one from before the last apply"
    restored = await desk.asks(*wrong["remedy"].split()[2:])
    assert (restored.returncode, "as it was in snapshot" in restored.stdout) == (0, True)
    assert (await desk.asks("verify")).returncode == 0

    desk.vapi.record("assistant", "Acme")["model"]["messages"].append({"role": "system", "content": "Never book."})
    assert [(await desk.asks(asked)).returncode for asked in ("verify", "drift")] == [1, 1]
    assert (await desk.asks(*wrong["remedy"].split()[2:])).returncode == 0
    assert desk.vapi.record("assistant", "Acme")["model"]["messages"] == [{"role": "system", "content": "Be kind."}]

    desk.write(FILE, prompt="Be kinder.")
    changed = await desk.asks("plan", "assistant/acme")
    assert (changed.returncode, "local-ahead model.messages.system.content" in changed.stdout) == (0, True)
    assert (await desk.asks("apply")).returncode == 0
    assert (await desk.asks("rollback", "assistant/acme")).returncode == 0
    assert desk.vapi.record("assistant", "Acme")["model"]["messages"][0]["content"] == "Be kind."
    kept = await desk.told("snapshots", "assistant/acme")
    assert [one["why"] for one in kept][:2] == ["restored", "before"]
    assert "hush" not in json.dumps(kept)
    assert not [row for row in executed(desk.url, "select document from platform_snapshots") if "hush" in row[0]]
    assert not [row for row in executed(desk.url, "select data from audit") if "hush" in row[0]]


async def test_a_secret_that_somebody_takes_away_is_noticed_and_comes_back_out_of_the_file(desk: Desk) -> None:
    secret = 'secret = { env = "LINE_SECRET" }, headers ='
    desk.write(FILE.replace("headers =", secret))
    assert (await desk.asks("apply", "--take", "ours")).returncode == 0
    assistant, [kept] = desk.vapi.record("assistant", "Acme"), list(desk.vapi.account.secrets)
    assert (await desk.asks("drift")).returncode == 0
    assistant["isServerUrlSecretSet"] = False
    del assistant["server"]["headers"], desk.vapi.account.secrets[kept]

    assert [(await desk.asks(asked)).returncode for asked in ("verify", "apply")] == [1, 1]
    [wrong] = [record for record in (await desk.told("drift"))["records"] if not record["holds"]]
    assert [each["path"] for each in wrong["differences"]] == ["server.headers.Authorization", "server.secret"]
    restored = await desk.asks(*wrong["remedy"].split()[2:])
    assert (restored.returncode, "as it was in snapshot" in restored.stdout) == (0, True), restored
    assert assistant["server"]["headers"] == {"Authorization": "hush-hush"}
    assert (assistant["isServerUrlSecretSet"], desk.vapi.account.secrets[kept]) == (True, "hush-hush")
    assert (await desk.asks("verify")).returncode == 0


async def test_a_file_that_is_wrong_keeps_nobody_from_rolling_back(desk: Desk) -> None:
    await desk.asks("apply", "--take", "ours")
    desk.vapi.record("tool", "book_appointment")["server"] = {}
    [wrong] = [record for record in (await desk.told("drift"))["records"] if not record["holds"]]
    desk.variables["LINE_SECRET"] = ""

    restored = await desk.asks(*wrong["remedy"].split()[2:])
    assert (restored.returncode, "LINE_SECRET is not set" in restored.stderr) == (0, True), restored


async def test_an_assistant_is_not_pinned_to_what_somebody_made_of_a_tool(desk: Desk) -> None:
    await desk.asks("apply", "--take", "ours")
    desk.vapi.record("tool", "book_appointment").update(latestVersion="9", server={"url": "https://elsewhere"})

    refused = await desk.asks("apply", "assistant/acme")

    assert refused.returncode == 1
    assert "tool/book_appointment is not as files ask for; apply it first" in refused.stdout


async def test_what_was_deleted_on_purpose_is_forgotten_with_the_command_in_its_page(desk: Desk) -> None:
    await desk.asks("apply", "--take", "ours")
    refused = await desk.asks("forget", "assistant/acme")
    assert (refused.returncode, "it is there, and p.toml asks for it" in refused.stdout) == (1, True)

    desk.write(FILE.replace("[assistants.acme", "[assistants.other").replace("Acme", "Other"))
    desk.vapi.account.records["assistant"].clear()
    [gone] = [record for record in (await desk.told("drift"))["records"] if record["gone"]]
    assert gone["remedy"] == "readback settings forget assistant/acme --environment production"
    assert (await desk.told(*gone["remedy"].split()[2:]))[0]["end"] == "forgotten"

    assert "assistant/acme" not in (await desk.asks("drift")).stdout
    assert (await desk.asks("forget", "assistant/acme")).returncode == 1
    assert executed(desk.url, "select count(*) from audit where kind = 'settings_forgotten'") == [(1,)]
    assert (await desk.asks("snapshots", "assistant/acme")).returncode == 0


async def test_the_watch_asks_the_files_anew_each_time(desk: Desk) -> None:
    both = FILE.partition("[assistants")[0]
    desk.write(both)
    await desk.asks("apply", "tool/check_availability")
    settings = load(desk.variables | {"READBACK_DATABASE_URL": desk.url})
    async with opened(desk.url) as database:
        [timer] = drift_timers(settings, database, SystemClock(), lambda: None)
        said = []
        for text in (both, "tools = [", both.replace(', "book_appointment"', "")):
            desk.write(text)
            await timer.run()
            said.append([page.status for page in await database.read(lambda c: listed(c, all_of_them=True))])
    assert said == [["open"], ["open"], ["resolved"]]


async def test_adopting_takes_what_is_there_and_makes_nothing(desk: Desk) -> None:
    desk.vapi.has("assistant", {"name": "Acme", "model": {"provider": "openai", "model": "m"}})
    [adopted] = await desk.told("apply", "--adopt", "assistant/acme")
    assert (adopted["record"], adopted["end"]) == ("assistant/acme", "adopted"), "though its tools are not there yet"
    ends = await desk.told("apply", "--adopt")
    assert {end["end"] for end in ends[:-1]} == {"unchanged"}
    assert (ends[-1]["record"], ends[-1]["end"]) == ("phone-number/main", "adopted")
    assert desk.vapi.writes() == []
    assert (await desk.asks("apply")).returncode == 0


async def test_drift_says_what_it_could_not_read_and_all_of_the_rest(desk: Desk) -> None:
    await desk.asks("apply", "--take", "ours")
    desk.vapi.record("assistant", "Acme")["server"] = {}
    desk.vapi.record("phone-number", LINE)["server"] = {}
    desk.vapi.mishaps += [Mishap(fault=Fault(403), only="GET /assistant/")] * 2

    told = await desk.asks("drift")
    assert (told.returncode, "assistant/acme: it cannot be read: HTTP 403" in told.stdout) == (1, True)
    assert "phone-number/main: changed since" in told.stdout
    assert "    readback settings rollback phone-number/main --to " in told.stdout, "as it is typed"
    records = {record["record"]: record for record in (await desk.told("drift"))["records"]}
    assert (records["assistant/acme"]["unseen"], records["assistant/acme"]["remedy"]) == ("HTTP 403", "")


async def test_drift_does_not_call_what_is_being_applied_never_applied(desk: Desk) -> None:
    await desk.asks("apply", "--take", "ours")
    desk.vapi.record("tool", "book_appointment")["server"] = {}
    held = "insert into platform_holds values ('production', 'tool', 'book_appointment', 'somebody', 1e11)"
    executed(desk.url, held)

    told = await desk.asks("drift")
    assert (told.returncode, "tool/book_appointment: it is being applied just now" in told.stdout) == (1, True)
    assert "no baseline" not in told.stdout


async def test_apply_ends_with_the_first_that_does_not_hold(desk: Desk) -> None:
    desk.vapi.mishaps.append(Mishap(fault=Fault(402), only="POST"))
    ends = await desk.told("apply")
    assert [(end["record"], end["end"]) for end in ends] == [("tool/check_availability", "not taken")]


@pytest.mark.parametrize(
    ("arguments", "variables", "code", "said"),
    [
        (("plan",), {"VAPI_API_KEY": ""}, 2, "VAPI_API_KEY is not set"),
        (("plan",), {"VAPI_API_KEY": "other"}, 1, "using the public key.\n"),
        (("plan",), {"READBACK_PLATFORM": "nowhere.toml"}, 2, "READBACK_PLATFORM: nowhere.toml cannot be read"),
        (("plan",), {"LINE_SECRET": ""}, 2, "LINE_SECRET is not set"),
        (("plan", "--environment", "moon"), {}, 2, 'has no environment "moon"'),
        (("plan", "weather"), {}, 2, "weather is no record"),
        (("plan", "tool/dance"), {}, 2, "tool/dance is not in p.toml"),
        (("apply", "--adopt", "--take", "ours"), {}, 2, "not allowed with argument"),
        (("rollback",), {}, 2, "required: record"),
        (("rollback", "assistant/acme"), {}, 1, "there is no snapshot from before an apply"),
        (("rollback", "assistant/acme", "--to", "ffff"), {}, 1, "there is no snapshot ffff"),
        (("snapshots", "assistant/acme"), {}, 1, "No snapshot is kept of it."),
    ],
)
async def test_what_does_not_hold_and_what_is_wrong_use(
    desk: Desk, arguments: tuple[str, ...], variables: dict[str, str], code: int, said: str
) -> None:
    desk.variables |= variables
    answer = await desk.asks(*arguments)
    assert (answer.returncode, said in answer.stdout + answer.stderr) == (code, True), answer
    assert "Traceback" not in answer.stderr
