"""One of several workers whose database goes while it begins: it is replaced, and the others go on."""

import subprocess
import sys

from tests.processes import ROOT

BEGUN = """
import asyncio, contextlib, sys
from starlette.applications import Starlette
from app.db.engine import DatabaseRefusedError, DatabaseUnavailableError
from app.main import process

@contextlib.asynccontextmanager
async def lifespan(app):
    raise {"away": DatabaseUnavailableError, "refuses": DatabaseRefusedError}[sys.argv[1]](sys.argv[1])
    yield

async def begin():
    process.application = lambda *_: Starlette(lifespan=lifespan)
    app = process.one_of_several(None, None)
    async with app.router.lifespan_context(app):
        pass

asyncio.run(begin())
"""
SAME_EVERY_TIME = 3
"""The exit code with which uvicorn ends a start that failed, and all workers with it."""


def begun(database: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BEGUN, database], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )


def test_it_ends_alone_where_the_database_goes_as_it_begins() -> None:
    ended = begun("away")

    assert ended.returncode not in (0, SAME_EVERY_TIME)
    assert "database_away" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_what_would_fail_the_same_way_each_time_is_an_error() -> None:
    assert "DatabaseRefusedError" in begun("refuses").stderr
