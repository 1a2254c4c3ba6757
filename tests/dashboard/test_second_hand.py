"""Who presses a page's button after somebody else hears who has it, and changes nothing."""

from pathlib import Path

import httpx

from app.audit.log import seal
from app.db.once import committing
from app.db.schema import pages
from app.watch.pages import resolved
from tests.dashboard.filled import fill
from tests.dashboard.looking import Person, dashboard, recorded, rows, signed_in


async def pressed(who: Person, button: str, page_id: str) -> httpx.Response:
    return await who.press(f"pages/{button}", {"id": page_id})


async def test_the_second_hears_who_has_it_and_who_ended_it(database_url: str, tmp_path: Path) -> None:
    fill(database_url)
    [row] = rows(database_url, pages, pages.c.kind == "calendar_down")
    async with dashboard(database_url, tmp_path) as server, signed_in(server) as dana, signed_in(server) as sam:
        await sam.sign_in(by="Sam")
        assert (await pressed(dana, "acknowledge", row.id)).status_code == 303
        second = await pressed(sam, "acknowledge", row.id)
        assert second.status_code == 409
        assert "Dana took it just now: it is in hand. Nothing was changed." in second.text
        assert 'href="/dashboard/pages"' in second.text

        assert (await pressed(sam, "resolve", row.id)).status_code == 303
        for button in ("resolve", "acknowledge"):
            late = await pressed(dana, button, row.id)
            assert late.status_code == 409
            assert "It was resolved just now: Sam says that it is over. Nothing was changed." in late.text
    [row] = rows(database_url, pages, pages.c.id == row.id)
    assert (row.acknowledged_by, row.resolution) == ("Dana", "Sam")
    assert [len(recorded(database_url, kind)) for kind in ("page_acknowledged", "page_resolved")] == [1, 1]


async def test_a_page_whose_cause_went_says_that(sqlite_url: str, tmp_path: Path) -> None:
    fill(sqlite_url)
    [row] = rows(sqlite_url, pages, pages.c.kind == "calendar_down")
    with committing(sqlite_url, seal) as transaction:
        resolved(transaction, row.kind, row.key, now=row.raised_at)
    async with dashboard(sqlite_url, tmp_path) as server, signed_in(server) as dana:
        late = await pressed(dana, "acknowledge", row.id)
    assert "It was resolved 5 min ago: the cause is gone." in late.text
