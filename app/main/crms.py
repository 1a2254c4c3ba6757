"""The CRM of each business that has one."""

from functools import partial

from app import metrics
from app.adapters.breaker import Breaker
from app.adapters.crm_hubspot import CrmHubspot
from app.adapters.crm_webhook import CrmWebhook, signing_key
from app.booking.business import Businesses, CrmAccount
from app.clock import Clock
from app.settings import Settings


def crms(settings: Settings, businesses: Businesses, clock: Clock) -> dict[str, CrmWebhook | CrmHubspot]:
    """By business id; each with a breaker of its own. To be closed by whoever asked."""
    accounts = {business.id: business.crm for business in businesses.by_id.values() if business.crm}
    return {name: _crm(name, account, settings, clock) for name, account in accounts.items()}


def _crm(business_id: str, account: CrmAccount, settings: Settings, clock: Clock) -> CrmWebhook | CrmHubspot:
    secret = settings.crm_secrets[business_id].get_secret_value()
    breaker = Breaker(clock, partial(metrics.set_breaker, f"crm:{business_id}"))
    if account.kind == "hubspot":
        return CrmHubspot(account.url, secret, breaker, clock)
    return CrmWebhook(account.url, account.read_back_url, signing_key(secret) or b"", breaker, clock)
