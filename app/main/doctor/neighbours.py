"""The doctor on neighbours: clock, public address, Vapi, Twilio, CRMs, language models. Nothing is changed at any."""

import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from typing import Final

from app.adapters.crm_hubspot import CrmHubspot
from app.adapters.crm_webhook import CrmWebhook
from app.adapters.models import ProviderModel, Providers, named
from app.adapters.probes import Answered, ProbeError, asked
from app.booking.crm import BOOKED, Absent, Copy, Unknown, Unreadable
from app.booking.store import Booking
from app.inference.model import Message, ModelError, ModelName, Question
from app.main.crms import crms
from app.main.doctor.examination import AilingError, Check, LeftOutError, Patient
from app.main.model_path import accesses, grader
from app.main.startup_checks import check_crms
from app.settings import Settings
from app.watch.declared_shapes import OWN_HEALTH, TWILIO_ACCOUNT, TWILIO_MESSAGES
from app.watch.spoken_shapes import VAPI_LIST

MOST_SKEW_S: Final = 30.0
"""Signatures are refused at 300 s and tokens at less; somebody should know long before."""
CLOCK_S: Final = 4.0
CRM_S: Final = 10.0
MODEL_S: Final = 25.0
TINY_TOKENS: Final = 200
REFUSED: Final = (401, 403)
OURS: Final = "Check READBACK_PUBLIC_URL, its DNS, certificate and proxy, and that the server runs."
SHAPE: Final = {"type": "object", "properties": {"reply": {"type": "string"}}, "required": ["reply"]}


def neighbour_checks(patient: Patient) -> list[Check]:
    """Everybody whom the environment and the business file name."""
    settings = patient.settings
    return [
        Check("clock", lambda: _clock(settings), "Have this machine's clock set (NTP); signatures and tokens need it."),
        Check("public address", lambda: _public(settings), OURS, unreached=OURS),
        Check("vapi", lambda: _vapi(settings), "Check VAPI_API_KEY (the private key) on dashboard.vapi.ai."),
        Check(
            "twilio",
            lambda: _twilio(settings),
            "Check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, or TWILIO_API_KEY and TWILIO_API_SECRET.",
        ),
        *_crms(patient),
        *_models(patient),
    ]


def said(answer: Answered, wanted: str) -> str:
    """What is the matter with an answer that was to be `wanted`."""
    return f"refused with {answer.status}" if answer.status in REFUSED else f"{answer.status}, not {wanted}"


def _upstreams(settings: Settings) -> Iterator[tuple[str, str]]:
    """Addresses of others that tell the time, the likeliest first."""
    if settings.twilio_account_sid:
        yield "Twilio", settings.twilio_api_url
    if settings.vapi_api_key:
        yield "Vapi", settings.vapi_api_url
    if settings.google_credentials or settings.google_api_url:
        yield "Google", settings.google_api_url or "https://www.googleapis.com"
    for name, access in accesses(settings).items():
        if access.known:
            yield name, access.base_url
    if any(url.startswith("pagerduty:") for url in settings.page_urls):
        yield "PagerDuty", settings.pagerduty_api_url


async def _clock(settings: Settings) -> str:
    without = "no neighbour is configured that tells the time"
    for name, url in _upstreams(settings):
        began = time.time()
        try:
            answer = await asked("GET", url, within_s=CLOCK_S)
        except ProbeError:  # of that its own check tells; another one may tell the time
            without = "no neighbour that tells the time answers"
            continue
        ended = time.time()
        if answer.clock is None:
            without = "no neighbour tells the time with its answer"
            continue
        # Their clock is in whole seconds, cut off, and was read at some time between the two of ours.
        ahead_s = max(began - answer.clock - 1.0, answer.clock - ended, 0.0)
        if ahead_s > MOST_SKEW_S:
            way = "ahead of" if began > answer.clock else "behind"
            raise AilingError(f"it is {ahead_s:.0f} s {way} that of {name}")
        return f"within {max(ahead_s, 1.0):.0f} s of that of {name}"
    raise LeftOutError(without)


async def _public(settings: Settings) -> str:
    """Alive, and ours: what our secret opens there is no other installation. No tool is called: somebody's line would
    have to be named, or an unknown one would page.
    """
    if not settings.public_url:
        raise LeftOutError("READBACK_PUBLIC_URL is not set")
    answer = await asked("GET", f"{settings.public_url}/healthz")
    if answer.status != 200 or answer.read(OWN_HEALTH) != {"status": "ok"}:
        raise AilingError(f"/healthz answers {answer.status}, and not as a Readback does")
    if not settings.tools_secrets:
        return "/healthz answers; READBACK_TOOLS_SECRETS is not set, so not seen whether it is this installation"
    headers = {"authorization": f"Bearer {settings.tools_secrets[0]}"}
    status = (await asked("GET", f"{settings.public_url}/tools", headers=headers)).status
    if status != 200:
        raise AilingError(
            f"/healthz answers, but our secret gets {status}", "See whether another installation answers there."
        )
    return "/healthz answers, and our secret is taken"


async def _vapi(settings: Settings) -> str:
    if settings.vapi_api_key is None:
        raise LeftOutError("VAPI_API_KEY is not set")
    headers = {"authorization": f"Bearer {settings.vapi_api_key.get_secret_value()}"}
    answer = await asked("GET", f"{settings.vapi_api_url}/assistant?limit=1", headers=headers)
    if not isinstance(answer.read(VAPI_LIST, named="records"), list) or answer.status != 200:
        raise AilingError(said(answer, "a list of assistants"))
    return "the key is taken"


async def _twilio(settings: Settings) -> str:
    """The account with its token; an API key may not read the account, so it lists one message instead."""
    sid = settings.twilio_account_sid
    if sid is None:
        raise LeftOutError("TWILIO_ACCOUNT_SID is not set")
    account = f"{settings.twilio_api_url}/2010-04-01/Accounts/{sid}"
    seen = []
    if settings.twilio_auth_tokens:
        answer = await asked("GET", f"{account}.json", auth=(sid, settings.twilio_auth_tokens[0]))
        told = answer.read(TWILIO_ACCOUNT)
        if answer.status != 200 or not isinstance(told, dict):
            raise AilingError(f"the account with TWILIO_AUTH_TOKEN: {said(answer, 'an account')}")
        if told.get("status") != "active":
            raise AilingError("the account is not active", "See console.twilio.com why it is suspended or closed.")
        seen.append("the account is active")
    if settings.twilio_api_key and settings.twilio_api_secret:
        key = (settings.twilio_api_key, settings.twilio_api_secret.get_secret_value())
        answer = await asked("GET", f"{account}/Messages.json?PageSize=1", auth=key)
        answer.read(TWILIO_MESSAGES)
        if answer.status != 200:
            raise AilingError(f"TWILIO_API_KEY: {said(answer, 'messages')}")
        seen.append("the API key is taken")
    if not seen:
        raise AilingError("there is no token and no key, so no text is sent")
    return ", ".join(seen)


def _crms(patient: Patient) -> Iterator[Check]:
    for business in patient.businesses.by_id.values():
        if business.crm is not None:
            remedy = f"Check crm of business {business.id} and its secret in READBACK_CRM_SECRETS."
            yield Check(f"crm of {business.id}", _crm(patient, business.id), remedy)


def _crm(patient: Patient, business_id: str) -> Callable[[], Awaitable[str]]:
    async def run() -> str:
        check_crms(patient.settings, patient.businesses)
        every = crms(patient.settings, patient.businesses, patient.clock)
        try:
            return await _looked_up(patient, business_id, every[business_id])
        finally:
            for crm in every.values():
                await crm.aclose()

    return run


async def _looked_up(patient: Patient, business_id: str, crm: CrmWebhook | CrmHubspot) -> str:
    """Ask for a booking that is nowhere: that it is not there is the right answer."""
    found = await crm.read(_nobodys(business_id, patient.clock.now()), within_s=CRM_S)
    if isinstance(found, Absent):
        return "it answers, and takes our credentials"
    if isinstance(found, Unreadable):
        account = patient.businesses.by_id[business_id].crm
        status = (await asked("HEAD", account.url if account else "")).status
        if status >= 500 or status in REFUSED:
            raise AilingError(f"its receiver answers {status}")
        return f"its receiver answers ({status}); without read_back_url it shows nobody what it has"
    if isinstance(found, Unknown):
        raise AilingError(f"it does not tell: {found.reason}")
    raise AilingError("it has a booking that does not exist")


def _nobodys(business_id: str, now: float) -> Copy:
    """A booking that nobody made."""
    at = int(now)
    booking = Booking(
        id=uuid.uuid4().hex,
        reference="DOCTOR",
        business=business_id,
        service="",
        technician="",
        calendar="",
        starts=at,
        ends=at,
        blocked_from=at,
        blocked_to=at,
        status="",
        reason="",
        event_id="",
        etag="",
        call_key="",
        customer_name="",
        phone="",
        caller="",
        email="",
        address="",
        notes="",
        hold_until=now,
        created_at=now,
        updated_at=now,
    )
    return Copy(BOOKED, booking, "", "", now)


def _models(patient: Patient) -> Iterator[Check]:
    asked = named(patient.settings.models, accesses(patient.settings))
    for name in dict.fromkeys((*asked, *grader(patient.settings))):
        variable = f"{name.provider.upper()}_API_KEY"
        named_in = "READBACK_MODELS" if name in asked else "READBACK_GRADER_MODEL"
        remedy = f"Check {variable}, its account's credit, and {named_in}."
        yield Check(f"model {name.text}", _model(patient, name), remedy, MODEL_S + 5.0)


def _model(patient: Patient, name: ModelName) -> Callable[[], Awaitable[str]]:
    async def run() -> str:
        if not patient.spend:
            raise LeftOutError("not asked, for it costs money; --spend asks one tiny question")
        providers = Providers(accesses(patient.settings))
        question = Question("Hand in the word ok.", (Message("customer", "ok?"),), (), SHAPE, TINY_TOKENS)
        try:
            answer = await ProviderModel(name, providers).ask(question, MODEL_S)
        except ModelError as error:
            raise AilingError(error.cause) from None
        finally:
            await providers.aclose()
        if answer.usage is None:
            return "it answers, and does not count its tokens: every question costs the most that it can"
        return f"it answers ({answer.usage.input_tokens} and {answer.usage.output_tokens} tokens)"

    return run
