"""`readback pages`: what people were paged about, whom it reached, and who takes it."""

import contextlib
import time
from argparse import Namespace
from collections.abc import Callable
from typing import Any

from app.audit.log import seal
from app.commands.answers import HOLDS, complain, operator, say
from app.db.away import DatabaseAwayError
from app.db.engine import Transaction
from app.db.once import committing, looking
from app.errors import ConfigurationError
from app.settings import from_environment
from app.watch import outage_hand
from app.watch.database_page import Turn, named
from app.watch.outage_hand import Hand
from app.watch.pages import SUPERSEDED, acknowledged, found, listed, newest, resolved_by_id
from app.watch.pages_told import described, in_a_line


def add(commands: Any) -> None:
    parser = commands.add_parser("pages", help="list, show, acknowledge or resolve what people were paged about")
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    for name, run in (("list", _list), ("show", _show), ("ack", _ack), ("resolve", _resolve)):
        action = actions.add_parser(name, help=run.__doc__, description=run.__doc__)
        action.add_argument("--json", action="store_true", help="answer with one JSON document")
        if name == "list":
            action.add_argument("--all", action="store_true", help="resolved ones too")
        else:
            action.add_argument("id", help="the page's id, as listed; `database`: that the database is away")
        if name in ("ack", "resolve"):
            action.add_argument("--by", default=operator(), help="who says so")
        action.set_defaults(run=run)


def _list(asked: Namespace) -> int:
    """Pages that are not resolved, newest first."""
    with looking(from_environment().database_url) as connection:
        told = [described(page) for page in listed(connection, all_of_them=asked.all)]
    say(asked, told, "\n".join(in_a_line(page) for page in told) or "No page is open.")
    return HOLDS


def _show(asked: Namespace) -> int:
    """One page: its words, its state, and whom it reached; 1 when there is none."""
    with looking(from_environment().database_url) as connection:
        page = found(connection, asked.id)
    if page is None:
        return complain(f"There is no page {asked.id}.")
    told = described(page)
    say(asked, told, "\n".join(f"{name}: {value}" for name, value in told.items()))
    return HOLDS


def _ack(asked: Namespace) -> int:
    """Acknowledge one page: it is repeated no more; 1 when there is none. `database`: that the database is away."""
    if asked.id in (outage_hand.KEY, outage_hand.PAGE_ID):
        return _ack_outage(asked)
    return _change_page(asked, lambda t, now: acknowledged(t, asked.id, by=asked.by, now=now))


def _resolve(asked: Namespace) -> int:
    """Resolve one page: it is over, and whoever was paged hears who says so; 1 when there is none."""
    return _change_page(asked, lambda t, now: resolved_by_id(t, asked.id, by=asked.by, now=now))


def _ack_outage(asked: Namespace) -> int:
    """In the database where that has such a page, else in the file that whoever tells of it on this machine reads.

    One that is there may take no writes, and one whose file is gone is away: who tells of that knows it.
    """
    url = from_environment().database_url
    turn = Turn(url)
    paged = turn.is_anothers()
    with contextlib.suppress(ConfigurationError if paged else DatabaseAwayError), looking(url) as connection:
        kept = newest(connection, outage_hand.KIND, outage_hand.KEY)
        if kept is not None and kept.status != "resolved":
            asked.id = kept.id
            return _change_page(asked, lambda t, now: acknowledged(t, kept.id, by=asked.by, now=now))
        if not paged:
            return complain("The database is there, and nobody is paged that it is away.")
    now, hand = time.time(), Hand(named(url))
    taken = hand.take(asked.by, since=turn.since() if paged else now, now=now)
    if not hand.is_shared:
        return complain("It cannot be noted here. Run this on the machine that serves, as the user that serves.")
    changed = taken.at == now
    told = {"id": outage_hand.PAGE_ID, "status": "acknowledged", "by": taken.by, "changed": changed}
    how = "Noted: that" if changed else "Nothing was changed: that"
    say(asked, told, f"{how} the database is away is in the hand of {taken.by}, for who serves on this machine.")
    return HOLDS


def _change_page(asked: Namespace, change: Callable[[Transaction, float], bool]) -> int:
    """Asked twice it holds twice: what is wanted is that nobody is paged any more."""
    with committing(from_environment().database_url, seal) as transaction:
        changed = change(transaction, time.time())
        page = found(transaction.connection, asked.id)
    if page is None:
        return complain(f"There is no page {asked.id}.")
    by = page.acknowledged_by if page.status == "acknowledged" else page.resolution
    told = {"id": page.id, "status": page.status, "by": by, "changed": changed}
    how = ", and another page tells of it" if by == SUPERSEDED else f", by {by}" if by else ""
    say(asked, told, f"Page {page.id} is {page.status}{how}{'' if changed else ': it was before'}.")
    return HOLDS
