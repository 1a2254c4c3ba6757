"""Figures read from rows that are there anyhow: read-backs, dead letters, models, reports about calls."""

from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Final

from sqlalchemy import ColumnElement, and_, case, distinct, func, select

from app.db.schema import bookings, call_events, calls, dead_letters, inferences, read_backs
from app.watch.end_reasons import EndClass, end_class
from app.watch.figure_moments import Moments
from app.watch.figures import Material, Read, Reading

MICROS: Final = 1_000_000
MISMATCH: Final = "mismatch"
WRITTEN: Final = "written"
"""States of a booking's verification."""
REPORT: Final = "end-of-call-report"
DOWN: Final = ("down", "bad", "refused", "capped", "account_down", "prices_unknown")
"""Outcomes of inferences after which a customer was served without a model."""
GRADES: Final = ("fits", "out_of_scope", "unsafe", "ungraded")
"""Outcomes of looks at replies, for which no customer asked."""

_b, _i, _e = bookings.c, inferences.c, call_events.c
_WATCHED: Final = _b.id.in_(select(read_backs.c.booking))
"""Not a join: SQLite would go through all bookings there ever were to find the few that are still watched."""


def mismatches(given: Material) -> Mapping[str, Reading]:
    """Appointments that are not on their calendar as promised, of each business."""
    watched = select(_b.business, func.count()).where(_WATCHED, _b.verification == MISMATCH)
    rows = given.connection.execute(watched.group_by(_b.business))
    return {business: Reading(many, many) for business, many in rows}


def unverified(given: Material) -> Mapping[str, Reading]:
    """Seconds since the oldest write that nobody has read back was due to be, of each business."""
    watched = select(_b.business, func.min(_b.updated_at), func.count()).where(_WATCHED, _b.verification == WRITTEN)
    rows = given.connection.execute(watched.group_by(_b.business))
    due_at = given.now - given.read_back_after_s
    return {business: Reading(max(0.0, due_at - oldest), many) for business, oldest, many in rows}


def oldest_letter(given: Material) -> Mapping[str, Reading]:
    """Age of the oldest open dead letter, of each business."""
    letters = dead_letters.c
    asked = select(letters.business, func.min(letters.created_at), func.count()).where(letters.status == "open")
    rows = given.connection.execute(asked.group_by(letters.business))
    return {business: Reading(max(0.0, given.now - oldest), many) for business, oldest, many in rows}


def spend(given: Material) -> Mapping[str, Reading]:
    """Dollars for models in the window, of each business."""
    asked = select(_i.business, func.sum(_i.cost), func.count()).where(*_lately(given)).group_by(_i.business)
    return {business: Reading(int(cost) / MICROS, many) for business, cost, many in given.connection.execute(asked)}


def spend_per_conversation(given: Material) -> Mapping[str, Reading]:
    """Dollars for models per conversation in the window, of each business."""
    many = func.count(distinct(_i.conversation))
    asked = select(_i.business, func.sum(_i.cost), many).where(*_lately(given)).group_by(_i.business)
    rows = given.connection.execute(asked)
    return {business: Reading(int(cost) / MICROS / talks, talks) for business, cost, talks in rows}


def fallbacks(given: Material) -> Mapping[str, Reading]:
    """Share of a business's questions to models after which the customer was served without one.

    A conversation is bad when that is so of most of its questions.
    """
    without = func.sum(case((_i.outcome.in_(DOWN), 1), else_=0)).label("less")
    questions = (*_lately(given), _i.replays == "", _i.outcome.not_in(GRADES))
    talk = select(_i.business, without, func.count().label("many")).where(*questions)
    talks = talk.group_by(_i.business, _i.conversation).subquery()
    t = talks.c
    bad = func.sum(case((2 * t.less > t.many, 1), else_=0))
    asked = select(t.business, func.sum(t.less), func.sum(t.many), bad, func.count()).group_by(t.business)
    return {
        business: Reading(int(less) / int(many), int(many), Moments(int(gone), number))
        for business, less, many, gone, number in given.connection.execute(asked)
    }


def ended(kind: EndClass) -> Read:
    """Share of calls that ended for reasons of this class."""
    return partial(_ended, kind=kind)


def _ended(given: Material, kind: EndClass) -> Mapping[str, Reading]:
    name = ("ended", given.window_s)
    classes = given.once[name] = given.once.get(name) or _ends(given)
    total = classes.total()
    return {"": Reading(classes[kind] / total, total, Moments(classes[kind], total))} if total else {}


def _ends(given: Material) -> Counter[EndClass]:
    # A call over the cap is turned away on purpose, in the platform's words an error of ours.
    turned_away = and_(calls.c.platform == _e.platform, calls.c.call_id == _e.call_id, ~calls.c.admitted)
    admitted = ~select(calls.c.call_id).where(turned_away).exists()
    lately = and_(_e.at > given.now - given.window_s, _e.at <= given.now)
    asked = select(_e.ended_reason, func.count()).where(_e.kind == REPORT, lately, admitted).group_by(_e.ended_reason)
    classes: Counter[EndClass] = Counter()
    for reason, many in given.connection.execute(asked):
        classes[end_class(reason or "")] += many
    return classes


def _lately(given: Material) -> tuple[ColumnElement[bool], ...]:
    return _i.at > given.now - given.window_s, _i.at <= given.now
