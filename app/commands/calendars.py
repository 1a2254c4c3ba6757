"""`readback calendars`: where the technicians' calendars are, and where a phone subscribes to an embedded one."""

from argparse import Namespace
from typing import Any

from app.booking.business_file import load_businesses
from app.booking.feeds import FEED_SECRET, SCHEME, subscriptions
from app.commands.answers import HOLDS, say
from app.db.secrets import replace_secret, shared_secret
from app.settings import Settings, from_environment


def add(commands: Any) -> None:
    parser = commands.add_parser("calendars", help="where the technicians' calendars are, and where to subscribe")
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    for name, run in (("list", _list), ("new-addresses", _new_addresses)):
        action = actions.add_parser(name, help=run.__doc__, description=run.__doc__)
        action.add_argument("--json", action="store_true", help="answer with one JSON document")
        action.set_defaults(run=run)


def _list(asked: Namespace) -> int:
    """Every technician's calendar, and for an embedded one the secret address a phone can subscribe to."""
    chosen = from_environment()
    businesses = load_businesses(chosen.businesses, chosen.daily_call_caps)
    secret = shared_secret(chosen.database_url, FEED_SECRET)
    addresses = {f"{SCHEME}{one.calendar}": _feed_url(chosen, one.key) for one in subscriptions(businesses, secret)}
    told = [
        {
            "business": business.id,
            "technician": technician.id,
            "calendar": technician.calendar,
            "feed": addresses.get(technician.calendar),
        }
        for business in businesses.by_id.values()
        for technician in business.technicians
    ]
    lines = (f"{row['business']} {row['technician']} {row['calendar']} {row['feed'] or '-'}" for row in told)
    say(asked, told, "\n".join(lines))
    return HOLDS


def _feed_url(chosen: Settings, key: str) -> str:
    """Where a phone finds the feed with this key."""
    return f"{chosen.reached_at}/calendars/{key}.ics"


def _new_addresses(asked: Namespace) -> int:
    """Give every feed a new address, as when one got into wrong hands; the old ones end when the server restarts."""
    chosen = from_environment()
    replace_secret(chosen.database_url, FEED_SECRET)
    plain = "Every feed has a new address. Restart the server, then subscribe again with what `calendars list` shows."
    say(asked, {"restart": True}, plain)
    return HOLDS
