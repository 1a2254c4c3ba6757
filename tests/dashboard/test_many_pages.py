"""However many there are of what people work through, each can be found, and what is open comes first."""

from pathlib import Path

from app.audit.log import seal
from app.dashboard.views import MOST_SHOWN
from app.db.once import committing, looking
from app.review import reviews
from app.review.reviews import Proposal
from app.review.reviews import opened as review_opened
from app.review.tasks import Task
from app.review.tasks import opened as task_opened
from app.watch.incidents import Opening, Said, State
from app.watch.incidents import opened as incident_opened
from app.watch.incidents import said as incident_said
from app.watch.pages import Page, acknowledged, listed, raised, resolved
from tests.dashboard.looking import dashboard, signed_in
from tests.flows.running import ADMIN_TOKEN

NOW = 1_795_000_000.0
MANY = 2 * MOST_SHOWN + 20
END = {"tasks": "9e9_z", "reviews": "9e9_z", "incidents": "999"}


def paged(url: str) -> set[str]:
    """Many pages, several of the same second; the newest and every seventh are in hand. The ids of those."""
    with committing(url, seal) as transaction:
        for number in range(MANY):
            about = Page("calendar_down", f"c{number}", f"Calendar {number} is down", "", "acme")
            raised(transaction, about, now=NOW + number // 3)
    with looking(url) as connection:
        taken = [page.id for place, page in enumerate(listed(connection)) if place < 60 or place % 7 == 0]
    with committing(url, seal) as transaction:
        for page_id in taken:
            acknowledged(transaction, page_id, by="Dana", now=NOW + MANY)
    return set(taken)


async def test_each_page_is_on_one_of_the_pages_and_what_nobody_took_on_the_first(
    database_url: str, tmp_path: Path
) -> None:
    async with dashboard(database_url, tmp_path) as server, signed_in(server) as dana:
        taken = paged(database_url)
        seen, following = [], ""
        while True:
            told = (await server.get(f"/api/pages{following}", ADMIN_TOKEN)).json()
            seen += told["pages"]
            shown = await dana.look(f"pages{following}")
            assert [one["title"] in shown.text for one in told["pages"]] == [True] * len(told["pages"])
            assert told["more"] == (told["next"] is not None) == ("Next 50" in shown.text)
            if not told["more"]:
                break
            following = f"?after={told['next']}"
            assert following.removeprefix("?") in shown.text
    seen = [one for one in seen if one["kind"] == "calendar_down"]  # a slow machine may raise one of its own
    assert len({one["id"] for one in seen}) == len(seen) == MANY
    assert [one["id"] in taken for one in seen] == [False] * (MANY - len(taken)) + [True] * len(taken)
    for some in (seen[: MANY - len(taken)], seen[MANY - len(taken) :]):
        assert [one["raised_at"] for one in some] == sorted((one["raised_at"] for one in some), reverse=True)


async def test_what_is_over_is_listed_with_how_it_ended(database_url: str, tmp_path: Path) -> None:
    paged(database_url)
    with committing(database_url, seal) as transaction:
        for number in range(MANY):
            by = "" if number else "Dana"
            resolved(transaction, "calendar_down", f"c{number}", now=NOW + MANY + number // 2, by=by)
    async with dashboard(database_url, tmp_path) as server, signed_in(server) as dana:
        seen, following = [], ""
        while True:
            told = (await server.get(f"/api/pages?show=ended{following}", ADMIN_TOKEN)).json()
            seen += [one for one in told["pages"] if one["kind"] == "calendar_down"]
            shown = (await dana.look(f"pages?show=ended{following}")).text
            assert ("Next 50" in shown) == told["more"]
            if not told["more"]:
                break
            following = f"&after={told['next']}"
        assert (await server.get("/api/pages?show=all", ADMIN_TOKEN)).status_code == 409
    assert len({one["id"] for one in seen}) == len(seen) == MANY
    assert [one["changed_at"] for one in seen] == sorted((one["changed_at"] for one in seen), reverse=True)
    assert {one["ended"] for one in seen} == {"the cause is gone", "Dana says that it is over"}
    assert "Dana says that it is over" in shown


async def test_all_that_are_shown_are_taken_at_once(sqlite_url: str, tmp_path: Path) -> None:
    async with dashboard(sqlite_url, tmp_path) as server, signed_in(server) as dana, signed_in(server) as lee:
        taken = paged(sqlite_url)
        assert f"I have these {MOST_SHOWN}" in (await dana.look("pages")).text
        shown = (await server.get("/api/pages", ADMIN_TOKEN)).json()["pages"]
        ids = [one["id"] for one in shown if one["status"] == "open"]
        assert (await lee.press("pages/acknowledge", {"id": ids[:1]})).status_code == 303
        assert (await dana.press("pages/acknowledge", {"id": ids})).status_code == 303
        assert (await dana.press("pages/acknowledge", {"id": ids})).status_code == 409
    with looking(sqlite_url) as connection:
        by = {kept.id: kept.acknowledged_by for kept in listed(connection)}
    assert {page_id for page_id, who in by.items() if who} - taken == set(ids)
    assert len(ids) == MOST_SHOWN


async def test_a_page_that_begins_nowhere_is_refused(sqlite_url: str, tmp_path: Path) -> None:
    async with dashboard(sqlite_url, tmp_path) as server:
        assert (await server.get("/api/pages?after=x", ADMIN_TOKEN)).status_code == 409
        assert (await server.get("/api/pages?after=1.0_", ADMIN_TOKEN)).json()["pages"] == []


async def test_each_callback_review_and_incident_is_on_one_of_the_pages(database_url: str, tmp_path: Path) -> None:
    with committing(database_url, seal) as transaction:
        for number in range(MANY):
            due = NOW + number // 3  # several at once
            task_opened(transaction, Task(f"k{number}", "callback", "acme", f"R{number}", "Call.", due), now=NOW)
            about = Proposal("acme", f"sms:{number}", "high_stakes", f"Cancel {number}.", {}, f"rev{number}")
            review_opened(transaction, about, now=NOW + number // 3)
        reviews.decided(transaction, "rev0", True, by="Dana", note="", now=NOW)
        old = incident_opened(transaction, Opening("Old and open", "-"), by="Dana", now=NOW)
        for number in range(MOST_SHOWN):
            one = incident_opened(transaction, Opening(f"Over {number}", "-"), by="Dana", now=NOW + number + 1)
            incident_said(transaction, one.id, Said("Over.", State.RESOLVED), by="Dana", now=NOW + number + 2)
    async with dashboard(database_url, tmp_path) as server, signed_in(server) as dana:
        for path, key, many in (
            ("tasks", "key", MANY),
            ("reviews", "id", MANY - 1),
            ("incidents", "id", MOST_SHOWN + 1),
        ):
            seen, following = [], ""
            while following is not None:
                told = (await server.get(f"/api/{path}?after={following}", ADMIN_TOKEN)).json()
                seen += told[path]
                shown = (await dana.look(f"{path}?after={following}")).text
                assert [f'id="{one[key]}"' in shown for one in told[path]] == [True] * len(told[path])
                following = told["next"]
                assert following is None or f"{path}?after={following}" in shown
            assert len({one[key] for one in seen}) == len(seen) == many
            if path == "incidents":
                assert seen[0]["id"] == old.id
            else:
                assert [one["due"] for one in seen] == sorted(one["due"] for one in seen)
            assert "No more of them." in (await dana.look(f"{path}?after={END[path]}")).text
        assert "Decided lately" in (await dana.look("reviews")).text
