"""What every process asks of whoever comes in, and who answers them: whatever stands behind the doors."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from app.calls.model import Tool
from app.clock import Clock
from app.settings import Settings
from app.web.ports import Dispatching, Doors, HandingOver, Receiving, Recording


def doors(  # noqa: PLR0913 - the parts of the HTTP side that no process does without
    settings: Settings,
    clock: Clock,
    tools: Sequence[Tool[Any]],
    *,
    dispatcher: Dispatching,
    arrivals: Receiving,
    events: Recording,
    handover: HandingOver,
) -> Doors:
    """The doors, with every secret of the settings; what else there is behind them is added by the caller."""
    token = settings.admin_token
    return Doors(
        dispatcher=dispatcher,
        arrivals=arrivals,
        events=events,
        handover=handover,
        clock=clock,
        tools=tools,
        vapi_secrets=settings.vapi_secrets,
        vapi_hmac_secrets=settings.vapi_hmac_secrets,
        tools_secrets=settings.tools_secrets,
        platform_keys=settings.platform_keys,
        twilio_tokens=settings.twilio_auth_tokens,
        public_url=settings.public_url,
        admin_token=token.get_secret_value() if token else None,
        version=version("readback"),
    )
