"""Figures in words, for pages and for the terminal. Nothing here names a customer."""

from typing import Final

from app.watch.amounts import in_digits
from app.watch.figure_moments import WELL_AFTER
from app.watch.figure_sums import EVERY_S
from app.watch.figures import Figure, Standing, span

MANY_MINUTES_S: Final = 10_800.0
RUNBOOK: Final = "infra/runbooks/when-it-breaks.md"


def amount(figure: Figure, value: float) -> str:
    """A value with its unit."""
    if figure.unit == "share":
        return f"{value:.1%}"
    if figure.unit == "s" and value >= 600:
        return f"{value / 60:.0f} min" if value < MANY_MINUTES_S else f"{in_digits(value / 3_600, 3)} h"
    return f"{in_digits(value, 3)} {figure.unit}"


def called(figure: Figure, of: str) -> str:
    """The figure by name, with what it is of."""
    return f"{figure.name} of {of}" if of else figure.name


def title(figure: Figure, of: str, found: Standing) -> str:
    """The title of its page."""
    if found.seen:
        return f"Figure raised: {called(figure, of)} was {found.seen}"
    side = "below" if figure.falls else "above"
    shown = f"{amount(figure, found.value)}, {side} {amount(figure, figure.raise_at)}"
    return f"Figure raised: {called(figure, of)} is {shown}"


def body(figure: Figure, of: str, found: Standing) -> str:
    """What it is made of, when it is over, who owns it and what to do."""
    back = "at least" if figure.falls else "at most"
    stays = f", and stays so for {span(figure.clear_in_a_row * EVERY_S)}" if figure.clear_in_a_row else ""
    seen = f"in the last {span(figure.window_s)}; {found.samples} seen. It is over when it is"
    if found.seen:
        seen = f"{found.seen}, which chance hardly makes. It is over after {WELL_AFTER} good ones, or when it is"
    return (
        f"{called(figure, of)}: {figure.made_of}, {seen} {back} {amount(figure, figure.clear_at)} again{stays}. "
        f"Owner: {figure.owner}. {figure.remedy} `readback figures show {figure.name}`, {RUNBOOK}."
    )
