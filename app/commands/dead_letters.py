"""`readback dead-letters`: work that was given up, and what becomes of it."""

import dataclasses
import time
from argparse import Namespace
from typing import Any

from app.audit.log import seal
from app.commands.answers import HOLDS, moment, operator, say
from app.db.once import committing, looking
from app.jobs.dead_letters import discard, letter_of, listed, replay
from app.settings import from_environment


def add(commands: Any) -> None:
    parser = commands.add_parser("dead-letters", help="list, show, replay or discard work that was given up")
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    for name, run in (
        ("list", _list),
        ("show", _show),
        ("replay", _replay),
        ("discard", _discard),
    ):
        action = actions.add_parser(name, help=run.__doc__, description=run.__doc__)
        action.add_argument("--json", action="store_true", help="answer with one JSON document")
        if run is not _list:
            action.add_argument("id", help="the letter's id, as `list` shows it")
        action.set_defaults(run=run)
        if run is _list:
            action.add_argument("--status", choices=("open", "replayed", "discarded"), default="open")
        if run is _discard:
            action.add_argument("--reason", default="", help="why; kept in the audit log")


def _list(asked: Namespace) -> int:
    """Letters in one state, by default the open ones, the oldest first."""
    with looking(from_environment().database_url) as connection:
        letters = listed(connection, asked.status)
    lines = [
        f"{letter.id}  {moment(letter.created_at)}  {letter.kind} {letter.key}: {letter.cause}" for letter in letters
    ]
    say(
        asked,
        [dataclasses.asdict(letter) for letter in letters],
        "\n".join(lines) or f"No {asked.status} dead letters.",
    )
    return HOLDS


def _show(asked: Namespace) -> int:
    """One letter with all that is known about it."""
    with looking(from_environment().database_url) as connection:
        told = dataclasses.asdict(letter_of(connection, asked.id))
    lines = (f"{name}: {moment(value) if name.endswith('_at') else value}" for name, value in told.items())
    say(asked, told, "\n".join(lines))
    return HOLDS


def _replay(asked: Namespace) -> int:
    """Put the letter's job once more; whoever carries it out looks first at what is done already."""
    with committing(from_environment().database_url, seal) as transaction:
        job = replay(transaction, asked.id, by=operator(), now=time.time())
    told = {"id": asked.id, "status": "replayed", "kind": job.kind, "key": job.key}
    say(asked, told, f"{job.kind} is tried again, as {job.key}.")
    return HOLDS


def _discard(asked: Namespace) -> int:
    """Decide that this is not to be done; the letter stays as history."""
    with committing(from_environment().database_url, seal) as transaction:
        discard(transaction, asked.id, by=operator(), reason=asked.reason, now=time.time())
    say(asked, {"id": asked.id, "status": "discarded"}, f"{asked.id} is discarded.")
    return HOLDS
