"""`readback call`: one synthetic call by hand, from outside, against the server that the environment describes."""

import asyncio
import sys
from argparse import Namespace
from typing import Any

from app.booking.business_file import load_businesses
from app.booking.synthetic import asked
from app.clock import SystemClock
from app.commands.answers import DOES_NOT_HOLD, HOLDS, complain, say
from app.settings import from_environment
from app.watch.walk import Done, Report


def add(commands: Any) -> None:
    parser = commands.add_parser("call", help="call the server as a customer's agent would", description=_call.__doc__)
    parser.add_argument("--json", action="store_true", help="answer with one JSON document")
    parser.set_defaults(run=_call)


def _call(wanted: Namespace) -> int:
    """Make one synthetic call to READBACK_PUBLIC_URL, else to READBACK_HOST:READBACK_PORT, and show every step.

    With READBACK_SYNTHETIC_TECHNICIAN it also books a visit, finds it, cancels it and sees it gone: 0 when all of it
    holds, 1 when not.
    """
    from app.adapters.own_line import called, way_in  # noqa: PLC0415 - what speaks HTTP is for no other command

    chosen = from_environment()
    businesses = load_businesses(chosen.businesses, chosen.daily_call_caps)
    what = asked(businesses, chosen.synthetic_line, chosen.synthetic_technician)
    way = way_in(chosen.vapi_secrets, chosen.vapi_hmac_secrets, chosen.tools_secrets)
    call = called(
        chosen.reached_at,
        way,
        what,
        SystemClock(),
        deadline_s=chosen.tool_deadline_ms / 1000,
        told=(lambda _: None) if wanted.json else _show,
    )
    try:
        report = asyncio.run(call)
    except KeyboardInterrupt:
        return complain("Stopped. What it had booked is taken away by the next call.")
    end = "The call holds" if report.holds else "The call does NOT hold"
    say(wanted, _told(report, chosen.reached_at), f"{end} ({report.seconds:.1f} s, {chosen.reached_at}).")
    return HOLDS if report.holds else DOES_NOT_HOLD


def _show(done: Done) -> None:
    """One step, as soon as it is over."""
    verdict = "ok" if done.ok else "FAILED"
    sys.stdout.write(f"{done.step:<14} {verdict:<6} {done.seconds * 1000:8.1f} ms  {done.seen}\n")
    sys.stdout.flush()


def _told(report: Report, url: str) -> dict[str, Any]:
    steps = [
        {"step": done.step.value, "ok": done.ok, "ms": round(done.seconds * 1000, 1), "seen": done.seen}
        for done in report.steps
    ]
    failed = report.failed
    return {
        "holds": report.holds,
        "failed": failed.step.value if failed else None,
        "seconds": round(report.seconds, 3),
        "url": url,
        "steps": steps,
    }
