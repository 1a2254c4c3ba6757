"""PagerDuty over a real socket: one incident per page through all its steps, and what each answer means."""

from dataclasses import replace

import pytest

from app.adapters.notifier import AppriseNotifier
from app.adapters.pagerduty import PagerDuty, integration_key
from app.adapters.receivers import Receivers, check_url
from app.watch.notify import Notice, Step, Taken
from tests.fakes.page_receiver import Page, PageReceiver
from tests.fakes.pagerduty import FakePagerDuty
from tests.fakes.recording_server import Fault

KEY = "R0ABCDEFGHIJKLMNOPQRSTUVWXYZ0123"
URL = f"pagerduty://{KEY}"


def notice(step: Step) -> Notice:
    return Notice("0123456789abcdef", step, "Read-back mismatch RB-7K2M9Q", "wanted 9:00")


async def test_a_page_is_one_incident_from_trigger_to_resolve() -> None:
    async with FakePagerDuty() as server:
        client = PagerDuty(server.api_url)
        for step in Step:
            assert await client.carry(URL, notice(step)) is Taken.TAKEN
        await client.aclose()
    assert [request.path for request in server.requests] == ["/v2/enqueue"] * 3
    assert [event["event_action"] for event in server.events] == ["trigger", "acknowledge", "resolve"]
    assert {(event["dedup_key"], event["routing_key"]) for event in server.events} == {("0123456789abcdef", KEY)}
    assert server.events[0]["payload"] == {
        "summary": "Read-back mismatch RB-7K2M9Q",
        "source": "readback",
        "severity": "critical",
        "custom_details": {"body": "wanted 9:00"},
    }
    assert "payload" not in server.events[1] | server.events[2]


@pytest.mark.parametrize(
    ("fault", "taken"),
    [
        (Fault(status=202), Taken.TAKEN),
        (Fault(status=400), Taken.REFUSED),
        (Fault(status=403), Taken.REFUSED),
        (Fault(status=429), Taken.FAILED),
        (Fault(status=500), Taken.FAILED),
        (Fault(status=302, location="http://127.0.0.1:9/"), Taken.FAILED),
        (Fault(reset=True), Taken.FAILED),
        (Fault(drip=True), Taken.FAILED),
        (Fault(wait_s=30), Taken.FAILED),
    ],
    ids=str,
)
async def test_each_answer_means_what_pagerduty_says_it_means(fault: Fault, taken: Taken) -> None:
    async with FakePagerDuty(fault) as server:
        client = PagerDuty(server.api_url, deadline_s=0.5)
        assert await client.carry(URL, notice(Step.RAISED)) is taken
        await client.aclose()


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        (URL, True),
        (URL + "/", True),
        (f"pagerduty://{KEY}@apikey/source/component", False),
        (f"pagerduty://{KEY}/path", False),
        ("pagerduty://short", False),
        ("json://127.0.0.1/page", False),
    ],
)
def test_only_the_short_form_is_ours(url: str, ours: bool) -> None:
    assert (integration_key(url) is not None) is ours


def test_both_forms_are_accepted_and_nonsense_is_not() -> None:
    assert check_url(URL) is None
    assert check_url(f"pagerduty://{KEY}@{KEY}/source/component") is None
    assert KEY not in (check_url(f"nobody://{KEY}") or KEY)


async def test_each_receiver_is_told_in_its_own_way_that_it_is_over() -> None:
    async with FakePagerDuty() as duty, PageReceiver() as json:
        both = Receivers(AppriseNotifier(), PagerDuty(duty.api_url))
        for step in Step:
            for url in (URL, json.url):
                assert await both.carry(url, notice(step)) is Taken.TAKEN
        quietly = replace(notice(Step.RESOLVED), body="")
        for url in (URL, json.url):
            assert await both.carry(url, quietly) is Taken.TAKEN, "an incident is closed; a person hears nothing"
        await both.aclose()
    assert [event["event_action"] for event in duty.events] == [
        "trigger",
        "acknowledge",
        "resolve",
        "resolve",
    ]
    assert json.pages == [
        Page("Read-back mismatch RB-7K2M9Q", "wanted 9:00", "failure"),
        Page("Resolved: Read-back mismatch RB-7K2M9Q", "wanted 9:00", "success"),
    ]
