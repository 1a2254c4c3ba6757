"""`python -m infra.bench`: measures, prints tables and goals, writes `var/bench.json`. Exit code 0 whether or not a
goal is reached, 1 when something could not be measured.
"""

import argparse
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from infra.bench.asking import Bench
from infra.bench.booking import booking, cap
from infra.bench.cold import cold, tutorial, wide
from infra.bench.dialects import dialects
from infra.bench.generator import ROOT, Generator
from infra.bench.hardship import memory, unwell
from infra.bench.jobs import jobs
from infra.bench.lines import lines
from infra.bench.pages import pages
from infra.bench.plan import FULL, QUICK, SMOKE
from infra.bench.report import Table, goals_text, machine, write
from infra.bench.scale import scale
from infra.bench.servers import sources
from infra.bench.texts import texts
from infra.bench.warm import warm

TABLES: dict[str, Callable[[Bench], Table]] = {
    "warm": warm,
    "cold": cold,
    "wide": wide,
    "unwell": unwell,
    "booking": booking,
    "tutorial": tutorial,
    "memory": memory,
    "cap": cap,
    "jobs": jobs,
    "lines": lines,
    "pages": pages,
    "scale": scale,
    "texts": texts,
    "dialects": dialects,
}
BUSY = 0.4
"""Load per core at the start from which the figures are marked as taken on a busy machine."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a rough look in under 90 s")
    parser.add_argument("--smoke", action="store_true", help="counts so small that only the benchmark itself is tried")
    parser.add_argument("--only", action="append", choices=TABLES, help="this table; may be given several times")
    parser.add_argument("--output", type=Path, default=ROOT / "var" / "bench.json", help="file for all figures")
    asked = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    plan = SMOKE if asked.smoke else QUICK if asked.quick else FULL
    began = time.monotonic()

    def progress(told: str) -> None:
        print(f"[{time.monotonic() - began:5.0f} s] {told}", file=sys.stderr, flush=True)

    about = {**machine(), "plan": plan.name}
    with sources() as product:
        bench = Bench(plan, Generator(), progress, product)
        try:
            tables, failed = _measured(bench, asked.only or list(TABLES))
        finally:
            bench.generator.close()
    about["seconds"] = round(time.monotonic() - began, 1)
    _print(about, tables, failed)
    write(asked.output, about, tables, failed)
    print(f"\nall figures: {asked.output}")
    return 1 if failed else 0


def _measured(bench: Bench, names: list[str]) -> tuple[list[Table], dict[str, str]]:
    """The tables that could be measured, and why the others could not."""
    tables: list[Table] = []
    failed: dict[str, str] = {}
    for name in dict.fromkeys(names):
        try:
            tables.append(TABLES[name](bench))
        except Exception as error:  # noqa: BLE001 - one table that fails must not cost the others
            failed[name] = f"{type(error).__name__}: {error}"
            bench.progress(f"{name} FAILED: {failed[name]}")
            traceback.print_exc()
            bench.renew()
        else:
            print(tables[-1].text(), flush=True)
    return tables, failed


def _print(about: dict[str, object], tables: list[Table], failed: dict[str, str]) -> None:
    goals = [goal for table in tables for goal in table.goals]
    if goals:
        print(goals_text(goals))
    print(f"\n{about['date']}  {about['cpu']}, {about['cores']} cores")
    print(f"Python {about['python']}, {about['system']}")
    print(
        f"commit {about['commit']}, plan {about['plan']}, {about['seconds']} s, load before {about['load_before']:.2f}"
    )
    if float(str(about["load_before"])) > BUSY * int(str(about["cores"])):
        print("THE MACHINE WAS BUSY at the start: trust ratios before times, and neither too far.")
    for name, why in failed.items():
        print(f"COULD NOT BE MEASURED: {name}: {why}")


if __name__ == "__main__":
    sys.exit(main())
