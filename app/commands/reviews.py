"""`readback reviews`: what somebody wants done and a person decides about."""

import dataclasses
import time
from argparse import Namespace
from typing import Any

from app.audit.log import seal
from app.booking.as_it_stands import as_they_stand
from app.booking.business_file import load_businesses
from app.commands.answers import HOLDS, complain, moment, operator, say, utc
from app.db.once import committing, looking
from app.review.evidence import VISIT_NOW, as_lines, evidence, small_print
from app.review.reviews import Kept, ReviewError, by_id, decided, listed
from app.review.truth import learned, truths
from app.settings import from_environment


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "reviews", help="list, show, approve or reject what waits for a person's decision, and what that taught"
    )
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    for name, run in (
        ("list", _list), ("show", _show), ("approve", _approve), ("reject", _reject), ("truths", _truths)
    ):  # fmt: skip
        action = actions.add_parser(name, help=run.__doc__, description=run.__doc__)
        action.add_argument("--json", action="store_true", help="answer with one JSON document")
        action.set_defaults(run=run)
        if name == "list":
            action.add_argument("--all", action="store_true", help="also what has been decided")
        if name in ("list", "truths"):
            continue
        action.add_argument("id", help="the review's id, as `list` shows it")
        if name != "show":
            action.add_argument("--by", default=operator(), help="who decides")
            action.add_argument("--note", default="", help="why; kept in the audit log")
            action.add_argument("--corrected", default="", help="what would have been right, if this is not")


def _list(asked: Namespace) -> int:
    """What waits for a decision, the most urgent first, without anybody's data."""
    with looking(from_environment().database_url) as connection:
        found = listed(connection, everything=asked.all)
    lines = [f"{r.id}  {r.status}  until {moment(r.due)}  {r.business}  {r.why}: {r.what}" for r in found]
    say(asked, [_told(review) for review in found], "\n".join(lines) or "Nothing waits for a decision.")
    return HOLDS


def _show(asked: Namespace) -> int:
    """One review with everything that would be done: 1 when there is none."""
    try:
        chosen = from_environment()
        businesses = load_businesses(chosen.businesses, chosen.daily_call_caps)
        with looking(chosen.database_url) as connection:
            review = by_id(connection, asked.id)
            stands = as_they_stand(connection, review, businesses)
    except ReviewError as error:
        return complain(str(error))
    told = _told(review) | evidence(review.content, {VISIT_NOW: stands}) | small_print(review.content)
    say(asked, {"content": review.content} | _told(review) | {"visits": stands}, "\n".join(as_lines(told)))
    return HOLDS


def _truths(asked: Namespace) -> int:
    """What decisions have taught: each proposal with its verdict and correction. Holds what customers wrote."""
    with looking(from_environment().database_url) as connection:
        found = truths(connection)
    lines = [f"{one['review']}  {moment(one['at'])}  {one['verdict']}  {one['corrected']}".rstrip() for one in found]
    told = [one | {"at": utc(one["at"])} for one in found]
    say(asked, told, "\n".join(lines) or "Nothing was decided yet.")
    return HOLDS


def _approve(asked: Namespace) -> int:
    """Have it done: 1 when it was decided before, or its time is over."""
    return _decide(asked, approve=True)


def _reject(asked: Namespace) -> int:
    """Have it not done, and the customer called back: 1 when it was decided before, or its time is over."""
    return _decide(asked, approve=False)


def _decide(asked: Namespace, *, approve: bool) -> int:
    try:
        with committing(from_environment().database_url, seal) as transaction:
            now = time.time()
            review = decided(transaction, asked.id, approve, by=asked.by, note=asked.note, now=now)
            learned(transaction, review, corrected=asked.corrected, by=asked.by, now=now)
    except ReviewError as error:
        return complain(str(error))
    say(asked, _told(review), f"{review.id} is {review.status}.")
    return HOLDS


def _told(review: Kept) -> dict[str, Any]:
    told = dataclasses.asdict(review)
    del told["content"]
    decided_at = utc(review.decided_at) if review.decided_at else None
    return told | {"due": utc(review.due), "opened_at": utc(review.opened_at), "decided_at": decided_at}
