"""`readback checklist` and `readback serve --production`: nothing goes live on limits that nobody has looked up."""

import json
import socket
import time
from importlib.metadata import version
from pathlib import Path

import pytest

from app.audit.reading import exported
from app.booking.business_file import load_businesses
from app.commands.production import ALL_THE_SAME, check_production
from app.db.once import committing, looking
from app.db.schema import limit_confirmations
from app.errors import ConfigurationError
from app.main.starts import SERVE, started
from app.settings import load
from app.watch.volume_counts import CALL, Came, noted
from tests.commanding import Told, command
from tests.processes import free_port

PAGES = {"READBACK_PAGE_URLS": "json://127.0.0.1:9/page"}
VAPI = {"READBACK_VAPI_SECRETS": "secret", **PAGES}
DEMO = load_businesses(load({}).businesses, {})


def checklist(url: str, *arguments: str, **variables: str) -> Told:
    return command(url, "checklist", *arguments, **{**VAPI, **variables})


def confirm_all(url: str) -> None:
    for name, value in (("vapi_concurrent_calls", "10"), ("vapi_tool_timeout", "20 s"), ("vapi_balance", "reloads"),
                        ("pager_plan", "all of them, to two people")):  # fmt: skip
        assert checklist(url, "confirm", name, "--value", value, "--by", "Ann").returncode == 0


def rows(told: Told) -> dict[str, dict[str, object]]:
    return {row["name"]: row for row in json.loads(told.stdout)["limits"]}


def test_it_does_not_hold_until_a_person_has_looked_everything_up(sqlite_url: str) -> None:
    before = checklist(sqlite_url, "--json")
    assert (before.returncode, json.loads(before.stdout)["ready"]) == (1, False)
    assert rows(before)["vapi_balance"]["wrong"] == "not confirmed"
    assert "readback checklist confirm vapi_concurrent_calls --value V --by WHO" in checklist(sqlite_url).stdout

    confirm_all(sqlite_url)

    after = checklist(sqlite_url, "--json")
    assert (after.returncode, json.loads(after.stdout)["ready"]) == (0, True)
    row = rows(after)["vapi_concurrent_calls"]
    assert (row["value"], row["used"], row["source"]) == (10, 0, "panel")
    assert row["confirmed"]["by"] == "Ann"  # type: ignore[index]
    assert rows(after)["disk"]["share"]
    plain = checklist(sqlite_url).stdout
    assert "vapi_concurrent_calls: 10, 0 used (0%), confirmed by Ann" in plain
    assert plain.endswith("everything that a person has to look up is confirmed.\n")


def test_a_new_business_that_does_not_say_so_is_named_where_a_model_is_asked(database_url: str) -> None:
    models = {"READBACK_MODELS": "openai:gpt-5", "OPENAI_API_KEY": "key"}

    def warned() -> list[str]:
        told: list[str] = json.loads(command(database_url, "checklist", "--json", **models).stdout)["warnings"]
        return told

    assert json.loads(command(database_url, "checklist", "--json").stdout)["warnings"] == []
    [said] = warned()
    assert "live_since of business acme is not set, and it has had no call or text here yet" in said
    assert f"[!] {said}\n" in command(database_url, "checklist", **models).stdout

    for days, words in ((13, "its first call or text here came on 2"), (15, "")):
        with committing(database_url, lambda *_: None) as transaction:
            noted(transaction.connection, [Came("acme", "+1", CALL, time.time() - days * 86_400)])
        assert [words in said for said in warned()] == [True] * bool(words)


def test_without_anything_of_others_there_is_nothing_to_confirm_but_who_is_told(sqlite_url: str) -> None:
    assert command(sqlite_url, "checklist", "confirm", "pager_plan", "--value", "all", **PAGES).returncode == 0

    assert command(sqlite_url, "checklist", **PAGES).returncode == 0

    told = command(sqlite_url, "checklist")
    assert told.returncode == 1
    [line] = [line for line in told.stdout.splitlines() if "[!]" in line]
    assert line.startswith("page_receivers: 0 receivers, fixed  [!] READBACK_PAGE_URLS is not set, nor `page` of a")
    assert "Set READBACK_PAGE_URLS to where whoever runs this installation is reached" in told.stdout
    assert told.stdout.endswith(" limits; 1 to be set: page_receivers\n")
    assert json.loads(command(sqlite_url, "checklist", "--json").stdout)["ready"] is False


def test_receivers_of_businesses_hear_nothing_of_the_whole_installation(sqlite_url: str, tmp_path: Path) -> None:
    file = tmp_path / "acme.toml"
    demo = Path("infra/businesses/demo.toml").read_text(encoding="utf-8")
    head = "[businesses.acme]\n"
    file.write_text(demo.replace(head, f'{head}page = ["json://127.0.0.1:9/page"]\n', 1))
    variables = {"READBACK_BUSINESSES": str(file), "READBACK_DATABASE_URL": sqlite_url}
    businesses = load_businesses(file, {})
    command(sqlite_url, "checklist", "confirm", "pager_plan", "--value", "all", **variables)

    with pytest.raises(ConfigurationError) as refused:
        check_production(load(variables), businesses, None)

    assert str(refused.value) == (
        "Not ready for production: READBACK_PAGE_URLS is not set: of what concerns the whole installation, as its "
        "database does, nobody is told; set READBACK_PAGE_URLS to where whoever runs this installation is reached; "
        f"`readback doctor --page` tries it. {ALL_THE_SAME}"
    )
    forced = check_production(load(variables), businesses, "the pager comes tomorrow")
    assert forced is not None
    assert forced.unconfirmed == ["page_receivers"]
    assert check_production(load(variables | PAGES), businesses, None) is None


@pytest.mark.parametrize(
    ("name", "value", "code", "said"),
    [
        ("nothing", "1", 2, "nothing is no limit that a person confirms here; there are: vapi_concurrent_calls, "),
        ("slot_ttl_s", "1", 2, "slot_ttl_s is no limit that a person confirms here"),
        ("vapi_concurrent_calls", "lots", 2, "The value of vapi_concurrent_calls must begin with a number of calls"),
        ("vapi_balance", " ", 2, "The value must have 1 to 200 characters."),
        ("page_receivers", "1", 2, "page_receivers is no limit that a person confirms here"),
    ],
)
def test_what_cannot_be_confirmed_is_said_in_one_sentence(
    sqlite_url: str, name: str, value: str, code: int, said: str
) -> None:
    told = checklist(sqlite_url, "confirm", name, "--value", value)

    assert told.returncode == code
    assert told.stderr.startswith(said)


@pytest.mark.parametrize("value", ["0", "0.0", "-5", "NaN", "inf", "1e99", "100,001", "unlimitd"])
def test_no_panel_shows_nothing_less_than_nothing_or_more_than_anybody_has(sqlite_url: str, value: str) -> None:
    told = checklist(sqlite_url, "confirm", "vapi_concurrent_calls", f"--value={value}")

    assert (told.returncode, told.stderr) == (
        2,
        "The value of vapi_concurrent_calls must begin with a number of calls above 0 and at most 100,000, as in "
        "10000, 10,000 or 10k, or be unlimited.\n",
    )
    assert rows(checklist(sqlite_url, "--json"))["vapi_concurrent_calls"]["confirmed"] is None


@pytest.mark.parametrize("value", ["0", "-1", "NaN", "-inf", "$0.00", "0 USD", "-$5", "x", "ok", "-"])
def test_what_a_panel_shows_in_words_is_told_in_words(sqlite_url: str, value: str) -> None:
    told = checklist(sqlite_url, "confirm", "vapi_balance", f"--value={value}")

    assert (told.returncode, told.stderr) == (
        2,
        "The value of vapi_balance must say in a few words what the panel shows of this: credit and automatic reload; "
        "without credit no call is taken.\n",
    )


@pytest.mark.parametrize("value", ["$5", "reloads", "12.50 EUR, reloads at 10", "充足"])
def test_what_a_panel_shows_is_taken_as_it_is_told(sqlite_url: str, value: str) -> None:
    assert checklist(sqlite_url, "confirm", "vapi_balance", f"--value={value}", "--by", "Ann").returncode == 0
    assert rows(checklist(sqlite_url, "--json"))["vapi_balance"]["confirmed"] is not None


def test_a_time_that_vapi_never_waits_is_no_time(sqlite_url: str) -> None:
    for value in ("301", "unlimited", "0"):
        told = checklist(sqlite_url, "confirm", "vapi_tool_timeout", "--value", value)
        assert told.returncode == 2
        assert told.stderr.endswith("a number of s above 0 and at most 300, as in 10000, 10,000 or 10k.\n")


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [("vapi_concurrent_calls", "1,000 lines", 1_000), ("vapi_concurrent_calls", "Unlimited", None)],
)
def test_what_a_panel_says_is_read_as_a_person_reads_it(sqlite_url: str, name: str, value: str, read: object) -> None:
    confirm_all(sqlite_url)

    assert checklist(sqlite_url, "confirm", name, "--value", value, "--by", "Ann").returncode == 0

    after = checklist(sqlite_url, "--json")
    assert (after.returncode, rows(after)[name]["value"]) == (0, read)
    assert rows(after)[name]["confirmed"]["value"] == value  # type: ignore[index]
    assert f"{name}: {value}" in checklist(sqlite_url).stdout


def test_a_value_that_is_too_low_is_kept_and_does_not_hold(sqlite_url: str) -> None:
    confirm_all(sqlite_url)

    told = checklist(sqlite_url, "confirm", "vapi_tool_timeout", "--value", "5", "--by", "Ann")

    assert told.returncode == 1
    assert "too low: this installation needs at least 6 s" in told.stdout
    assert checklist(sqlite_url).returncode == 1
    assert checklist(sqlite_url, READBACK_TOOL_DEADLINE_MS="4000").returncode == 0


def test_production_is_refused_until_all_is_confirmed_and_again_when_it_is_old(database_url: str) -> None:
    told = command(database_url, "serve", "--production", **VAPI, READBACK_PORT=str(free_port()))
    assert told.returncode == 2
    assert told.stderr == (
        "Not ready for production: the limit vapi_concurrent_calls is not confirmed (3 more); look it up and run "
        f"`readback checklist confirm vapi_concurrent_calls --value V --by WHO`. {ALL_THE_SAME}\n"
    )

    confirm_all(database_url)
    check_production(load({**VAPI, "READBACK_DATABASE_URL": database_url}), DEMO, None)

    with committing(database_url, lambda *_: None) as transaction:
        transaction.connection.execute(limit_confirmations.update().values(at=time.time() - 91 * 86_400))
    with pytest.raises(ConfigurationError, match="confirmed more than 90 days ago"):
        check_production(load({**VAPI, "READBACK_DATABASE_URL": database_url}), DEMO, None)


def test_forcing_it_is_in_the_audit_log_once_it_has_started(database_url: str) -> None:
    settings = load({**VAPI, "READBACK_DATABASE_URL": database_url})

    forced = check_production(settings, DEMO, "the panel is down")
    started(settings, DEMO, SERVE, forced)

    with looking(database_url) as connection:
        start, row = exported(connection)
    assert (start["kind"], start["subject"], start["data"]["version"]) == (
        "process_started",
        "serve",
        version("readback"),
    )
    assert row["kind"] == "production_forced"
    assert row["data"]["reason"] == "the panel is down"
    assert row["data"]["unconfirmed"] == ["vapi_concurrent_calls", "vapi_tool_timeout", "vapi_balance", "pager_plan"]
    assert row["data"]["by"]


def test_a_start_that_fails_is_no_start(sqlite_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = command(sqlite_url, "serve", "--production", "--force", "panel is down", READBACK_PORT=port, **VAPI)

    assert (told.returncode, "listens there already" in told.stderr) == (2, True)
    with looking(sqlite_url) as connection:
        assert list(exported(connection)) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--production", "--force", " "), "--force wants a reason of 1 to 500 characters.\n"),
        (("--force", "because"), "--force belongs to --production.\n"),
    ],
)
def test_force_wants_a_reason_and_something_to_force(sqlite_url: str, arguments: tuple[str, ...], said: str) -> None:
    told = command(sqlite_url, "serve", *arguments, **VAPI)

    assert (told.returncode, told.stderr) == (2, said)
