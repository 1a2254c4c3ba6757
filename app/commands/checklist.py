"""`readback checklist`: every limit of the installation, what a person has confirmed about those of others, and whether
anybody is told when something is wrong.
"""

import time
from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from app.audit.log import seal
from app.booking.business_file import load_businesses
from app.commands.answers import DOES_NOT_HOLD, HOLDS, WRONG_USE, complain, operator, say
from app.commands.tables import bring_up
from app.db.once import committing, looking
from app.settings import from_environment
from app.watch.amounts import in_digits
from app.watch.limit_book import ConfirmationError, confirmed
from app.watch.limits import Source, wrong


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "checklist", help="every limit, and what is to be confirmed", description=_list.__doc__
    )
    parser.add_argument("--json", action="store_true", help="answer with one JSON document")
    parser.set_defaults(run=_list)
    actions = parser.add_subparsers(dest="action", metavar="action")
    action = actions.add_parser("confirm", help=_confirm.__doc__, description=_confirm.__doc__)
    action.add_argument("name", help="the limit's name, as listed")
    action.add_argument("--value", required=True, help="what the panel says, beginning with the number, or unlimited")
    action.add_argument("--by", default=operator(), help="who read it")
    action.add_argument("--json", action="store_true", help="answer with one JSON document")
    action.set_defaults(run=_confirm)


def _list(asked: Namespace) -> int:
    """Every cap, quota, timeout and concurrency limit with its source, owner and present use.

    1 while anything that only a person can look up is not confirmed, or too low, or was confirmed over 90 days ago,
    and while there are pages that reach nobody.
    """
    from app.main.first_days import first_days  # noqa: PLC0415 - a second that no other command need wait
    from app.main.limit_use import Counting  # noqa: PLC0415 - as above

    chosen = from_environment()
    businesses = load_businesses(chosen.businesses, chosen.daily_call_caps)
    counting = Counting(chosen, businesses)
    bring_up(chosen)
    with looking(chosen.database_url) as connection:
        told = counting.told(connection, time.time())
        new = first_days(connection, chosen, businesses, time.time())
    ready = not any(row["wrong"] for row in told)
    plain = [*map(_line, told), *(f"[!] {sentence}" for sentence in new), _end(told)]
    say(asked, {"ready": ready, "limits": told, "warnings": new}, "\n".join(plain))
    return HOLDS if ready else DOES_NOT_HOLD


def _confirm(asked: Namespace) -> int:
    """Enter what a panel says: it holds for 90 days. 1 when this version's panel limit cannot be that."""
    from app.main.limits import register  # noqa: PLC0415 - as above

    chosen = from_environment()
    businesses = load_businesses(chosen.businesses, chosen.daily_call_caps)
    limits = {limit.name: limit for limit in register(chosen, businesses) if limit.confirmed_by_person}
    limit = limits.get(asked.name)
    if limit is None:
        complain(f"{asked.name} is no limit that a person confirms here; there are: {', '.join(limits) or 'none'}.")
        return WRONG_USE
    bring_up(chosen)
    now = time.time()
    try:
        with committing(chosen.database_url, seal) as transaction:
            entry = confirmed(transaction, limit, asked.value, by=asked.by, now=now)
    except ConfirmationError as error:
        complain(str(error))
        return WRONG_USE
    problem = wrong(limit, entry, now)
    told = {"name": limit.name, "value": entry.value, "by": entry.by, "wrong": problem}
    say(asked, told, f"{limit.name} is {entry.value}, says {entry.by}{f': {problem}' if problem else ''}.")
    return DOES_NOT_HOLD if problem else HOLDS


def _line(row: Mapping[str, Any]) -> str:
    entry = row["confirmed"]
    nothing = "none" if row["source"] != Source.PANEL else "unknown"
    value = entry["value"] if entry else nothing if row["value"] is None else f"{in_digits(row['value'])} {row['unit']}"
    used = f", {in_digits(row['used'])} used" if row["used"] is not None else f", {row['uncounted']}"
    used += f" ({row['share']:.0%})" if row["share"] is not None else ""
    reached = f", reached {row['reached_at']}" if row["reached_at"] else ""
    by = f", confirmed by {entry['by']} {entry['at']}" if entry else ""
    wrong = row["wrong"].upper() if row["source"] == Source.PANEL else row["wrong"]  # names are told as they are
    mark = f"  [!] {wrong}" if wrong else ""
    head = f"{row['name']}: {value}{used}{reached}{by}{mark}"
    return f"{head}\n    {row['bounds']}; {row['source']}: {row['where']}; owner: {row['owner']}. {row['how']}"


def _end(told: list[dict[str, Any]]) -> str:
    wrong = [row for row in told if row["wrong"]]
    if not wrong:
        return f"{len(told)} limits; everything that a person has to look up is confirmed."
    unread = [row["name"] for row in wrong if row["source"] == Source.PANEL]
    unset = [row["name"] for row in wrong if row["source"] != Source.PANEL]
    parts = [f"{len(told)} limits"]
    if unset:
        parts.append(f"{len(unset)} to be set: {', '.join(unset)}")
    if unread:
        parts.append(f"{len(unread)} to be confirmed: readback checklist confirm {unread[0]} --value V --by WHO")
    return "; ".join(parts)
