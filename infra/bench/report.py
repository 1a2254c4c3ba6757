"""What is shown and kept: tables of at most 100 columns, goals with what was reached, and the file of all figures."""

import os
import platform
import subprocess
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from textwrap import wrap
from typing import Any

import orjson

from infra.bench.generator import ROOT

WIDTH = 98
PACKAGES = (
    *("readback", "starlette", "uvicorn", "uvloop", "httptools", "orjson", "msgspec", "pydantic", "sqlalchemy"),
    *("psycopg", "aiohttp", "fastapi", "google-api-python-client", "httplib2"),
)


@dataclass
class Goal:
    """What the project set itself, and what this run reached. `reached` None: could not be measured here."""

    what: str
    wanted: str
    got: str
    reached: bool | None


@dataclass
class Table:
    """One table of the report; `figures` is everything it rests on, for the file."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        """The table as printed."""
        widths = [max(len(row[at]) for row in (self.columns, *self.rows)) for at in range(len(self.columns))]
        lines = ["", f"{self.name}: {self.title}", ""]
        for row in (self.columns, tuple("-" * width for width in widths), *self.rows):
            first, rest = row[0].ljust(widths[0]), zip(row[1:], widths[1:], strict=True)
            lines.append("  ".join([first, *(cell.rjust(width) for cell, width in rest)]).rstrip())
        for note in self.notes:
            lines.extend(wrap(note, WIDTH, initial_indent="  * ", subsequent_indent="    "))
        return "\n".join(lines)


def middle(values: list[float]) -> float:
    """The median of the rounds."""
    return median(values) if values else 0.0


def number(value: float | None, digits: int = 2) -> str:
    """A figure in a cell; a dash where there is none."""
    if value is None:
        return "-"
    return f"{value:,.{digits}f}".replace(",", " ")


def goals_text(goals: list[Goal]) -> str:
    """Every goal beside what was reached."""
    lines = ["", "goals", ""]
    words = {True: "reached", False: "NOT REACHED", None: "not measured"}
    for goal in goals:
        lines.append(f"{words[goal.reached]:<13}{goal.what}")
        lines.append(f"{'':<13}wanted {goal.wanted}; got {goal.got}")
    return "\n".join(lines)


def machine() -> dict[str, Any]:
    """What the figures depend on: hardware, system, versions, commit, and how busy it was at the start."""
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True)
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip() or None,
        "cpu": _field(Path("/proc/cpuinfo"), "model name") or platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "memory": _field(Path("/proc/meminfo"), "MemTotal"),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_before": os.getloadavg()[0],
        "versions": {name: _version(name) for name in PACKAGES},
    }


def write(file: Path, about: dict[str, Any], tables: list[Table], failed: dict[str, str]) -> None:
    """Everything as one JSON document."""
    told = {**about, "tables": {table.name: asdict(table) for table in tables}, "failed": failed}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n")


def _field(file: Path, name: str) -> str | None:
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), None)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
