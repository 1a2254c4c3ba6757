"""One server that is only read, for what needs no database of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.dashboard.filled import fill
from tests.dashboard.looking import dashboard
from tests.flows.running import Readback


@pytest.fixture
async def acme_dashboard(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Readback]:
    fill(sqlite_url)
    async with dashboard(sqlite_url, tmp_path) as server:
        yield server
