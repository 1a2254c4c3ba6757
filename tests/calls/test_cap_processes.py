"""The daily cap over several processes at once: exactly as many calls as it says, and each warning once."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.calls.test_cap import PATIENT_S, used
from tests.processes import environment

ROOT = Path(__file__).parents[2]
PROCESSES, CALLS, CAP = 3, 300, 100


def counted_at_once(url: str, within_s: float) -> list[dict[str, Any]]:
    """What each process says after all of them counted their part of the calls at the same moment."""
    each = CALLS // PROCESSES
    running = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.calls.counting_process",
                *map(str, (url, number * each, each, CAP, within_s)),
            ],
            cwd=ROOT,
            env=environment(),
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for number in range(PROCESSES)
    ]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return [json.loads(process.communicate(timeout=60)[0]) for process in running]


def test_of_300_calls_at_three_processes_exactly_100_pass(postgres_url: str) -> None:
    said = counted_at_once(postgres_url, PATIENT_S)
    assert sum(each["admitted"] for each in said) == CAP
    assert used(postgres_url) == [CAP]
    pages = sorted(page for each in said for page in each["pages"])
    full = "Callers are sent away: the calls of the day are used up (Acme)"
    assert pages == [full, "Daily call cap 80 % used: Acme", "Daily call cap 95 % used: Acme"]
