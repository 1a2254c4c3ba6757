"""`readback figures`: error rates, times, ages and money, each beside the value at which a person is paged."""

import time
from argparse import Namespace
from typing import Any

from app.commands.answers import DOES_NOT_HOLD, HOLDS, WRONG_USE, complain, moment, say
from app.db.once import looking
from app.settings import from_environment
from app.watch.figure_moments import WELL_AFTER
from app.watch.figure_overview import Shown, overview
from app.watch.figure_words import RUNBOOK, amount
from app.watch.figures import Figure


def add(commands: Any) -> None:
    parser = commands.add_parser("figures", help="service figures, and which of them are raised")
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    for name, run in (("list", _list), ("show", _show)):
        action = actions.add_parser(name, help=run.__doc__, description=run.__doc__)
        action.add_argument("--json", action="store_true", help="answer with one JSON document")
        if name == "show":
            action.add_argument("name", help="the figure's name, as listed")
        action.set_defaults(run=run)


def _list(asked: Namespace) -> int:
    """Every figure in a sentence; 1 while one is raised."""
    found = _found()
    say(asked, [one.as_json() for one in found], "\n".join(one.sentence for one in found))
    return _held(found)


def _show(asked: Namespace) -> int:
    """One figure with its thresholds, owner and remedy; 1 while it is raised, 2 when there is no such figure."""
    everything = _found()
    found = [one for one in everything if one.figure.name == asked.name]
    if not found:
        names = ", ".join(dict.fromkeys(one.figure.name for one in everything))
        complain(f"There is no figure {asked.name!r}; there are {names}.")
        return WRONG_USE
    say(asked, [one.as_json() for one in found], "\n".join([*map(_told, found), *_about(found[0])]))
    return _held(found)


def _found() -> list[Shown]:
    from app.main.figures import figures_of  # noqa: PLC0415 - no other command need wait for it

    chosen = from_environment()
    figures = figures_of(chosen)
    with looking(chosen.database_url) as connection:
        return overview(connection, figures, time.time(), chosen.read_back_after_s)


def _held(found: list[Shown]) -> int:
    return DOES_NOT_HOLD if any(one.standing.raised for one in found) else HOLDS


def _told(one: Shown) -> str:
    since = f", since {moment(one.standing.since)}" if one.standing.since else ""
    return f"{one.sentence}{since}"


def _with_fewer(figure: Figure) -> list[str]:
    if figure.borne is None:
        return []
    return [
        f"Where fewer come: raised when more {figure.moments_are} are bad within a day than chance makes where "
        f"{figure.borne:.0%} are; {WELL_AFTER} good ones end it."
    ]


def _rows(figure: Figure) -> str:
    if figure.to_clear == figure.in_a_row:
        return f"each after {figure.in_a_row} evaluations in a row"
    return f"after {figure.in_a_row} and {figure.to_clear} evaluations in a row"


def _about(one: Shown) -> list[str]:
    figure = one.figure
    side, back = ("below", "at least") if figure.falls else ("above", "at most")
    bound, clear = amount(figure, figure.raise_at), amount(figure, figure.clear_at)
    pager = f"page {figure.told_by}" if figure.told_by else "page figure"
    return [
        f"Made of: {figure.made_of}, in the last {figure.window_s / 60:g} minutes, {figure.least} samples or more.",
        *_with_fewer(figure),
        f"Raised {side} {bound}, over when {back} {clear}, {_rows(figure)}; {pager}.",
        f"Owner: {figure.owner}.",
        f"{figure.remedy} See {RUNBOOK}.",
    ]
