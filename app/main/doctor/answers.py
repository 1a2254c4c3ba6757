"""The doctor on what all the others were answered: held against the shapes by which this version reads it."""

from typing import Final

from app.main.doctor.examination import AilingError, Check, LeftOutError
from app.watch.shapes import taken

REMEDY: Final = (
    "See what it has announced, and update Readback. Until then what cannot be read counts as not known: never as free "
    "or done."
)


def answers_check() -> Check:
    """Run it after all others, in the process in which they ran."""
    return Check("shapes of answers", _answers, REMEDY)


async def _answers() -> str:
    seen = taken()
    if wrong := {one.shape.key: one.problem for one in seen if one.problem}:
        raise AilingError("; ".join(f"{key}: {problem}" for key, problem in wrong.items()))
    if not seen:
        raise LeftOutError("nothing was answered that has a shape")
    return f"{len({one.shape.key for one in seen})} kinds of answers are as they are read"
