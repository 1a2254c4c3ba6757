"""`readback doctor`: a live look at every integration, with one line and one remedy each."""

import asyncio
import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.booking.business_file import load_businesses
from app.clock import SystemClock
from app.commands.answers import DOES_NOT_HOLD, HOLDS, complain, operator, say
from app.settings import from_environment

if TYPE_CHECKING:
    from app.main.doctor import Finding


def add(commands: Any) -> None:
    parser = commands.add_parser("doctor", help="look whether every integration works", description=_doctor.__doc__)
    parser.add_argument("--json", action="store_true", help="answer with one JSON document")
    parser.add_argument("--read-only", action="store_true", help="write no event to any calendar")
    parser.add_argument("--page", action="store_true", help="send a test page to every receiver")
    parser.add_argument("--spend", action="store_true", help="ask each language model one tiny question")
    parser.set_defaults(run=_doctor)


def _doctor(asked: Namespace) -> int:
    """Look at everything the environment names, as it is now: 0 when all of it works, 1 when anything does not.

    Run it after every update of a platform. It writes a row to the audit log and, unless --read-only, an event years
    ahead to each calendar, which it removes.
    """
    from app.main.doctor import Patient, State, answers_check, checks, examined  # noqa: PLC0415 - a second that no other command waits

    chosen = from_environment()
    patient = Patient(
        settings=chosen,
        businesses=load_businesses(chosen.businesses, chosen.daily_call_caps),
        clock=SystemClock(),
        by=operator(),
        read_only=asked.read_only,
        page=asked.page,
        spend=asked.spend,
    )
    told = (lambda _: None) if asked.json else _show
    try:
        found = asyncio.run(examined(checks(patient), told, [answers_check()]))
    except KeyboardInterrupt:
        return complain("Stopped. What it had written to a calendar is taken away by the next look.")
    failed = [finding.name for finding in found if finding.state is State.FAILED]
    left = [finding.name for finding in found if finding.state is State.LEFT_OUT]
    told_of = {"well": not failed, "failed": failed, "left_out": left, "checks": [_told(finding) for finding in found]}
    say(asked, told_of, _end(len(found), failed, left))
    return DOES_NOT_HOLD if failed else HOLDS


def _end(looked: int, failed: Sequence[str], left: Sequence[str]) -> str:
    end = f"{len(failed)} of {looked} fail: {', '.join(failed)}." if failed else "Everything that was looked at works."
    return f"{end} Left out, for the reasons above: {', '.join(left)}." if left else end


def _show(finding: "Finding") -> None:
    """One line as soon as it is known, and its remedy."""
    state = "FAILED" if finding.remedy else finding.state.value
    sys.stdout.write(f"{finding.name:<24} {state:<9} {finding.seconds * 1000:7.0f} ms  {finding.seen}\n")
    if finding.remedy:
        sys.stdout.write(f"{'':<24} -> {finding.remedy}\n")
    sys.stdout.flush()


def _told(finding: "Finding") -> dict[str, Any]:
    return {
        "name": finding.name,
        "state": finding.state.value,
        "seen": finding.seen,
        "remedy": finding.remedy,
        "ms": round(finding.seconds * 1000, 1),
    }
