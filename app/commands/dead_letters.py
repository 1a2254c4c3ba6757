"""`readback dead-letters`: work that was given up, and what becomes of it."""

import contextlib
import dataclasses
import sys
import time
from argparse import Namespace
from typing import Any, Final

from app.audit.log import seal
from app.commands.answers import DOES_NOT_HOLD, HOLDS, moment, operator, say, utc
from app.db.once import committing, looking
from app.jobs.dead_letters import MOST_LISTED, Kept, LetterError, discard, letter_of, listed, replay
from app.settings import from_environment

AT_ONCE: Final = 100
"""Letters replayed in one commit: a server that writes meanwhile waits for no more."""


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
        if run in (_show, _discard):
            action.add_argument("id", help="the letter's id, as `list` shows it")
        action.set_defaults(run=run)
        if run is _replay:
            which = action.add_mutually_exclusive_group(required=True)
            which.add_argument("id", nargs="?", help="the letter's id, as `list` shows it")
            which.add_argument("--kind", help="all that are open now of this kind of work, such as crm_copy")
        if run is _list:
            action.add_argument("--kind", default="", help="of this kind of work alone, such as crm_copy")
            action.add_argument("--status", choices=("open", "replayed", "discarded"), default="open")
        if run is _discard:
            action.add_argument("--reason", default="", help="why; kept in the audit log")


def _list(asked: Namespace) -> int:
    """Letters in one state, by default the open ones, the oldest first."""
    with looking(from_environment().database_url) as connection:
        letters = listed(connection, asked.status, kind=asked.kind)
    lines = [
        f"{letter.id}  {moment(letter.created_at)}  {letter.kind} {letter.key}: {letter.cause}" for letter in letters
    ]
    if len(letters) == MOST_LISTED:
        sys.stderr.write(f"These are the oldest {MOST_LISTED:,}; there may be more.\n")
    say(
        asked,
        [_told(letter) for letter in letters],
        "\n".join(lines) or f"No {asked.status} dead letters.",
    )
    return HOLDS


def _show(asked: Namespace) -> int:
    """One letter with all that is known about it."""
    with looking(from_environment().database_url) as connection:
        told = _told(letter_of(connection, asked.id))
    say(asked, told, "\n".join(f"{name}: {value}" for name, value in told.items()))
    return HOLDS


def _told(letter: Kept) -> dict[str, Any]:
    times = {"created_at": utc(letter.created_at), "changed_at": utc(letter.changed_at)}
    return dataclasses.asdict(letter) | times


def _replay(asked: Namespace) -> int:
    """Put the job of a letter, or of all of a kind, once more; whoever carries it out looks first at what is done."""
    if asked.kind is not None:
        return _replay_alike(asked)
    with committing(from_environment().database_url, seal) as transaction:
        job = replay(transaction, asked.id, by=operator(), now=time.time())
    told = {"id": asked.id, "status": "replayed", "kind": job.kind, "key": job.key}
    say(asked, told, f"{job.kind} is tried again, as {job.key}.")
    return HOLDS


def _replay_alike(asked: Namespace) -> int:
    """Those that lie open now, the oldest first, some in each commit; what fails again meanwhile is not among them."""
    url, began, replayed = from_environment().database_url, time.time(), 0
    after: tuple[float, str] | None = None
    while True:
        with committing(url, seal) as transaction:
            found = listed(transaction.connection, "open", AT_ONCE, after, kind=asked.kind)
            some = [letter for letter in found if letter.created_at <= began]
            for letter in some:
                with contextlib.suppress(LetterError):  # somebody has dealt with it at this moment
                    replay(transaction, letter.id, by=operator(), now=time.time())
                    replayed += 1
        if len(some) < AT_ONCE:
            break
        after = some[-1].created_at, some[-1].id
        if replayed % 1_000 < AT_ONCE:
            sys.stderr.write(f"{replayed:,} are tried again.\n")
    say(asked, {"kind": asked.kind, "status": "replayed", "letters": replayed}, _in_words(replayed, asked.kind))
    return HOLDS if replayed else DOES_NOT_HOLD


def _in_words(replayed: int, kind: str) -> str:
    if not replayed:
        return f"No dead letter of the kind {kind[:64]} is open."
    return f"{replayed:,} dead {'letter is' if replayed == 1 else 'letters are'} tried again."


def _discard(asked: Namespace) -> int:
    """Decide that this is not to be done; the letter stays as history."""
    with committing(from_environment().database_url, seal) as transaction:
        discard(transaction, asked.id, by=operator(), reason=asked.reason, now=time.time())
    say(asked, {"id": asked.id, "status": "discarded"}, f"{asked.id} is discarded.")
    return HOLDS
