"""`readback tools`: what a platform has to be told about the tools, to be pasted or sent there; no secret is in it."""

import json
from argparse import Namespace
from typing import Any, Final

from app.commands.answers import HOLDS, say
from app.dialects.tool_settings import PLATFORMS, REPLACE, Place, settings
from app.errors import ConfigurationError
from app.main.provisioning import described
from app.provisioning.tool_settings import Deadlines, server_settings, speech_of, tool_settings
from app.settings import from_environment

VAPI: Final = "vapi"


def add(commands: Any) -> None:
    parser = commands.add_parser("tools", help="the tools as a platform's own settings", description=_show.__doc__)
    parser.add_argument("--platform", required=True, choices=(*PLATFORMS, VAPI), help="whose form")
    parser.add_argument("--json", action="store_true", help="answer with one JSON document")
    parser.set_defaults(run=_show)


def _show(asked: Namespace) -> int:
    """Print every tool as the platform's own JSON, with its spoken fillers and READBACK_PUBLIC_URL in it.

    What has to be replaced by the platform's name for a secret is written REPLACE_ME.
    """
    chosen = from_environment()
    if chosen.public_url is None:
        raise ConfigurationError("READBACK_PUBLIC_URL is not set; it is the address that the platform has to call.")
    if asked.platform == VAPI:
        told = _as_applied(chosen.public_url, Deadlines(chosen.tool_deadline_ms))
    else:
        told = settings(asked.platform, described(), Place(chosen.public_url, chosen.tool_deadline_ms))
    say(asked, told, "\n\n".join(json.dumps(one, indent=2, ensure_ascii=False) for one in told))
    return HOLDS


def _as_applied(url: str, deadlines: Deadlines) -> list[dict[str, Any]]:
    """What `readback settings apply` makes of the same tools."""
    server = server_settings(f"{url}/vapi", deadlines.timeout_s, REPLACE)
    return [tool_settings(tool, server, speech_of(tool, {}), deadlines) for tool in described()]
