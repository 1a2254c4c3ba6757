"""`readback flag`: which share of customers is served how."""

import dataclasses
import time
from argparse import Namespace
from typing import Any

from app.audit.log import seal
from app.commands.answers import HOLDS, WRONG_USE, complain, moment, operator, say, utc
from app.db.once import committing, looking
from app.inference.flag import Flag, FlagError, all_of_them, change
from app.inference.guard import PAGE
from app.settings import from_environment
from app.watch.pages import resolved


def add(commands: Any) -> None:
    parser = commands.add_parser("flag", help="list or set which share of customers is served how")
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    for name, run in (("list", _list), ("set", _set)):
        action = actions.add_parser(name, help=run.__doc__, description=run.__doc__)
        action.add_argument("--json", action="store_true", help="answer with one JSON document")
        action.set_defaults(run=run)
        if name == "set":
            action.add_argument("name", help="the flag's name, as listed")
            action.add_argument("percent", help="off, on, or a whole number from 0 to 100")
            action.add_argument("--by", default=operator(), help="who sets it")
            action.add_argument("--why", default="", help="kept in the audit log")


def _list(asked: Namespace) -> int:
    """Every flag and who set it."""
    with looking(from_environment().database_url) as connection:
        found = all_of_them(connection)
    say(asked, [_told(flag) for flag in found], "\n".join(_line(flag) for flag in found))
    return HOLDS


def _set(asked: Namespace) -> int:
    """Set a flag; every process follows within two seconds."""
    word = asked.percent.lower().removesuffix("%")
    try:
        percent = {"off": 0, "on": 100}[word] if word in ("off", "on") else int(word)
    except ValueError:
        complain("The percentage must be off, on, or a whole number from 0 to 100.")
        return WRONG_USE
    now = time.time()
    try:
        with committing(from_environment().database_url, seal) as transaction:
            flag = change(transaction, asked.name, percent, by=asked.by, why=asked.why, now=now)
            resolved(transaction, PAGE, flag.name, now=now, by=asked.by)
    except FlagError as error:
        complain(str(error))
        return WRONG_USE
    say(asked, _told(flag), _line(flag))
    return HOLDS


def _told(flag: Flag) -> dict[str, Any]:
    never = not flag.changed_by
    return dataclasses.asdict(flag) | {"changed_at": None if never else utc(flag.changed_at)}


def _line(flag: Flag) -> str:
    by = f", set by {flag.changed_by} at {moment(flag.changed_at)}" if flag.changed_by else ", as it comes"
    return f"{flag.name}: {flag.percent} percent{by}{f': {flag.why}' if flag.why else ''}"
