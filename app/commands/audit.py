"""`readback audit`: whether the log of what happened holds, its head, and all of it."""

import sys
from argparse import Namespace
from typing import Any

import orjson

from app.audit.anchors import usual_file
from app.audit.log import head
from app.audit.reading import exported, verified
from app.commands.answers import DOES_NOT_HOLD, HOLDS, say
from app.db.once import looking
from app.settings import from_environment


def add(commands: Any) -> None:
    parser = commands.add_parser("audit", help="check, head or export of what happened")
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    for name, run in (("verify", _verify), ("head", _head), ("export", _export)):
        action = actions.add_parser(name, help=run.__doc__, description=run.__doc__)
        action.add_argument("--json", action="store_true", help="answer with one JSON document")
        action.set_defaults(run=run)


def _verify(asked: Namespace) -> int:
    """Walk the whole log: 0 when it holds, 1 when a row was changed, removed, reordered or cut off."""
    chosen = from_environment()
    with looking(chosen.database_url) as connection:
        verdict, anchors = verified(connection, chosen.audit_anchors or usual_file(chosen.database_url))
    told = {
        "holds": verdict.holds,
        "rows": verdict.rows,
        "head": {"seq": verdict.head.seq, "hash": verdict.head.hash},
        "anchors": anchors,
        "broken_at": verdict.broken_at,
        "why": verdict.why,
    }
    state = "The audit log holds" if verdict.holds else f"The audit log does NOT hold: {verdict.why}"
    say(asked, told, f"{state} ({verdict.rows} rows in order, {anchors} anchors, head {verdict.head.hash}).")
    return HOLDS if verdict.holds else DOES_NOT_HOLD


def _head(asked: Namespace) -> int:
    """The newest row's number and hash: noted somewhere safe, they show later whether the end was cut off."""
    with looking(from_environment().database_url) as connection:
        newest = head(connection)
    say(asked, {"seq": newest.seq, "hash": newest.hash}, f"{newest.seq} {newest.hash}")
    return HOLDS


def _export(asked: Namespace) -> int:
    """Every row from the first: one JSON object per line, or with --json one list."""
    opening, between, closing = ("[\n", ",\n", "\n]\n") if asked.json else ("", "\n", "\n")
    with looking(from_environment().database_url) as connection:
        sys.stdout.write(opening)
        written = False
        for row in exported(connection):
            sys.stdout.write((between if written else "") + orjson.dumps(row).decode())
            written = True
        sys.stdout.write(closing if written or asked.json else "")
    return HOLDS
