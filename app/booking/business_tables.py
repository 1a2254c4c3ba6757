"""The tables a business file is made of, and what each value must look like. Reading files is not done here."""

import re
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from app.booking.business import WeeklyHours

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60
SPAN = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-(?:([01][0-9]|2[0-3]):([0-5][0-9])|24:00)")
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
PAGE_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
CALENDARS = {
    "embedded": re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"),
    "google": re.compile(r"[^\s/?#]{1,254}"),
    "caldav": re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?"),
}


class WrongKeyError(ValueError):
    """A value that is wrong together with others. `path` leads from the model that raised it to the key."""

    def __init__(self, path: tuple[str | int, ...], problem: str) -> None:
        super().__init__(problem)
        self.path = path


def _phone(value: Any) -> str:
    if not isinstance(value, str) or not E164.fullmatch(value):
        raise ValueError(f"is {value!r}; it must be a phone number with + and country code, such as +15125550100")
    return value


def _identifier(value: Any) -> str:
    if not isinstance(value, str) or not IDENTIFIER.fullmatch(value):
        raise ValueError(f"is {value!r}; it must be made of letters, digits, dots, hyphens and underscores")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 200:
        raise ValueError("must be text of 1 to 200 characters")
    return value.strip()


def _page_url(value: Any) -> str:
    if not isinstance(value, str) or not PAGE_URL.fullmatch(value):
        raise ValueError("is no notification URL; it must be one such as json://host/path")
    return value


def _calendar(value: Any) -> str:
    scheme, _, name = value.partition(":") if isinstance(value, str) else ("", "", "")
    if scheme not in CALENDARS or not CALENDARS[scheme].fullmatch(name):
        raise ValueError(
            f"is {value!r}; it must be embedded:<name>, google:<calendar id> or caldav:<https URL>, without spaces"
        )
    return f"{scheme}:{name}"


def _zone(value: Any) -> ZoneInfo:
    try:
        return ZoneInfo(_text(value))
    except (KeyError, ValueError, OSError):
        raise ValueError(f"is {value!r}, which is no time zone; it must be one such as America/Chicago") from None


def _date(value: Any) -> date:
    if type(value) is date:  # a datetime is one too, and is not meant
        return value
    try:
        return date.fromisoformat(value if re.fullmatch(r"\d{4}-\d\d-\d\d", value) else "")
    except (TypeError, ValueError):
        raise ValueError(f"is {value!r}; it must be a date such as 2026-12-25") from None


def _span(value: Any) -> tuple[int, int]:
    match = SPAN.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise ValueError(f'is {value!r}; it must be "HH:MM-HH:MM" such as "08:00-17:00", at most to 24:00')
    start = int(match[1]) * 60 + int(match[2])
    end = int(match[3]) * 60 + int(match[4]) if match[3] else DAY_MINUTES
    if end <= start:
        raise ValueError(f"is {value!r}, which ends before it starts; a night is split at 24:00 over two days")
    return start, end


Phone = Annotated[str, BeforeValidator(_phone)]
Identifier = Annotated[str, BeforeValidator(_identifier)]
Text = Annotated[str, BeforeValidator(_text)]
Spans = list[Annotated[tuple[int, int], BeforeValidator(_span)]]
Day = Annotated[date, BeforeValidator(_date)]


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, arbitrary_types_allowed=True)


class HoursTable(Table):
    """Opening spans by day; a day left out is closed."""

    mon: Spans = []
    tue: Spans = []
    wed: Spans = []
    thu: Spans = []
    fri: Spans = []
    sat: Spans = []
    sun: Spans = []

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for day in DAYS:
            spans = getattr(self, day)
            if any(later[0] < earlier[1] for earlier, later in pairwise(spans)):
                raise WrongKeyError((day,), "has spans that overlap or are not in order")
        return self

    def weekly(self) -> WeeklyHours:
        """Minutes since midnight by day, spans that touch made one."""
        return tuple(_merged(getattr(self, day)) for day in DAYS)


class ServiceTable(Table):
    id: Identifier
    name: Text
    minutes: int = Field(ge=1, le=DAY_MINUTES)
    buffer_before_minutes: int = Field(0, ge=0, le=DAY_MINUTES)
    buffer_after_minutes: int = Field(0, ge=0, le=DAY_MINUTES)


class TechnicianTable(Table):
    id: Identifier
    name: Text
    calendar: Annotated[str, BeforeValidator(_calendar)]
    services: list[str] = Field(min_length=1)
    hours: HoursTable | None = None
    closed: list[Day] = []


class BusinessTable(Table):
    name: Text
    time_zone: Annotated[ZoneInfo, BeforeValidator(_zone)]
    lines: list[Phone] = []
    vapi_assistants: list[Text] = []
    hours: HoursTable
    closed: list[Day] = []
    minimum_notice_minutes: int = Field(120, ge=0, le=366 * DAY_MINUTES)
    booking_window_days: int = Field(60, ge=0, le=731)
    slot_step_minutes: int = Field(30, ge=1, le=240)
    person: Phone | None = None
    page: list[Annotated[str, BeforeValidator(_page_url)]] = []
    daily_call_cap: int = Field(0, ge=0, le=10_000_000)
    services: list[ServiceTable] = Field(min_length=1)
    technicians: list[TechnicianTable] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for key, ids in (
            ("services", [s.id for s in self.services]),
            ("technicians", [t.id for t in self.technicians]),
        ):
            folded = [entry_id.casefold() for entry_id in ids]
            for position, entry_id in enumerate(folded):
                if entry_id in folded[:position]:
                    raise WrongKeyError((key, position, "id"), f'is "{ids[position]}", which another entry has already')
        known = [service.id for service in self.services]
        for position, technician in enumerate(self.technicians):
            for service in technician.services:
                if service not in known:
                    problem = f'names "{service}", which is no service of this business; services are: '
                    raise WrongKeyError(("technicians", position, "services"), problem + ", ".join(known))
        return self


class FileTable(Table):
    businesses: dict[Identifier, BusinessTable] = Field(min_length=1)


def _merged(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    return tuple(_joined(spans))


def _joined(spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    current: tuple[int, int] | None = None
    for start, end in spans:
        if current and current[1] == start:
            current = (current[0], end)
            continue
        if current:
            yield current
        current = (start, end)
    if current:
        yield current
