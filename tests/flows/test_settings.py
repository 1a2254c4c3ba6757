"""A running server watches what it did not change: a wiped function URL pages within one look, and again it is over."""

import time
from pathlib import Path

from tests.fakes.page_receiver import PageReceiver
from tests.fakes.vapi_records import FakeVapi
from tests.flows.businesses import acme, written
from tests.flows.running import MovedClock, environment, serving
from tests.provisioning.test_settings_command import Desk

WITHIN_S = 60.0


async def test_a_wiped_function_url_pages_and_the_command_in_the_page_mends_it(sqlite_url: str, tmp_path: Path) -> None:
    async with FakeVapi() as vapi, PageReceiver() as pager:
        vapi.has("phone-number", {"provider": "twilio", "number": "+15125550100"})
        desk = Desk(sqlite_url, tmp_path, vapi)
        assert (await desk.asks("apply", "--take", "ours")).returncode == 0
        (tmp_path / "businesses").mkdir()
        more = vapi.variables | {"READBACK_DRIFT_EVERY_S": "1", "READBACK_PAGE_URLS": pager.url}
        async with serving(
            environment(sqlite_url, written(tmp_path / "businesses", acme()), **more), MovedClock(time.time())
        ):
            vapi.record("tool", "book_appointment")["server"] = {}
            await pager.wait_for(1, WITHIN_S)
            [page] = pager.pages
            assert page.title == "Settings at the platform have changed: tool/book_appointment"
            assert 'server.url: "https://voice.example.com/vapi" -> nothing' in page.body

            command = page.body.split("`")[1].split()
            assert (await desk.asks(*command[2:])).returncode == 0
            await pager.wait_for(2, WITHIN_S)
            assert pager.pages[1].title.startswith("Resolved: ")
    assert vapi.record("tool", "book_appointment")["server"]["url"] == "https://voice.example.com/vapi"
