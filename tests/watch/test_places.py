"""Where the matter of a page is: every kind that has a place of its own leads there, and any other to its card."""

from urllib.parse import urlsplit

import pytest

from app.booking import crm_copies, settle, verification
from app.calls import cap_pages, news, owed
from app.dashboard.rendering import SECTIONS
from app.inference import guard
from app.jobs import dead_letters, pile
from app.review import reviews, tasks
from app.watch import figure_watch, incidents, limit_watch, volume
from app.watch.escalation import NEVER, Progress
from app.watch.pages import Kept, Page
from app.watch.places import _PLACES, address, on_dashboard, place_of

ID = "0" * 32
BOOKING = "/dashboard/bookings?reference=RB7K2M"


def kept(kind: str, key: str, business: str = "acme") -> Kept:
    page = Page(kind, key, "t", "b", business)
    return Kept(ID, page, "open", 0.0, 0.0, NEVER, Progress(), "", "", 0.0, "")


@pytest.mark.parametrize(
    ("kind", "key", "path"),
    [
        (reviews.PAGE, "ab12", "/dashboard/reviews#ab12"),
        (tasks.DUE_SOON, "callback:1", "/dashboard/tasks#callback%3A1"),
        (tasks.LATE, "k", "/dashboard/tasks#k"),
        (owed.NOT_DELIVERED, "owed:k", "/dashboard/tasks#owed%3Ak"),
        *[(kind, "RB7K2M", BOOKING) for kind in (*verification.ABOUT_ONE, settle.UNSETTLED_PAGE, "change_unsettled")],
        (news.PAGE, "RB7K2M", BOOKING),
        (crm_copies.MISSING, "RB7K2M", BOOKING),
        (verification.CANNOT_VERIFY_PAGE, "google:dana@acme.example", "/dashboard/bookings?show=doubted"),
        (dead_letters.PAGE, "acme:read_back", "/dashboard/dead-letters"),
        (pile.PAGE, "pile", "/dashboard/dead-letters"),
        (limit_watch.PAGE, "disk", "/dashboard/limits#disk"),
        (cap_pages.NEAR, "acme 2026-11-27 80", "/dashboard/limits#daily_call_cap.acme"),
        (cap_pages.REACHED, "acme 2026-11-27", "/dashboard/limits#daily_call_cap.acme"),
        (figure_watch.PAGE, "tool_p95", "/dashboard/figures"),
        (volume.SILENCE, "acme:+15125550100", "/dashboard/volume?business=acme"),
        (volume.FLOOD, "acme:+15125550100", "/dashboard/volume?business=acme"),
        (incidents.PAGE, "ab12", "/dashboard/incidents?id=ab12"),
        (guard.PAGE, "model_path", "/dashboard/flags"),
        ("redis_down", "redis", f"/dashboard/pages#{ID}"),
    ],
)
def test_each_leads_to_its_own_place(kind: str, key: str, path: str) -> None:
    one = kept(kind, key)
    assert on_dashboard(one) == path
    assert urlsplit(path).path.removeprefix("/dashboard/") in dict(SECTIONS)
    assert address("https://voice.example", one) == f"https://voice.example{path}"
    assert address(None, one) == ""
    assert (place_of(one).what == "the page") is (kind not in _PLACES)


def test_the_cap_of_all_together_is_the_installations() -> None:
    assert on_dashboard(kept(cap_pages.REACHED, "* 2026-11-27", "")) == "/dashboard/limits#daily_call_cap"
