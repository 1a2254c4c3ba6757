"""`readback tasks`: what people have to do, and that it is done."""

import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from typing import Any

from app.audit.log import seal
from app.commands.answers import HOLDS, complain, operator, say
from app.db.once import committing, looking
from app.review.sheets import as_line, as_listed, as_sheet, as_shown
from app.review.tasks import Kept, closed, listed, named
from app.settings import from_environment


def add(commands: Any) -> None:
    parser = commands.add_parser("tasks", help="what a person has to do: list, show, done")
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    for name, run in (("list", _list), ("show", _show), ("done", _done)):
        action = actions.add_parser(name, help=run.__doc__, description=run.__doc__)
        action.add_argument("--json", action="store_true", help="answer with one JSON document")
        action.set_defaults(run=run)
        if name == "list":
            action.add_argument("--all", action="store_true", help="also what is done")
            continue
        action.add_argument("task", metavar="KEY", help="the task's key, or the reference it is about")
        if name == "done":
            action.add_argument("--by", default=operator(), help="who has done it")
            action.add_argument("--note", default="", help="what came of it")


def _list(asked: Namespace) -> int:
    """What is to be done, the most urgent first. Numbers are masked; `show` tells them."""
    now = time.time()
    with looking(from_environment().database_url) as connection:
        found = listed(connection, everything=asked.all)
    say(asked, [as_listed(task, now) for task in found], "\n".join(as_line(t, now) for t in found) or "Nothing to do.")
    return HOLDS


def _show(asked: Namespace) -> int:
    """One task with the number to call and what was said: 1 when there is no such task."""
    now = time.time()
    with looking(from_environment().database_url) as connection:
        found = named(connection, asked.task)
    return _with_one(asked, found, lambda task: say(asked, as_shown(task, now), as_sheet(task, now)))


def _done(asked: Namespace) -> int:
    """Mark a task done, which ends its pages: 1 when there is no such task, or somebody did it before."""
    with committing(from_environment().database_url, seal) as transaction:
        found = named(transaction.connection, asked.task)
        still = [task for task in found if task.status == "open"]
        if len(still) == 1:
            closed(transaction, still[0].key, by=asked.by[:128], note=asked.note, now=time.time())
    if still or not found:
        told = {"done": True, "by": asked.by}
        return _with_one(asked, still, lambda task: say(asked, {"key": task.key, **told}, f"Done: {task.key}."))
    return complain(f"{found[0].key} was done before, by {found[0].closed_by}.")


def _with_one(asked: Namespace, found: Sequence[Kept], tell: Callable[[Kept], None]) -> int:
    if len(found) == 1:
        tell(found[0])
        return HOLDS
    keys = ", ".join(task.key for task in found)
    problem = f"several tasks are about {asked.task}: {keys}" if found else f"there is no task {asked.task}"
    return complain(f"{problem[0].upper()}{problem[1:]}.")
