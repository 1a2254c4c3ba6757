"""Runs a command of `readback` in this process, where what it imports is there already."""

import contextlib
import io
import os
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from unittest import mock

from app.__main__ import main
from tests.processes import environment


class Told(NamedTuple):
    """What a command answers."""

    returncode: int
    stdout: str
    stderr: str


def command(url: str, *arguments: str, **variables: str) -> Told:
    """One command, with these variables of the product's own and no others."""
    out, err = io.StringIO(), io.StringIO()
    given = {"READBACK_DATABASE_URL": url, **variables}
    with _environment(given), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(arguments)
        except SystemExit as stop:
            code = int(stop.code or 0)
    return Told(code, out.getvalue(), err.getvalue())


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    with mock.patch.dict(os.environ, environment(**variables), clear=True):
        yield
