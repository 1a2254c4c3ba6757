"""What a model is told of where it works: the business's file, the time, and what tools told in this conversation."""

from collections.abc import Mapping
from typing import Any, Final

from app.booking.business import Business
from app.booking.speech import spoken_time
from app.inference.prompt import NOTHING

TOLD_EVERY_S: Final = 300
"""The time that a model is told moves on so seldom: customers who ask the same within it ask in the same bytes."""


def place(business: Business, now: float, facts: Mapping[str, Any], summary: str) -> dict[str, str]:
    """What a template's blanks are filled with. `now` is the text's time, so that a turn run again asks the same."""
    numbers = {name: f" (number {number})" for number, name in enumerate(facts.get("shown", ()), start=1)}
    offers = [
        f"{name}{numbers.get(name, '')}: {offer.get('service', '')} {offer['start']} with {offer['technician']}"
        for name, offer in facts.get("offers", {}).items()
    ]
    known = [f"offered times: {'; '.join(offers)}"] if offers else []
    references = facts.get("references", [])
    known += [f"references of this customer: {', '.join(references)}"] if references else []
    return {
        "business": business.name,
        "now": spoken_time(int(now) // TOLD_EVERY_S * TOLD_EVERY_S, business.zone),
        "zone": business.zone.key,
        "services": ", ".join(f"{s.name} ({s.minutes} minutes)" for s in business.services_said()),
        "technicians": ", ".join(t.name for t in business.technicians if t.id != business.tester),
        "hours": _hours(business),
        "facts": " / ".join(known) or NOTHING,
        "summary": summary or NOTHING,
    }


def _hours(business: Business) -> str:
    days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    spans = (
        f"{day} {' and '.join(f'{_clock(start)} to {_clock(end)}' for start, end in hours)}"
        for day, hours in zip(days, business.hours, strict=True)
        if hours
    )
    return "; ".join(spans) or "by appointment"


def _clock(minutes: int) -> str:
    hour, minute = divmod(minutes % 1_440, 60)
    return f"{hour % 12 or 12}:{minute:02} {'AM' if hour < 12 else 'PM'}"
