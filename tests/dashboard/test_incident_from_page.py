"""An incident is opened from a page's card: the page is in hand with it, and its words are not put in public."""

import re
from pathlib import Path

from sqlalchemy import update

from app.audit.log import seal
from app.db.once import committing
from app.db.schema import incidents, pages
from tests.dashboard.filled import fill
from tests.dashboard.looking import dashboard, person, recorded, rows, signed_in
from tests.flows.running import ADMIN_TOKEN


async def test_the_card_leads_to_the_form_and_the_form_takes_the_page(database_url: str, tmp_path: Path) -> None:
    fill(database_url)
    [row] = rows(database_url, pages, pages.c.kind == "calendar_down")
    async with dashboard(database_url, tmp_path) as server, signed_in(server) as dana:
        card = f'href="/dashboard/incidents?page={row.id}#open"'
        assert card in (await dana.look("pages")).text
        form = (await dana.look(f"incidents?page={row.id}")).text
        assert '<details class="card" id="open" open>' in form
        assert "From the page “Calendar down &lt;script&gt;" in form
        assert f'<input type="hidden" name="page" value="{row.id}">' in form
        assert '<option value="acme" selected>Acme Pest Control (acme)</option>' in form
        assert re.search(r'<input name="title"[^>]* value=', form) is None
        given = {"title": "Some visits cannot be booked", "page": row.id, "business": "acme", "parts": "booking"}
        assert (await dana.press("incidents/open", given)).status_code == 303
        again = await dana.press("incidents/open", given)
    assert (again.status_code, "is open for this page already" in again.text) == (409, True)
    [opened] = rows(database_url, incidents, incidents.c.page == row.id)
    assert (opened.business, opened.title) == ("acme", "Some visits cannot be booked")
    assert rows(database_url, pages, pages.c.id == row.id)[0].acknowledged_by == "Dana"
    assert [one.subject for one in recorded(database_url, "page_acknowledged")] == [row.id]


async def test_what_customers_notice_is_changed_with_what_is_said(sqlite_url: str, tmp_path: Path) -> None:
    async with dashboard(sqlite_url, tmp_path) as server, signed_in(server) as dana:
        given = {"title": "Texts arrive late", "parts": "texts", "impact": "minor"}
        assert (await dana.press("incidents/open", given)).status_code == 303
        [one] = rows(sqlite_url, incidents)
        form = (await dana.look("incidents")).text
        for chosen in ('value="texts" checked', "<option selected>minor</option>", "next word due in 30 min"):
            assert chosen in form, chosen
        worse = {"id": one.id, "state": "identified", "words": "Calls as well.", "what": "all", "impact": "major"}
        assert (await dana.press("incidents/tell", {**worse, "parts": ["calls", "texts"]})).status_code == 303
        [one] = rows(sqlite_url, incidents)
        assert (one.impact, one.parts) == ("major", "calls,texts")
        bare = {"id": one.id, "state": "identified", "words": "Nothing new."}
        assert (await dana.press("incidents/tell", bare)).status_code == 303
        assert rows(sqlite_url, incidents)[0].parts == "calls,texts"
        assert (await dana.press("incidents/tell", worse)).status_code == 303
        assert rows(sqlite_url, incidents)[0].parts == ""
        assert (await dana.press("incidents/tell", {**worse, "impact": "huge"})).status_code == 409


async def test_a_form_that_another_was_faster_than_says_nothing_in_public(sqlite_url: str, tmp_path: Path) -> None:
    """It hands in all that customers notice, as that was when the form was shown."""
    async with dashboard(sqlite_url, tmp_path) as server, signed_in(server) as dana, person(server) as lee:
        await lee.sign_in(by="Lee")
        await dana.press("incidents/open", {"title": "Texts arrive late", "parts": "texts"})
        with committing(sqlite_url, seal) as transaction:
            transaction.connection.execute(update(incidents).values(changed_at=incidents.c.changed_at - 60))
        [one] = rows(sqlite_url, incidents)
        [seen] = re.findall(r'name="seen" value="([^"]+)"', (await dana.look("incidents")).text)
        form = {"id": one.id, "state": "identified", "what": "all", "seen": seen}
        said = {**form, "words": "Calls as well.", "impact": "major", "parts": ["calls", "texts"]}
        assert (await lee.press("incidents/tell", said)).status_code == 303
        late = await dana.press("incidents/tell", {**form, "words": "We look.", "impact": "minor", "parts": "texts"})
        assert (late.status_code, "Lee has said something about this incident meanwhile" in late.text) == (409, True)
        [one] = rows(sqlite_url, incidents)
        assert (one.impact, one.parts) == ("major", "calls,texts")
        [seen] = re.findall(r'name="seen" value="([^"]+)"', (await dana.look("incidents")).text)
        again = {**form, "seen": seen, "words": "We look.", "impact": "major", "parts": ["calls", "texts"]}
        assert (await dana.press("incidents/tell", again)).status_code == 303


async def test_without_a_page_the_form_is_as_ever_and_a_page_that_is_none_is_not_there(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with dashboard(sqlite_url, tmp_path) as server, signed_in(server) as dana:
        form = (await dana.look("incidents")).text
        assert ('id="open" open' in form, 'name="page"' in form) == (False, False)
        assert (await dana.look("incidents?page=none")).status_code == 404
        assert (await server.get("/api/incidents", ADMIN_TOKEN)).json()["page"] is None
