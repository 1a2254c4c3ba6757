"""The doctor on who calls us: where Vapi and Twilio send to, and whether Vapi's settings are as they were applied.

It only reads, and of an address that leads elsewhere it shows the host and path.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from app.adapters.probes import asked
from app.adapters.vapi_records import VapiRecords
from app.main.doctor.examination import AilingError, Check, LeftOutError, Patient
from app.main.doctor.inside import ready
from app.main.doctor.neighbours import said
from app.main.provisioning import OnceBooks, desired, platform, sealer
from app.provisioning.book import baselines
from app.provisioning.desired import Record
from app.provisioning.diff import harmful
from app.provisioning.drift import drifts
from app.provisioning.platform import Document, GoneError, Key, Kind
from app.provisioning.rules import name_of
from app.provisioning.sealing import Sealer
from app.settings import Settings
from app.watch.declared_shapes import TWILIO_NUMBERS

VAPI: Final = "/vapi"
SMS: Final = "/twilio/sms"
PLATFORM_S: Final = 45.0
"""Several lists of an account, some of them asked twice."""
IN_A_PAGE: Final = 200
MOST_PAGES: Final = 50
MOST_NAMED: Final = 3
"""Of what is wrong; the command that mends it tells the rest."""
NOTHING_OF_OURS: Final = "nothing was applied with `readback settings`, so nobody knows what is ours there"


class _Account(NamedTuple):
    """Vapi's account, and what of it is ours: what was applied, and what files ask for."""

    records: VapiRecords
    seals: Sealer
    books: OnceBooks
    wanted: tuple[Record, ...]


def webhook_checks(patient: Patient) -> Iterator[Check]:
    """Where each platform sends to, and how it is set."""
    environment = patient.settings.platform_environment
    yield Check(
        "vapi settings",
        lambda: _vapi_settings(patient.settings),
        f"See `readback settings drift --environment {environment}`.",
        PLATFORM_S,
    )
    yield Check(
        "vapi webhooks",
        lambda: _vapi_webhooks(patient.settings),
        "Check READBACK_PUBLIC_URL and server_url in READBACK_PLATFORM, then `readback settings apply --environment "
        f"{environment}`.",
        PLATFORM_S,
    )
    yield Check(
        "twilio webhooks",
        lambda: _twilio_webhooks(patient),
        "Have incoming messages of these numbers posted there, on console.twilio.com, Phone numbers.",
        PLATFORM_S,
    )


@asynccontextmanager
async def _account(settings: Settings) -> AsyncIterator[_Account]:
    """Raises `LeftOutError` without a key, or without the database that says what was applied."""
    if settings.vapi_api_key is None:
        raise LeftOutError("VAPI_API_KEY is not set")
    await asyncio.to_thread(ready, settings.database_url)
    seals = await asyncio.to_thread(sealer, settings)
    named = "platform" in settings.model_fields_set
    wanted = desired(settings, settings.platform_environment, seals).records if named else ()
    async with platform(settings) as records:
        yield _Account(records, seals, OnceBooks(settings.database_url), wanted)


async def _vapi_settings(settings: Settings) -> str:
    """Every record against its baseline, as the watch over settings compares them."""
    environment = settings.platform_environment
    async with _account(settings) as account:
        found = await drifts(account.records, account.books, account.seals, environment, time.time())
        known = {base.snapshot.place.key for base in await account.books.read(lambda c: baselines(c, environment))}
    without = [str(record.key) for record in account.wanted if record.key not in known]
    if unseen := [drift for drift in found if drift.unseen]:
        raise AilingError(f"{unseen[0].unseen} ({_some([str(drift.place.key) for drift in unseen])})")
    if applying := [str(drift.place.key) for drift in found if drift.applying]:
        raise AilingError(f"being applied just now: {_some(applying)}", "Look again in a minute.")
    changed = [drift for drift in found if drift.drifted]
    if changed:
        told = [
            f"{drift.place.key} ({'gone' if drift.gone else ', '.join(each.name for each in harmful(drift.found))})"
            for drift in changed
        ]
        raise AilingError(
            f"changed since they were applied: {_some(told)}", f"If nobody meant it: {changed[0].remedy()}."
        )
    if without:
        raise AilingError(
            f"never applied, so nobody would notice a change: {_some(without)}",
            f"See `readback settings plan --environment {environment}`, then apply it.",
        )
    if not found:
        raise LeftOutError(NOTHING_OF_OURS)
    return f"{len(found)} records are as they were applied"


async def _vapi_webhooks(settings: Settings) -> str:
    here = _here(settings, VAPI)
    async with _account(settings) as account:
        ours = await _ours(account, settings.platform_environment)
        astray, unproven = [], []
        for key, record in ours.items():
            if not _leads(_server(record), here) or _proves_nothing(key, record):
                record = await _whole(account.records, key, record)
                if not _leads(_server(record), here):
                    astray.append(f"{key} {_shown(_server(record))}")
                elif _proves_nothing(key, record):
                    unproven.append(str(key))
    if not ours:
        raise LeftOutError(NOTHING_OF_OURS)
    if astray:
        raise AilingError(f"not to {here}: {_some(astray)}")
    if unproven:
        environment = settings.platform_environment
        raise AilingError(
            f"without a credential, so that we refuse them: {_some(unproven)}",
            f"Put the id of Vapi's custom credential into READBACK_PLATFORM, as `credential` of "
            f"[environments.{environment}], then `readback settings apply --environment {environment}`.",
        )
    return f"{len(ours)} records lead to {here}"


async def _ours(account: _Account, environment: str) -> dict[Key, Document]:
    """Records as they are listed; one that is gone is told by the check of settings."""
    bases = await account.books.read(lambda c: baselines(c, environment))
    ids = {record.key: record.record_id for record in account.wanted} | {
        base.snapshot.place.key: base.record_id for base in bases
    }
    names = {record.key: record.match for record in account.wanted}
    found = {}
    for kind in dict.fromkeys(key.kind for key in ids):
        listed = await account.records.listed(kind)
        for key in (key for key in ids if key.kind is kind):
            for record in listed:
                if record.get("id") == ids[key] if ids[key] else name_of(kind, record) == names[key]:
                    found[key] = record
    return found


async def _twilio_webhooks(patient: Patient) -> str:
    """Where texts to our lines are posted; what became of ours is reported to the address that each takes along."""
    settings = patient.settings
    here = _here(settings, SMS)
    lines = {line for business in patient.businesses.by_id.values() for line in business.lines}
    numbers = {number: record async for number, record in _numbers(settings) if number in lines}
    if not numbers:
        raise AilingError(
            "no line of a business is a number of this account, so no text comes in",
            "Put the account's numbers into `lines` of their business.",
        )
    astray = [f"{number} {why}" for number, record in sorted(numbers.items()) if (why := _astray(record, here))]
    if astray:
        raise AilingError(f"not to {here}: {_some(astray)}")
    return f"texts to {len(numbers)} of {len(lines)} lines are posted to {here}"


async def _numbers(settings: Settings) -> AsyncIterator[tuple[str, Mapping[str, Any]]]:
    """Every number of the account. Raises `AilingError` for what is no list of them."""
    sid = settings.twilio_account_sid
    if sid is None:
        raise LeftOutError("TWILIO_ACCOUNT_SID is not set")
    auth = _credentials(settings, sid)
    path = f"/2010-04-01/Accounts/{sid}/IncomingPhoneNumbers.json?PageSize={IN_A_PAGE}"
    for _ in range(MOST_PAGES):
        answer = await asked("GET", f"{settings.twilio_api_url}{path}", auth=auth)
        told = answer.read(TWILIO_NUMBERS)
        page = told if answer.status == 200 and isinstance(told, dict) else {}
        listed = page.get("incoming_phone_numbers")
        if not isinstance(listed, list) or not all(isinstance(record, dict) for record in listed):
            raise AilingError(said(answer, "a list of numbers"), "See what the check of Twilio says.")
        for record in listed:
            yield str(record.get("phone_number") or ""), record
        path = page.get("next_page_uri") or ""
        if not path.startswith("/"):
            return


def _credentials(settings: Settings, sid: str) -> tuple[str, str]:
    """The key that texts are sent with, else the account's token."""
    if settings.twilio_api_key and settings.twilio_api_secret:
        return settings.twilio_api_key, settings.twilio_api_secret.get_secret_value()
    if settings.twilio_auth_tokens:
        return sid, settings.twilio_auth_tokens[0]
    raise LeftOutError("there is no token and no key")


def _astray(number: Mapping[str, Any], here: str) -> str:
    """Why texts to a number do not reach us; empty when they do. An application has the say over the number's own."""
    if number.get("sms_application_sid"):
        return "is answered by an application of Twilio's"
    url = str(number.get("sms_url") or "")
    if not _leads(url, here):
        return _shown(url)
    method = str(number.get("sms_method") or "POST")
    return "" if method.upper() == "POST" else f"is asked with {method}, not POST"


async def _whole(records: VapiRecords, key: Key, record: Document) -> Document:
    """The record by itself, which a list may have told in short."""
    try:
        return await records.read(key.kind, str(record["id"]))
    except GoneError:
        return record


def _here(settings: Settings, path: str) -> str:
    if not settings.public_url:
        raise LeftOutError("READBACK_PUBLIC_URL is not set")
    return f"{settings.public_url}{path}"


def _server(record: Mapping[str, Any]) -> str:
    server = record.get("server")
    return str((server.get("url") if isinstance(server, Mapping) else None) or record.get("serverUrl") or "")


def _proves_nothing(key: Key, record: Document) -> bool:
    """Whether calls of a record bring no proof along. A tool shows its secret; whether others have one they may say."""
    server = record.get("server")
    brings = isinstance(server, Mapping) and any(server.get(way) for way in ("credentialId", "secret", "headers"))
    return not brings and (key.kind is Kind.TOOL or record.get("isServerUrlSecretSet") is False)


def _leads(url: str, here: str) -> bool:
    """Whether both are one address; what stands after `#` is for whoever calls it."""
    return _address(url) == _address(here)


def _address(url: str) -> tuple[str, str, int | None, str]:
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
        return parts.scheme, parts.hostname or "", port, parts.path
    except ValueError:
        return "", "", None, url


def _shown(url: str) -> str:
    _, host, _, path = _address(url)
    return f"leads to {host}{path}" if host else "names no address"


def _some(told: Sequence[str]) -> str:
    more = [f"and {len(told) - MOST_NAMED} more"] if len(told) > MOST_NAMED else []
    return ", ".join([*told[:MOST_NAMED], *more])
