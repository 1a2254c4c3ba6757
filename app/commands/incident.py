"""`readback incident`: say in public what is wrong, how far we are, and afterwards what it was."""

import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from typing import Any

from app.audit.log import seal
from app.booking.business_file import load_businesses
from app.commands.answers import HOLDS, moment, operator, say
from app.db.once import committing, looking
from app.settings import Settings, from_environment
from app.watch import incidents, pages
from app.watch.incidents import FIRST_WORDS, PARTS, Impact, Opening, Said, State, WordingError
from app.watch.incidents_told import described
from app.watch.postmortem import collected, draft


def add(commands: Any) -> None:
    parser = commands.add_parser("incident", help="open, update, resolve, list, show or draft about what is wrong")
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    for name, run in (
        ("open", _open),
        ("update", _update),
        ("resolve", _resolve),
        ("list", _list),
        ("show", _show),
        ("draft", _draft),
    ):
        action = actions.add_parser(name, help=run.__doc__, description=run.__doc__)
        action.set_defaults(run=run)
        if run is not _draft:
            action.add_argument("--json", action="store_true", help="answer with one JSON document")
        if run is _list:
            action.add_argument("--all", action="store_true", help="resolved ones too")
        elif run is not _open:
            action.add_argument("id", help="the incident's id, or its first characters")
        if run in (_open, _update, _resolve):
            action.add_argument("--by", default=operator(), help="who says so; not shown in public")
            _add_words(action, needed=run is not _open)
        if run in (_open, _update):
            _add_what(action)
        if run is _open:
            _add_opening(action)
        if run is _update:
            action.add_argument("--state", choices=[state.value for state in State], help="how far we are; as it was")


def _add_words(action: ArgumentParser, *, needed: bool) -> None:
    default = None if needed else FIRST_WORDS
    action.add_argument("--words", required=needed, default=default, help="what everybody may read")


def _add_what(action: ArgumentParser) -> None:
    action.add_argument("--parts", type=_named, metavar="PART,...", help=f"affected: of {', '.join(PARTS)}")
    action.add_argument("--impact", choices=[impact.value for impact in Impact], help="how much customers notice")


def _named(text: str) -> list[str]:
    """Parts separated by commas; none at all is none. Raises `ArgumentTypeError`."""
    named = [part.strip() for part in text.split(",") if part.strip()]
    if unknown := sorted(set(named) - set(PARTS)):
        raise ArgumentTypeError(f"no such part: {', '.join(unknown)}; the parts are {', '.join(PARTS)}")
    return named


def _add_opening(action: ArgumentParser) -> None:
    action.add_argument("--title", required=True, help="what is wrong, in public, in one line")
    action.add_argument("--business", default="", help="the only business that is affected; not shown in public")
    action.add_argument("--page", default="", metavar="ID", help="the page that told of it; it is acknowledged")
    action.add_argument("--every", type=int, metavar="MINUTES", help="when updates are due; 30, later 60")


def _open(asked: Namespace) -> int:
    """Open an incident: it is on the public page within seconds."""
    chosen = from_environment()
    _check_business(chosen, asked.business)
    opening = Opening(
        title=asked.title,
        words=asked.words,
        parts=asked.parts or (),
        impact=Impact(asked.impact or Impact.MINOR),
        business=asked.business,
        page=asked.page,
        every_minutes=asked.every,
    )
    with committing(chosen.database_url, seal) as transaction:
        incident = incidents.opened(transaction, opening, by=asked.by, now=time.time())
    due = moment(incident.due_at)
    say(asked, described(incident), f"Incident {incident.id[:8]} is open. The next update is due by {due}.")
    return HOLDS


def _check_business(chosen: Settings, business: str) -> None:
    """Raises `WordingError` when nobody has heard of this business."""
    if business and business not in load_businesses(chosen.businesses, chosen.daily_call_caps).by_id:
        raise WordingError("There is no business with this id in the business file.")


def _update(asked: Namespace) -> int:
    """Say how far we are: 1 when the incident cannot come to that state."""
    what = Said(
        asked.words,
        state=State(asked.state) if asked.state else None,
        impact=Impact(asked.impact) if asked.impact else None,
        parts=asked.parts,
    )
    return _tell(asked, what)


def _resolve(asked: Namespace) -> int:
    """Say that it is over, once: 1 when it was before."""
    return _tell(asked, Said(asked.words, state=State.RESOLVED))


def _tell(asked: Namespace, what: Said) -> int:
    with committing(from_environment().database_url, seal) as transaction:
        incident = incidents.said(transaction, asked.id, what, by=asked.by, now=time.time())
        page = pages.found(transaction.connection, incident.page) if incident.page else None
    plain = f"Incident {incident.id[:8]} is {incident.state}."
    if incident.state is not State.RESOLVED:
        plain += f" The next update is due by {moment(incident.due_at)}."
    elif page is not None and page.status != "resolved":
        plain += f" Its page {page.id} is not resolved yet."
    say(asked, described(incident), plain)
    return HOLDS


def _list(asked: Namespace) -> int:
    """Incidents that are open, the newest first."""
    with looking(from_environment().database_url) as connection:
        kept = incidents.listed(connection, all_of_them=asked.all)
    lines = [f"{one.id[:8]}  {moment(one.opened_at)}  {one.state}, {one.impact}: {one.title}" for one in kept]
    told = [{name: value for name, value in described(one).items() if name != "updates"} for one in kept]
    say(asked, told, "\n".join(lines) or "No incident is open.")
    return HOLDS


def _show(asked: Namespace) -> int:
    """One incident with everything that was said about it: 1 when there is none."""
    with looking(from_environment().database_url) as connection:
        incident = incidents.found(connection, asked.id)
    told = described(incident)
    lines = [f"{name}: {_plain(value)}" for name, value in told.items() if name != "updates"]
    lines += [f"{moment(one.at)}  {one.state}, by {one.by}: {one.words}" for one in incident.updates]
    say(asked, told, "\n".join(lines))
    return HOLDS


def _draft(asked: Namespace) -> int:
    """Write the draft of a post-mortem, as Markdown without personal data, on stdout: 1 when there is no incident."""
    asked.json = False
    with looking(from_environment().database_url) as connection:
        incident = incidents.found(connection, asked.id)
        facts = collected(connection, incident, now=time.time())
    say(asked, None, draft(facts))
    return HOLDS


def _plain(value: Any) -> Any:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(value) or "-"
    return "-" if value in ("", None) else value
