"""One Chromium for the whole session, in a thread of its own: its driver keeps a loop, and so do other tests."""

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.conftest import NO_CHROMIUM

T = TypeVar("T")

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
WITHIN_MS = 60_000
"""For whatever is waited for; the machine may be busy."""
AXE = Path(__file__).parent / "axe.min.js"


class Browsing:
    """Runs stories in the browser's thread."""

    def __init__(self, executable: str) -> None:
        self._executable = executable
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="browser")
        self._driver: Any = None
        self._browser: Browser | None = None

    def run(self, story: Callable[[Browser], T]) -> T:
        return self._thread.submit(lambda: story(self._started())).result()

    def close(self) -> None:
        self._thread.submit(self._stop).result()
        self._thread.shutdown()

    def _started(self) -> Browser:
        if self._browser is None:
            expect.set_options(timeout=WITHIN_MS)
            self._driver = sync_playwright().start()
            arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
            self._browser = self._driver.chromium.launch(executable_path=self._executable, args=arguments)
        return self._browser

    def _stop(self) -> None:
        if self._browser is not None:
            self._browser.close()
            self._driver.stop()


@pytest.fixture(scope="session")
def browsing() -> Iterator[Browsing]:
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        pytest.skip(NO_CHROMIUM)
    started = Browsing(found)
    yield started
    started.close()
