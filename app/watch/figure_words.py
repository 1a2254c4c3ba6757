"""Figures in words, for pages and for the terminal. Nothing here names a customer."""

from typing import Final

from app.watch.figures import Figure, Standing

RUNBOOK: Final = "infra/runbooks/when-it-breaks.md"


def amount(figure: Figure, value: float) -> str:
    """A value with its unit."""
    if figure.unit == "share":
        return f"{value:.1%}"
    if figure.unit == "s" and value >= 600:
        return f"{value / 60:.0f} min"
    return f"{value:.3g} {figure.unit}"


def called(figure: Figure, of: str) -> str:
    """The figure by name, with what it is of."""
    return f"{figure.name} of {of}" if of else figure.name


def title(figure: Figure, of: str, found: Standing) -> str:
    """The title of its page."""
    side = "below" if figure.falls else "above"
    shown = f"{amount(figure, found.value)}, {side} {amount(figure, figure.raise_at)}"
    return f"Figure raised: {called(figure, of)} is {shown}"


def body(figure: Figure, of: str, found: Standing) -> str:
    """What it is made of, when it is over, who owns it and what to do."""
    back = "at least" if figure.falls else "at most"
    return (
        f"{called(figure, of)}: {figure.made_of}, in the last {figure.window_s / 60:g} minutes; {found.samples} seen. "
        f"It is over when it is {back} {amount(figure, figure.clear_at)}. Owner: {figure.owner}. {figure.remedy} "
        f"`readback figures show {figure.name}`, {RUNBOOK}."
    )
