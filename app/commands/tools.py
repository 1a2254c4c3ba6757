"""`readback tools`: what a platform has to be told about the tools, to be pasted or sent there; no secret is in it."""

import json
from argparse import Namespace
from typing import Any, cast

from app.booking.front import Front
from app.calls.handover import Handover
from app.commands.answers import HOLDS, say
from app.dialects.tool_settings import PLATFORMS, Place, settings
from app.errors import ConfigurationError
from app.settings import from_environment
from tools import tools


def add(commands: Any) -> None:
    parser = commands.add_parser("tools", help="the tools as a platform's own settings", description=_show.__doc__)
    parser.add_argument("--platform", required=True, choices=PLATFORMS, help="whose form")
    parser.add_argument("--json", action="store_true", help="answer with one JSON document")
    parser.set_defaults(run=_show)


def _show(asked: Namespace) -> int:
    """Print every tool as the platform's own JSON, with its spoken fillers and READBACK_PUBLIC_URL in it.

    What has to be replaced by the platform's name for a secret is written REPLACE_ME.
    """
    chosen = from_environment()
    if chosen.public_url is None:
        raise ConfigurationError("READBACK_PUBLIC_URL is not set; it is the address that the platform has to call.")
    place = Place(chosen.public_url, chosen.tool_deadline_ms)
    listed = tools(cast(Front, None), cast(Handover, None))  # they are described here, and never run
    told = settings(asked.platform, listed, place)
    say(asked, told, "\n\n".join(json.dumps(one, indent=2, ensure_ascii=False) for one in told))
    return HOLDS
