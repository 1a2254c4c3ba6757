"""What the suite does so that its processes have less to do: what all of them run is compiled once."""

import importlib.util
import os
import sys
from pathlib import Path

import pytest

from tests.conftest import SOURCES


@pytest.mark.skipif(not all(os.access(folder, os.W_OK) for folder in SOURCES), reason="nothing can be kept there")
def test_what_every_process_runs_is_compiled_already() -> None:
    files = [path for folder in SOURCES for path in folder.rglob("*.py")]

    assert files
    assert [path for path in files if not Path(importlib.util.cache_from_source(str(path))).exists()] == []
    assert not sys.dont_write_bytecode, "else each process compiles anew what has changed since"
