"""A page from its commit to the person who takes it, across a restart, with the server as a process."""

import asyncio
import re
import time
from collections.abc import Callable

from app.audit.log import seal
from app.db.engine import Database
from app.watch import pages
from app.watch.pages import Page
from tests.fakes.page_receiver import PageReceiver
from tests.flows.running import Process


async def test_a_page_leaves_once_survives_a_restart_and_is_acknowledged_by_its_link(
    start: Callable[..., Process], sqlite_url: str
) -> None:
    async with PageReceiver() as receiver:
        public = "https://readback.example"
        server = start(sqlite_url, READBACK_PAGE_URLS=receiver.url, READBACK_PUBLIC_URL=public)
        database = Database(sqlite_url, seal, shared=True)
        await database.start()
        page = Page("read_back", "RB-7K2M9Q", "Read-back mismatch RB-7K2M9Q", "wanted 9:00, is 10:00")
        await database.write(lambda t: pages.raised(t, page, now=time.time()))
        await receiver.wait_for(1, within_s=20)
        [link] = re.findall(rf"{public}(/pages/\S+)", receiver.pages[0].body)
        while not (await database.read(pages.listed))[0].progress.heard():  # noqa: ASYNC110  # only the row tells
            await asyncio.sleep(0.05)

        server.stop()
        server.start()
        assert "<form" in (await server.get(link)).text
        async with server.client("") as client:
            assert "Acknowledged by Night shift" in (await client.post(link, data={"by": "Night shift"})).text
        assert (await database.read(pages.listed))[0].status == "acknowledged"
        assert [p.title for p in receiver.pages] == ["Read-back mismatch RB-7K2M9Q"]
        await database.stop()
