"""`readback sign-in`: a way to the sign-in form that strangers cannot bar, for whoever is on the machine."""

import time
from argparse import Namespace
from typing import Any

from app.audit.log import record, seal
from app.commands.answers import HOLDS, operator, say
from app.dashboard.browsers import PASS_LASTS_S, PASSES, Browsers
from app.dashboard.door import SIGN_IN
from app.db.once import committing
from app.db.secrets import INSTALLATION, shared_secret
from app.settings import from_environment


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "sign-in", help="an address to sign in at while somebody's attempts keep you out", description=_sign_in.__doc__
    )
    parser.add_argument("--json", action="store_true", help="answer with one JSON document")
    parser.set_defaults(run=_sign_in)


def _sign_in(asked: Namespace) -> int:
    """Print an address that gives the first browser in which it is opened attempts to sign in of its own. It still
    takes the admin token.
    """
    settings, now = from_environment(), time.time()
    mark = Browsers(shared_secret(settings.database_url, INSTALLATION), PASSES).marked(now, PASS_LASTS_S)
    with committing(settings.database_url, seal) as transaction:
        record(transaction, "sign_in_address_made", at=now, by=operator())
    address = f"{settings.reached_at}{SIGN_IN}?browser={mark}"
    plain = f"Open this within {PASS_LASTS_S // 60} minutes in the browser that is kept out; it opens once:\n{address}"
    say(asked, {"address": address, "lasts_s": PASS_LASTS_S}, plain)
    return HOLDS
