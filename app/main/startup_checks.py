"""What must be right before anything starts: each thing that is wrong is one sentence."""

from typing import Final

from app.adapters.crm_webhook import signing_key
from app.adapters.own_line import way_in
from app.adapters.receivers import check_url
from app.booking.business import Business, Businesses
from app.booking.open_hours import longest_stretch
from app.booking.synthetic import asked
from app.errors import ConfigurationError
from app.main.page_receivers import unreached
from app.settings import Settings

ROUTES: Final = ("/vapi", "/twilio/sms", "/tools", "/mcp")
"""What platforms are given, and what is easily taken for our address."""
MOST_NAMED: Final = 5


def check_pages(settings: Settings, businesses: Businesses) -> None:
    """Every notification URL can be read."""
    for url in settings.page_urls:
        if problem := check_url(url):
            raise ConfigurationError(f"READBACK_PAGE_URLS: {problem}")
    for business in businesses.by_id.values():
        for url in business.page:
            if problem := check_url(url):
                raise ConfigurationError(f"READBACK_BUSINESSES: page of business {business.id}: {problem}")


def check_crms(settings: Settings, businesses: Businesses) -> None:
    """Every CRM has a secret of the right form, and every secret a business; no secret is repeated."""
    for business_id in settings.crm_secrets:
        if business_id not in businesses.by_id:
            raise ConfigurationError(f'READBACK_CRM_SECRETS names "{business_id}", which is no business.')
    for business in businesses.by_id.values():
        if business.crm is None:
            continue
        if business.id not in settings.crm_secrets:
            raise ConfigurationError(f"READBACK_CRM_SECRETS has no secret for business {business.id}, which has a crm.")
        if business.crm.kind == "webhook" and not signing_key(settings.crm_secrets[business.id].get_secret_value()):
            raise ConfigurationError(
                f"READBACK_CRM_SECRETS: the secret of business {business.id} must be whsec_ and the base64 of 24 to "
                "64 bytes."
            )


def check_credentials(settings: Settings) -> None:
    """Files and lines of credentials, which each process reads again: wrong, they must not get that far."""
    if settings.google_credentials is not None:
        from app.adapters.google_credentials import load_account  # noqa: PLC0415 - a third of a second that most spare

        load_account(settings.google_credentials, settings.google_token_url)
    if (settings.twilio_api_key is None) != (settings.twilio_api_secret is None):
        raise ConfigurationError("TWILIO_API_KEY and TWILIO_API_SECRET go together: set both of them, or neither.")
    if settings.caldav_credentials is not None:
        from app.adapters.caldav_credentials import load_credentials  # noqa: PLC0415 - as above

        load_credentials(settings.caldav_credentials.get_secret_value())


def check_synthetic(settings: Settings, businesses: Businesses) -> None:
    """A synthetic call has somebody to ask and a secret to be let in with, where one is to be made."""
    if settings.synthetic_line or settings.synthetic_technician or settings.synthetic_every_s:
        asked(businesses, settings.synthetic_line, settings.synthetic_technician)
    if settings.synthetic_every_s:
        way_in(settings.vapi_secrets, settings.vapi_hmac_secrets, settings.tools_secrets)


def warnings(settings: Settings, businesses: Businesses) -> list[str]:
    """What works, but not as its operator may hope."""
    found = [
        f"vapi_assistants of business {business.id} is empty: a call that asks who answers it hears an apology."
        for business in businesses.by_id.values()
        if not business.vapi_assistants
    ]
    found += [sentence for business in businesses.by_id.values() for sentence in _never_offered(business)]
    if not settings.vapi_secrets and not settings.vapi_hmac_secrets:
        found.append("READBACK_VAPI_SECRETS is not set: /vapi refuses every request.")
    if not settings.tools_secrets:
        found.append("READBACK_TOOLS_SECRETS is not set: /tools refuses every request.")
    ends = next((route for route in ROUTES if (settings.public_url or "").endswith(route)), None)
    if ends is not None:
        found.append(
            f"READBACK_PUBLIC_URL ends in {ends}, which is put behind it anyhow: it must be the address before that."
        )
    if lacking := unreached(settings, businesses):
        found.append(lacking.sentence)
    found += _about_texting(settings)
    return found + _without_password(settings, businesses)


def _without_password(settings: Settings, businesses: Businesses) -> list[str]:
    """Whose CalDAV calendars the list of credentials says nothing of."""
    urls = {
        f"{technician.id} of business {business.id}": technician.calendar.removeprefix("caldav:")
        for business in businesses.by_id.values()
        for technician in business.technicians
        if technician.calendar.startswith("caldav:")
    }
    if not urls:
        return []
    if settings.caldav_credentials is None:
        return ["READBACK_CALDAV_CREDENTIALS is not set: caldav calendars are asked without a password."]
    from app.adapters.caldav_credentials import load_credentials  # noqa: PLC0415 - who has none starts without a client
    from app.adapters.caldav_transport import CaldavTransport  # noqa: PLC0415 - as above

    transport = CaldavTransport(load_credentials(settings.caldav_credentials.get_secret_value()))
    whose = [who for who, url in urls.items() if not transport.knows(url)]
    if not whose:
        return []
    named = ", ".join(whose[:MOST_NAMED]) + (f" and {len(whose) - MOST_NAMED} more" if whose[MOST_NAMED:] else "")
    return [f"READBACK_CALDAV_CREDENTIALS has no line at or above the calendar of {named}: asked without a password."]


def _never_offered(business: Business) -> list[str]:
    """Services that no customer can book, whatever is free."""
    found = []
    for service in business.services:
        able = business.technicians_for(service)
        if not able:
            found.append(f"Nobody does {service.id} at business {business.id}: whoever asks for it hears so.")
        elif service.minutes > max(longest_stretch(technician.hours) for technician in able):
            why = f"nobody who does it works {service.minutes} minutes at a stretch"
            found.append(f"{service.id} of business {business.id} is never offered: {why}.")
    return found


def _about_texting(settings: Settings) -> list[str]:
    """What is missing of texting, where some of it is there."""
    able = settings.twilio_auth_tokens or (settings.twilio_api_key and settings.twilio_api_secret)
    if not able and settings.twilio_account_sid is None:
        return []
    found = []
    if settings.twilio_account_sid is None:
        found.append("TWILIO_ACCOUNT_SID is not set: no text is sent.")
    elif not able:
        found.append("TWILIO_AUTH_TOKEN is not set, nor TWILIO_API_KEY and TWILIO_API_SECRET: no text is sent.")
    if not settings.twilio_auth_tokens:
        found.append("TWILIO_AUTH_TOKEN is not set: /twilio refuses every request, so no text comes in.")
    if settings.public_url is None:
        found.append("READBACK_PUBLIC_URL is not set: /twilio refuses every request, so no text comes in.")
    return found
