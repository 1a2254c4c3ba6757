"""The benchmark still runs: every table with counts too small to mean anything, tables and file as they should be."""

import json
import signal
from pathlib import Path

import pytest

from infra.bench import __main__ as bench
from infra.bench import servers
from tests import nursery


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers come from a process that has imported them already; and nobody here asks the benchmark to stop."""
    monkeypatch.setattr(servers, "begun", _born)
    monkeypatch.setattr(signal, "signal", lambda *_: None)


def _born(command: list[str], environ: dict[str, str], log: Path, _folder: Path) -> nursery.Child:
    assert command[0] == "-m"
    log.touch()
    return nursery.begun(command[1], command[2:], environ, log)


@pytest.mark.usefixtures("quickly")
@pytest.mark.parametrize(
    "tables",
    [
        ("warm", "wide", "cap", "texts", "dialects"),
        ("cold", "tutorial"),
        ("booking",),
        ("unwell", "memory", "lines", "pages"),
    ],
    ids="-".join,
)
def test_every_table_is_measured_shown_and_kept(
    tables: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bench.json"
    only = [part for name in tables for part in ("--only", name)]

    code = bench.main(["--smoke", "--output", str(file), *only])

    told = capsys.readouterr()
    assert code == 0, told.out + told.err
    kept = json.loads(file.read_bytes())
    assert set(kept["tables"]) == set(tables)
    assert kept["failed"] == {}
    assert {"date", "cpu", "cores", "python", "versions"} <= set(kept)
    for name, table in kept["tables"].items():
        assert f"\n{name}: " in told.out
        assert table["rows"]
        assert table["figures"]
    assert max(len(line) for line in told.out.splitlines() if str(file) not in line) <= 120
