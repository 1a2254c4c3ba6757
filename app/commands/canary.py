"""`readback canary`: a new version of an assistant for a share of callers; every step can be taken by hand."""

import time
from argparse import Namespace
from collections.abc import Callable, Mapping
from typing import Any, Final

from app.audit.log import seal
from app.booking.business_file import load_businesses
from app.canary import book
from app.canary.book import PAGE, Canary, CanaryError, Said, newest
from app.canary.overview import latest, lines, overview
from app.canary.words import sentence
from app.commands.answers import DOES_NOT_HOLD, HOLDS, WRONG_USE, complain, operator, say
from app.db.engine import Transaction
from app.db.once import committing, looking
from app.main.canary import first_assistants
from app.settings import from_environment
from app.watch.pages import resolved

MAX_ID_CHARS: Final = 128


def add(commands: Any) -> None:
    parser = commands.add_parser("canary", help="a new version of an assistant for a share of callers")
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    for name, run in _ACTIONS.items():
        also = ["rollback"] if name == "roll-back" else []  # as `readback settings` spells it
        action = actions.add_parser(name, aliases=also, help=run.__doc__, description=run.__doc__)
        action.add_argument("--json", action="store_true", help="answer with one JSON document")
        action.set_defaults(run=run)
        if name == "list":
            continue
        action.add_argument("business", help="its id in the business file")
        if name == "start":
            action.add_argument("--assistant", required=True, help="the new version's id at the platform")
        if name == "step":
            action.add_argument("--to", type=int, help="a whole number from 1 to 100; by default the next step")
        if name != "show":
            action.add_argument("--by", default=operator(), help="who does it")
            action.add_argument("--why", default="", help="kept in the audit log")


def _list(asked: Namespace) -> int:
    """Every canary in a sentence, newest first."""
    first = _first()
    with looking(from_environment().database_url) as connection:
        found = overview(connection, first)
    say(asked, [one.as_json() for one in found], "\n".join(one.sentence for one in found) or "There is no canary.")
    return HOLDS


def _show(asked: Namespace) -> int:
    """The newest of a business with its figures; 1 when it was rolled back, or there is none."""
    first = _first()
    with looking(from_environment().database_url) as connection:
        found = latest(connection, asked.business, first)
    if found is None:
        return complain(f"{asked.business} has no canary.")
    say(asked, found.as_json(), "\n".join(lines(found)))
    return DOES_NOT_HOLD if found.canary.state is book.State.ROLLED_BACK else HOLDS


def _start(asked: Namespace) -> int:
    """Give 5 percent of callers the new version; 1 when there is one on trial already."""
    first = _first()
    if asked.business not in first:
        return _wrong(f"{asked.business} is no business, or has no vapi_assistants.")
    stable = first[asked.business]
    if not asked.assistant.strip() or len(asked.assistant) > MAX_ID_CHARS or asked.assistant == stable:
        return _wrong(f"--assistant must be the id of another assistant than {stable}, the first of vapi_assistants.")

    def start(transaction: Transaction, now: float) -> Canary:
        before = newest(transaction.connection, asked.business)
        if before is not None:
            resolved(transaction, PAGE, before.id, now=now, by=asked.by)
        versions = (stable, asked.assistant)
        return book.started(transaction, asked.business, versions, _said(asked), now=now)

    return _changed(asked, start, first)


def _hold(asked: Namespace) -> int:
    """Leave it at its share until `step`; figures that break still roll it back."""
    return _changed(asked, lambda t, now: book.held(t, asked.business, _said(asked), now=now))


def _step(asked: Namespace) -> int:
    """Give it the next share, or another one, and have it judged on from there."""
    if asked.to is not None and not 1 <= asked.to <= 100:
        return _wrong("--to must be a whole number from 1 to 100.")
    return _changed(asked, lambda t, now: book.stepped(t, asked.business, asked.to, _said(asked), now=now))


def _promote(asked: Namespace) -> int:
    """Give it to everybody and stop judging; then put it first in vapi_assistants."""
    return _changed(asked, lambda t, now: book.promoted(t, asked.business, _said(asked), now=now))


def _roll_back(asked: Namespace) -> int:
    """Give everybody the stable version again, from the next call on."""
    return _changed(asked, lambda t, now: book.rolled_back(t, asked.business, _said(asked), now=now))


_ACTIONS: Final[Mapping[str, Callable[[Namespace], int]]] = {
    "start": _start,
    "list": _list,
    "show": _show,
    "hold": _hold,
    "step": _step,
    "promote": _promote,
    "roll-back": _roll_back,
}


def _changed(
    asked: Namespace, change: Callable[[Transaction, float], Canary], first: Mapping[str, str] | None = None
) -> int:
    first = _first() if first is None else first
    try:
        with committing(from_environment().database_url, seal) as transaction:
            canary = change(transaction, time.time())
    except CanaryError as error:
        return complain(str(error))
    told = {"business": canary.business, "assistant": canary.assistant, "percent": canary.percent}
    plain = sentence(canary, first.get(canary.business, ""))
    say(asked, told | {"id": canary.id, "state": canary.state.value, "sentence": plain}, plain)
    return HOLDS


def _said(asked: Namespace) -> Said:
    return Said(asked.by, asked.why)


def _first() -> Mapping[str, str]:
    chosen = from_environment()
    return first_assistants(load_businesses(chosen.businesses, chosen.daily_call_caps))


def _wrong(problem: str) -> int:
    complain(problem)
    return WRONG_USE
