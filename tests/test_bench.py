"""The benchmark still runs: every table with counts too small to mean anything, tables and file as they should be."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT, environment


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
def test_every_table_is_measured_shown_and_kept(tables: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    only = [part for name in tables for part in ("--only", name)]

    run = subprocess.run(
        [sys.executable, "-m", "infra.bench", "--smoke", "--output", file, *only],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    kept = json.loads(file.read_bytes())
    assert set(kept["tables"]) == set(tables)
    assert kept["failed"] == {}
    assert {"date", "cpu", "cores", "python", "versions"} <= set(kept)
    for name, table in kept["tables"].items():
        assert f"\n{name}: " in run.stdout
        assert table["rows"]
        assert table["figures"]
    assert max(len(line) for line in run.stdout.splitlines() if str(file) not in line) <= 120
