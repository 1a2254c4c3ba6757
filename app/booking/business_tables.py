"""The tables a business file is made of, and what each value must look like. Reading files is not done here."""

import ipaddress
import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from app.booking.business import CrmAccount, WeeklyHours
from app.booking.contact import unspaced

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60
MOST_WINDOW_DAYS = 731
SPAN = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-(?:([01][0-9]|2[0-3]):([0-5][0-9])|24:00)")
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
BOOKING_PLACE = "{booking}"
"""In a `read_back_url`: where the booking's id goes."""
CRM_URLS = {"webhook": None, "hubspot": "https://api.hubapi.com"}
"""Kinds of CRM, and the address each has unless the file names one."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")
REVIEWED = ("book_appointment", "reschedule_appointment", "cancel_appointment")
"""Tools that a business may keep for people to approve."""
COMES_BACK = 'is "{number}", one of the lines: a call would come back to where it was'
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
    number = unspaced(value) if isinstance(value, str) else ""
    if not E164.fullmatch(number):
        raise ValueError(
            f'is {value!r}; it must be a phone number in quotes, with + and country code, such as "+15125550100"'
        )
    return number


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


def _crm_kind(value: Any) -> str:
    if value not in CRM_URLS:
        raise ValueError(f"is {value!r}; it must be {' or '.join(CRM_URLS)}")
    return str(value)


def _crm_url(value: Any) -> str:
    wanted = "must be an https URL such as https://crm.example.com/readback, without user name, query or spaces"
    try:
        parts = urlsplit(value if isinstance(value, str) and re.fullmatch(r"[!-~]{1,2000}", value) else "")
        _ = parts.port
    except ValueError:
        raise ValueError(wanted) from None
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not secure or not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(wanted)
    return str(value).rstrip("/")


def _reviewed(value: Any) -> str:
    if value not in REVIEWED:
        raise ValueError(f"is {value!r}; it must be one of {', '.join(REVIEWED)}")
    return str(value)


def _calendar(value: Any) -> str:
    scheme, _, name = value.partition(":") if isinstance(value, str) else ("", "", "")
    if scheme not in CALENDARS or not CALENDARS[scheme].fullmatch(name):
        raise ValueError(
            f"is {value!r}; it must be embedded:<name>, google:<calendar id> or caldav:<https URL>, without spaces"
        )
    if scheme == "caldav":
        return f"caldav:{_caldav_url(value, name)}"
    return f"{scheme}:{name}"


def _caldav_url(value: str, url: str) -> str:
    """The collection's address, as that of a folder. Refused where people's data would travel unencrypted."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(f"is {value!r}; its host or port is malformed") from None
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError(f"is {value!r}; it must be https, as http goes unencrypted to any host but this one")
    return url if parts.path.endswith("/") else f"{url}/"


def is_loopback(host: str) -> bool:
    """Whether a URL's host is this machine itself, so that what is sent there is on no network."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


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


class TransferTable(Table):
    number: Phone
    hours: HoursTable | None = None


class CrmTable(Table):
    kind: Annotated[str, BeforeValidator(_crm_kind)]
    url: Annotated[str | None, BeforeValidator(_crm_url)] = None
    read_back_url: Annotated[str | None, BeforeValidator(_crm_url)] = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.url is None and CRM_URLS[self.kind] is None:
            raise WrongKeyError(("url",), f"is missing; a {self.kind} needs one")
        if self.read_back_url is not None and self.kind != "webhook":
            raise WrongKeyError(("read_back_url",), f"is for a webhook; {self.kind} is read back without one")
        if self.read_back_url is not None and BOOKING_PLACE not in self.read_back_url:
            raise WrongKeyError(("read_back_url",), f"must hold {BOOKING_PLACE}, where the booking's id goes")
        return self

    def account(self) -> CrmAccount:
        """The account as the rest knows it."""
        return CrmAccount(self.kind, self.url or CRM_URLS[self.kind] or "", self.read_back_url or "")


class BusinessTable(Table):
    name: Text
    time_zone: Annotated[ZoneInfo, BeforeValidator(_zone)]
    lines: list[Phone] = []
    vapi_assistants: list[Text] = []
    hours: HoursTable
    closed: list[Day] = []
    minimum_notice_minutes: int = Field(120, ge=0, le=366 * DAY_MINUTES)
    booking_window_days: int = Field(60, ge=0, le=MOST_WINDOW_DAYS)
    slot_step_minutes: int = Field(30, ge=1, le=240)
    person: Phone | None = None
    transfers: list[TransferTable] = []
    page: list[Annotated[str, BeforeValidator(_page_url)]] = []
    daily_call_cap: int = Field(0, ge=0, le=10_000_000)
    crm: CrmTable | None = None
    documents: Text | None = None
    reviewed: list[Annotated[str, BeforeValidator(_reviewed)]] = []
    live_since: Day | None = None
    services: list[ServiceTable] = Field(min_length=1)
    technicians: list[TechnicianTable] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _told_apart("services", self.services)
        _told_apart("technicians", self.technicians)
        numbers = [transfer.number for transfer in self.transfers]
        for position, number in enumerate(numbers):
            if number in numbers[:position]:
                raise WrongKeyError(
                    ("transfers", position, "number"), f'is "{number}", which another entry has already'
                )
            if number in self.lines:
                raise WrongKeyError(("transfers", position, "number"), COMES_BACK.format(number=number))
        if self.person in self.lines:
            raise WrongKeyError(("person",), COMES_BACK.format(number=self.person))
        known = [service.id for service in self.services]
        for position, technician in enumerate(self.technicians):
            for service in technician.services:
                if service not in known:
                    problem = f'names "{service}", which is no service of this business; services are: '
                    raise WrongKeyError(("technicians", position, "services"), problem + ", ".join(known))
        return self


class FileTable(Table):
    businesses: dict[Identifier, BusinessTable] = Field(min_length=1)


def _told_apart(key: str, entries: Sequence[ServiceTable | TechnicianTable]) -> None:
    """Who asks for one by id or name means one: the second Mike could never be asked for."""
    words: dict[str, int] = {}
    for position, entry in enumerate(entries):
        for field, word in (("id", entry.id), ("name", entry.name)):
            if words.setdefault(word.casefold(), position) != position:
                raise WrongKeyError((key, position, field), f'is "{word}", which another entry has already')


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
