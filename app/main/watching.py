"""The looks one process at a time takes: at what people leave lying, at silence, at settings, at our own way in."""

from collections.abc import Callable

from app.booking.business import Businesses
from app.booking.crm_copies import LATE, REFUSES
from app.calls.cap_pages import LOOK_EVERY_S as CAPS_EVERY_S
from app.calls.cap_pages import CapPages
from app.clock import Clock
from app.db.engine import Database
from app.inference.failing import PAGE as MODEL_FAILS
from app.jobs.pile import LOOK_EVERY_S as PILE_EVERY_S
from app.jobs.pile import PileWatch
from app.jobs.timers import Timer
from app.main.canary import canary_timer
from app.main.figures import figure_timer
from app.main.model_path import models
from app.main.provisioning import drift_timers
from app.main.synthetic import synthetic_calls
from app.settings import Settings
from app.watch.alarms import Alarms
from app.watch.cadence import LOOK_EVERY_S as CADENCE_EVERY_S
from app.watch.cadence import Cadence
from app.watch.lapse import LOOK_EVERY_S as LAPSE_EVERY_S
from app.watch.lapse import Lapse
from app.watch.synthetic import PAGE as SYNTHETIC_FAILED
from app.watch.volume import EVERY_S as VOLUME_EVERY_S
from app.watch.volume import VolumeWatch
from app.watch.volume_lines import Watched


def watched(businesses: Businesses) -> list[Watched]:
    """Each business as far as its volume goes."""
    return [Watched(b.id, b.name, b.zone, b.lines, b.closed) for b in businesses.by_id.values()]


def unwatched(settings: Settings, businesses: Businesses) -> Callable[[str, str], bool]:
    """Whether a page (kind, key) is about something that was taken out of the settings, so that nobody looks at it."""
    asked = {name.text for name in models(settings)}
    copied = {business.id for business in businesses.by_id.values() if business.crm}
    calendars = {who.calendar for business in businesses.by_id.values() for who in business.technicians}

    def is_unwatched(kind: str, key: str) -> bool:
        return (
            (kind == "redis_down" and settings.redis_url is None)
            or (kind == SYNTHETIC_FAILED and not settings.synthetic_every_s)
            or (kind == MODEL_FAILS and key not in asked)
            or (kind in (LATE, REFUSES) and key not in copied)
            or (kind == "calendar_refuses_writes" and key not in calendars)
        )

    return is_unwatched


def watching(
    settings: Settings,
    businesses: Businesses,
    database: Database,
    alarms: Alarms,
    clock: Clock,
    told: Callable[[], None],
) -> list[Timer]:
    """The timers. `told` hears of a page that was raised."""
    return [
        Timer("dead_letters", PILE_EVERY_S, PileWatch(database, clock).look),
        Timer("incident_updates", CADENCE_EVERY_S, Cadence(database, clock).look),
        Timer("cap_pages", CAPS_EVERY_S, CapPages(database, businesses, settings.daily_call_cap, clock).look),
        Timer(
            "lapsed_pages",
            LAPSE_EVERY_S,
            Lapse(database, watched(businesses), clock, unwatched(settings, businesses)).look,
        ),
        Timer("volume", VOLUME_EVERY_S, VolumeWatch(database, watched(businesses), clock, told).look),
        figure_timer(settings, database, clock, told),
        canary_timer(businesses, database, clock, told),
        *drift_timers(settings, database, clock, told),
        *synthetic_calls(settings, businesses, database, alarms, clock),
    ]
