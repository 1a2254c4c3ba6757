"""Pages out of templates. Every value is escaped where it is written; nothing a person wrote is ever markup."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, Response

from app.dashboard import chart
from app.dashboard.assets import address
from app.watch.amounts import in_digits

SECTIONS: Final = (
    ("", "Overview"),
    ("volume", "Lines"),
    ("latency", "Latency"),
    ("figures", "Figures"),
    ("bookings", "Bookings"),
    ("tasks", "Tasks"),
    ("reviews", "Reviews"),
    ("dead-letters", "Dead letters"),
    ("pages", "Pages"),
    ("incidents", "Incidents"),
    ("limits", "Limits"),
    ("flags", "Flags"),
    ("audit", "Audit"),
)
"""Every page by its address, in the order of the menu."""


LEAST_MOMENT: Final = 1e9
"""A number with a fraction that is larger is epoch seconds: nothing else that is recorded grows so large."""
TIMES: Final = ("_at", "starts", "ends", "due")
"""How names of what is recorded end that is epoch seconds though it has no fraction; other whole numbers may be ids."""
_BETWEEN_BACKTICKS: Final = re.compile("`([^`\\n]+)`")


def page(template: str, given: Mapping[str, Any], *, status: int = 200) -> Response:
    """A whole page."""
    return HTMLResponse(rendered(template, given), status)


def rendered(template: str, given: Mapping[str, Any]) -> str:
    """A page, or a part of one."""
    text: str = environment().get_template(template).render(given)
    return text


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates of this package."""
    made = Environment(
        loader=PackageLoader("app.dashboard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals.update(address=address, sections=SECTIONS, session=None, form_token="", said="", here=None, back=None)
    made.filters.update(
        when=when,
        ago=ago,
        commands=commands,
        seconds=seconds,
        plain=plain,
        digits=in_digits,
        day=chart.day,
        latency=chart.latency,
    )
    return made


def moment(value: float | str | None) -> float | None:
    """Epoch seconds of what a reader gave: seconds, or RFC 3339, or the commands' form of it."""
    if value in (None, "", 0, 0.0):
        return None
    if isinstance(value, str):
        return datetime.fromisoformat(value.replace(" ", "T").replace("Z", "+00:00")).timestamp()
    return float(value or 0.0)


def when(value: float | str | None, zone: tzinfo = UTC) -> Markup:
    """A time as people read it, by the clocks of a zone that is named beside it."""
    at = moment(value)
    if at is None:
        return Markup("–")
    then = datetime.fromtimestamp(at, zone)
    return Markup('<time datetime="{}">{}</time>').format(
        then.isoformat(timespec="seconds"), then.strftime("%-d %b %H:%M %Z")
    )


def ago(value: float | str | None, now: float) -> str:
    """How far a time is from now, in a word or two."""
    at = moment(value)
    if at is None:
        return "never"
    return f"in {span(at - now)}" if at > now else f"{span(now - at)} ago"


def span(length_s: float) -> str:
    """A length of time."""
    for limit, unit, one in ((90.0, "s", 1), (5_400.0, "min", 60), (129_600.0, "h", 3_600)):
        if length_s < limit:
            return f"{max(0, round(length_s / one))} {unit}"
    return f"{round(length_s / 86_400)} days"


def seconds(value: float | None) -> str:
    """A duration of a tool call: milliseconds below a second."""
    if value is None:
        return "–"
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"


def plain(value: Any) -> Markup | str:
    """Any value of a record as words."""
    if value is None or value == "" or value == [] or value == {}:
        return Markup("–")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value > LEAST_MOMENT:
        return when(value)
    if isinstance(value, Mapping):
        return Markup("<br>").join(Markup("{}: {}").format(name, _named(name, inner)) for name, inner in value.items())
    if isinstance(value, list | tuple):
        return Markup("<br>").join(plain(inner) for inner in value)
    return escape(str(value))


def commands(text: str) -> Markup:
    """Words in which what is to be typed, or stands in a file, is set apart by backticks."""
    return Markup(_BETWEEN_BACKTICKS.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704  # escaped before


def _named(name: str, value: Any) -> Markup | str:
    return when(value) if isinstance(value, int) and value > LEAST_MOMENT and name.endswith(TIMES) else plain(value)
