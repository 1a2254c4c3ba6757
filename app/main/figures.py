"""The service figures of one installation: the list under the operator's own thresholds, and the timer over it."""

from collections.abc import Callable

from app.clock import Clock
from app.db.engine import Database
from app.errors import ConfigurationError
from app.jobs.timers import Timer
from app.settings import Settings
from app.watch.figure_list import FIGURES
from app.watch.figure_sums import EVERY_S
from app.watch.figure_watch import FigureWatch
from app.watch.figures import Figure, Thresholds


def figures_of(settings: Settings) -> tuple[Figure, ...]:
    """The figures that are watched here. Raises ConfigurationError for a threshold of one that there is not."""
    try:
        return Thresholds(settings.figures).over(FIGURES)
    except ValueError as error:
        raise ConfigurationError(f"READBACK_FIGURES {error}.") from None


def figure_timer(settings: Settings, database: Database, clock: Clock, told: Callable[[], None]) -> Timer:
    """Evaluates all of them, over all processes. `told` hears of a page that was raised."""
    after_s = settings.read_back_after_s
    watch = FigureWatch(database, figures_of(settings), clock, read_back_after_s=after_s, told=told)
    return Timer("figures", EVERY_S, watch.look)
