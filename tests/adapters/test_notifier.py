"""Pages over Apprise, to a receiver on a real socket."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app import log
from app.adapters.notifier import AppriseNotifier, check_url, shown
from tests.fakes.page_receiver import Page, PageReceiver
from tests.fakes.recording_server import Fault
from tests.flows.businesses import EMBEDDED, acme, written
from tests.nursery import readback
from tests.processes import free_port


async def test_a_page_arrives_as_given_and_as_something_that_is_wrong() -> None:
    async with PageReceiver() as receiver:
        assert await AppriseNotifier().notify(receiver.url, "Read-back mismatch RB-1", "wanted: 9:00\nthere: <nothing>")
        assert receiver.pages == [Page("Read-back mismatch RB-1", "wanted: 9:00\nthere: <nothing>", "failure")]
        assert receiver.requests[0].path.startswith("/page")


async def test_the_first_page_of_a_process_does_not_hold_up_the_loop() -> None:
    """In a process of its own, because Apprise is imported once."""
    program = """
import asyncio, time
from app.adapters.notifier import AppriseNotifier
from tests.fakes.page_receiver import PageReceiver
async def main():
    worst = 0.0
    async def tick():
        nonlocal worst
        while True:
            before = time.perf_counter(); await asyncio.sleep(0.005); worst = max(worst, time.perf_counter() - before)
    ticking = asyncio.create_task(tick())
    started = time.perf_counter()
    async with PageReceiver() as receiver:
        assert await AppriseNotifier().notify(receiver.url, "t", "b")
        first = time.perf_counter() - started
        started = time.perf_counter()
        assert await AppriseNotifier().notify(receiver.url, "t", "b")
        assert time.perf_counter() - started < first
    ticking.cancel()
    assert worst < 0.6 * first, (worst, first)
asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stderr=subprocess.PIPE)
    _, complaint = await process.communicate()
    assert process.returncode == 0, complaint.decode()


@pytest.mark.parametrize(
    "fault",
    [Fault(status=500), Fault(status=404), Fault(reset=True), Fault(status=302, location="http://127.0.0.1:9/")],
)
async def test_a_receiver_that_fails_is_false(fault: Fault) -> None:
    async with PageReceiver(always=fault) as receiver:
        assert not await AppriseNotifier().notify(receiver.url, "t", "b")


async def test_a_redirect_does_not_count_as_delivered_however_well_its_target_answers() -> None:
    async with PageReceiver() as elsewhere:
        there = Fault(status=302, location=f"http://127.0.0.1:{elsewhere.port}/")
        async with PageReceiver(always=there) as receiver:
            assert not await AppriseNotifier().notify(receiver.url, "t", "b")


async def test_nobody_listening_is_false() -> None:
    async with PageReceiver() as receiver:
        url = receiver.url
    assert not await AppriseNotifier().notify(url, "t", "b")


@pytest.mark.parametrize("fault", [Fault(wait_s=30.0), Fault(drip=True)])
async def test_a_receiver_that_does_not_finish_is_left_at_the_deadline(fault: Fault) -> None:
    async with PageReceiver(fault) as receiver:
        check_url(receiver.url)  # so that importing Apprise is not what takes the time
        notifier = AppriseNotifier(deadline_s=0.3)
        started = time.perf_counter()
        assert not await notifier.notify(receiver.url, "t", "b")
        assert time.perf_counter() - started < 3.5, "Apprise's own patience is 4 s"
        await receiver.wait_for(1)
        assert await AppriseNotifier().notify(receiver.url, "t", "b")


async def test_a_receiver_that_never_finishes_takes_a_bounded_number_of_threads_and_leaves_others_alone() -> None:
    async with PageReceiver(always=Fault(drip=True)) as stuck, PageReceiver() as well:
        check_url(stuck.url)
        notifier = AppriseNotifier(deadline_s=2.0)
        tries = [asyncio.create_task(notifier.notify(stuck.url, "t", str(number))) for number in range(20)]
        assert await notifier.notify(well.url, "t", "b")
        assert not any(await asyncio.gather(*tries))
        assert len(stuck.requests) == 6


WRONG = ["", "nonsense", "http://127.0.0.1/x", "foo://bar", "json://", "pagerduty://token-only", "slack://"]


@pytest.mark.parametrize("url", WRONG)
async def test_a_url_that_apprise_cannot_read_is_a_sentence_and_a_false(url: str) -> None:
    assert (check_url(url) or "").endswith("is not a notification URL that Apprise can read.")
    assert not await AppriseNotifier().notify(url, "t", "b")


@pytest.mark.parametrize(
    "url",
    ["json://127.0.0.1:9000/page", "jsons://user:pw@host/p", "pagerduty://key@api", "slack://TA1/BA1/token123/#x"],
)
def test_a_url_that_apprise_can_read_is_fine(url: str) -> None:
    assert check_url(url) is None


SHOWN = [
    ("json://user:hunter22@hooks.example.com:99/secret-path?token=hunter22", "json://hooks.example.com/…"),
    ("slack://hunter22/BA1/c", "slack://…"),
    ("pagerduty://hunter22@hunter22", "pagerduty://…"),
    ("hunter22", "a value without a scheme"),
    ("json://[hunter22", "a value without a scheme"),
]


@pytest.mark.parametrize(("url", "words"), SHOWN)
def test_secrets_of_a_url_are_not_shown(url: str, words: str) -> None:
    assert shown(url) == words


async def test_secrets_of_a_url_do_not_reach_the_log(tmp_path: Path) -> None:
    path = tmp_path / "log"
    async with PageReceiver(always=Fault(status=403)) as receiver:
        refusing = f"json://user:hunter22@127.0.0.1:{receiver.port}/hunter22?token=hunter22"
        with path.open("wb") as stream:
            log.configure("info", stream)
            for url in (refusing, "hunter22", "json://[hunter22", "slack://hunter22", "jsons://127.0.0.1:1/hunter22"):
                assert not await AppriseNotifier().notify(url, "t", "b")
                check_url(url)
            log.configure("info")
    written = path.read_text()
    assert "a receiver answered 403" in written
    assert "notification URL" in written
    assert "hunter22" not in written


@pytest.mark.parametrize("url", ["foo://bar", "slack://hunter22", "pagerduty://token-only", None])
def test_serving_with_a_wrong_url_is_exit_code_2_and_one_sentence(tmp_path: Path, url: str | None) -> None:
    variables = {"READBACK_PORT": str(free_port()), "READBACK_DATABASE_URL": f"sqlite:///{tmp_path}/x.db"}
    if url is None:
        variables["READBACK_BUSINESSES"] = str(written(tmp_path, acme(EMBEDDED, 'page = ["foo://bar"]')))
    else:
        variables["READBACK_PAGE_URLS"] = url
    answer = readback("serve", **variables)
    assert answer.returncode == 2
    [sentence] = answer.stderr.splitlines()
    assert sentence.startswith("READBACK_PAGE_URLS: " if url else "READBACK_BUSINESSES: page of business acme: ")
    assert sentence.endswith("is not a notification URL that Apprise can read.")
