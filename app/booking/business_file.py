"""Loads business files (TOML) into `Businesses`, and refuses every file it does not fully understand.

A wrong file is one sentence with its name, the line where it can be found, and the key.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from app.booking.business import Business, Businesses, Destination, Service, Technician, WeeklyHours
from app.booking.business_tables import (
    BusinessTable,
    CrmTable,
    FileTable,
    HoursTable,
    ServiceTable,
    Table,
    TechnicianTable,
    TransferTable,
    WrongKeyError,
)
from app.booking.toml_lines import line_of
from app.errors import ConfigurationError

USUAL_DOCUMENTS = "documents"
CAPS_VARIABLE = "READBACK_DAILY_CALL_CAPS"


@dataclass(frozen=True)
class _Source:
    """One file as read, to say where in it something is wrong."""

    name: str
    text: str
    folder: Path

    def wrong(self, path: tuple[str | int, ...], problem: str) -> ConfigurationError:
        line = line_of(self.text, path)
        where = self.name if line is None else f"{self.name} line {line}"
        return ConfigurationError(f"{where}: {_dotted(path)} {problem}.")


def load_businesses(path: Path, caps: Mapping[str, int]) -> Businesses:
    """The businesses of a file, or of every `*.toml` in a folder.

    `caps` holds calls per day by business id and wins over the files. Raises ConfigurationError with one sentence.
    """
    found: dict[str, Business] = {}
    taken: dict[tuple[str, str], str] = {}
    for file in _files(path):
        source = _read(file)
        for business_id, table in _parse(source).businesses.items():
            if business_id in found:
                raise source.wrong(("businesses", business_id), "is a business that another file has already")
            _claim(source, business_id, table, taken)
            found[business_id] = _business(business_id, table, caps, _documents(source, business_id, table))
    for business_id in caps:
        if business_id not in found:
            raise ConfigurationError(
                f'{CAPS_VARIABLE} names "{business_id}", which is no business; businesses are: {", ".join(found)}.'
            )
    return Businesses(found)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.glob("*.toml") if not file.name.startswith("."))
    if not files:
        raise ConfigurationError(f"READBACK_BUSINESSES is {path}, a folder without any business file (*.toml).")
    return files


def _read(file: Path) -> _Source:
    try:
        return _Source(file.name, file.read_text(encoding="utf-8-sig"), file.parent)
    except OSError as error:
        raise ConfigurationError(f"READBACK_BUSINESSES: {file.absolute()} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise ConfigurationError(f"READBACK_BUSINESSES: {file} is not UTF-8 text.") from None


def _parse(source: _Source) -> FileTable:
    try:
        content = tomllib.loads(source.text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigurationError(f"{source.name} is not valid TOML: {error}.") from None
    try:
        return FileTable.model_validate(content)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        first = next(
            (e for e in errors if e["type"] == "extra_forbidden"), errors[0]
        )  # a misspelt key also goes missing
        path = tuple(part for part in first["loc"] if part != "[key]")
        cause = first.get("ctx", {}).get("error")
        if isinstance(cause, WrongKeyError):
            path += cause.path
        raise source.wrong(path, _problem(first["type"], str(cause or first["msg"]), path, first)) from None


def _problem(kind: str, message: str, path: tuple[str | int, ...], error: Any) -> str:
    """What is wrong with a key, in words that follow its name."""
    match kind:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return f"is a key nobody here knows; known are: {', '.join(_known(path))}"
        case "too_short":
            return "must have at least one entry"
        case "int_type" | "int_from_float":
            return "must be a whole number"
        case "string_type":
            return "must be text in quotes"
        case "list_type":
            return "must be a list"
        case "dict_type" | "model_type" | "model_attributes_type":
            return "must be a table"
        case "greater_than_equal":
            return f"must be at least {error['ctx']['ge']}"
        case "less_than_equal":
            return f"must be at most {error['ctx']['le']}"
        case _:
            return message


def _known(path: tuple[str | int, ...]) -> list[str]:
    """The keys of the table in which `path` ends."""
    parents = [part for part in path[:-1] if isinstance(part, str)]
    tables: dict[str, type[Table]] = {
        "services": ServiceTable, "technicians": TechnicianTable, "transfers": TransferTable, "hours": HoursTable,
        "crm": CrmTable,
    }  # fmt: skip
    if not parents:
        return list(FileTable.model_fields)
    return list((tables[parents[-1]] if len(parents) > 2 else BusinessTable).model_fields)


def _claim(source: _Source, business_id: str, table: BusinessTable, taken: dict[tuple[str, str], str]) -> None:
    """Note whose the lines and assistants are; a request must never have two businesses to go to."""
    for key, values in (("lines", table.lines), ("vapi_assistants", table.vapi_assistants)):
        for value in values:
            owner = taken.setdefault((key, value), business_id)
            if owner != business_id or values.count(value) > 1:
                other = f'which business "{owner}" has already' if owner != business_id else "twice"
                raise source.wrong(("businesses", business_id, key), f'names "{value}", {other}')


def _documents(source: _Source, business_id: str, table: BusinessTable) -> Path | None:
    """The folder with the business's documents, from where the file is. Not named, it is `documents/<id>` if there."""
    if table.documents is None:
        usual = source.folder / USUAL_DOCUMENTS / business_id
        return usual if usual.is_dir() else None
    folder = source.folder / table.documents
    if not folder.is_dir():
        raise source.wrong(("businesses", business_id, "documents"), f'names "{table.documents}", which is no folder')
    return folder


def _business(business_id: str, table: BusinessTable, caps: Mapping[str, int], documents: Path | None) -> Business:
    hours = table.hours.weekly()
    closed = frozenset(table.closed)
    return Business(
        id=business_id,
        name=table.name,
        zone=table.time_zone,
        lines=tuple(table.lines),
        hours=hours,
        services=tuple(Service(**service.model_dump()) for service in table.services),
        technicians=tuple(_technician(business_id, entry, hours, closed) for entry in table.technicians),
        vapi_assistants=tuple(table.vapi_assistants),
        closed=closed,
        minimum_notice_minutes=table.minimum_notice_minutes,
        booking_window_days=table.booking_window_days,
        slot_step_minutes=table.slot_step_minutes,
        person=table.person,
        transfers=tuple(Destination(t.number, t.hours.weekly() if t.hours else None) for t in table.transfers),
        page=tuple(table.page),
        daily_call_cap=caps.get(business_id, table.daily_call_cap),
        crm=table.crm.account() if table.crm else None,
        documents=documents,
        reviewed=frozenset(table.reviewed),
        live_since=table.live_since,
    )


def _technician(business_id: str, entry: TechnicianTable, hours: WeeklyHours, closed: frozenset[date]) -> Technician:
    """Own hours replace the business's as a whole; own closed days come on top of the business's."""
    scheme, _, name = entry.calendar.partition(":")
    return Technician(
        id=entry.id,
        name=entry.name,
        calendar=f"{scheme}:{business_id}/{name}" if scheme == "embedded" else entry.calendar,
        services=tuple(dict.fromkeys(entry.services)),
        hours=hours if entry.hours is None else entry.hours.weekly(),
        closed=closed | frozenset(entry.closed),
    )


def _dotted(path: tuple[str | int, ...]) -> str:
    """`businesses.acme.technicians[0].services`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
