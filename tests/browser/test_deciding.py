"""What people decide by, and what they do from a page's card, in Chromium: on a desk and on a phone, and by axe."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.db.schema import incidents, pages
from tests.browser.conftest import AXE, Browsing
from tests.browser.test_dashboard import DESK, PHONE, SERIOUS, somebody
from tests.dashboard.filled import VISIT, fill
from tests.dashboard.looking import rows
from tests.flows.businesses import acme, written
from tests.flows.running import Process, environment

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def filled(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Process]:
    for path in migrated_sqlite.parent.glob("readback.db*"):
        shutil.copy(path, tmp_path / path.name)
    url = f"sqlite:///{tmp_path}/readback.db"
    fill(url)
    with Process(environment(url, written(tmp_path, acme()), READBACK_JOBS="off"), tmp_path / "log") as server:
        yield server


def is_for_everybody(page: Page, width: int) -> None:
    """Nothing runs out of the screen, and axe has nothing serious to say."""
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in SERIOUS] == []


def test_a_decision_and_an_incident_on_a_desk_and_a_phone(browsing: Browsing, filled: Process) -> None:
    def story(browser: Browser) -> None:
        for size, scheme in ((DESK, "dark"), (PHONE, "light")):
            with somebody(browser, filled, size, scheme) as page:
                page.goto(f"{filled.url}/dashboard/reviews")
                page.get_by_role("button", name="Show").nth(1).click()
                expect(page.get_by_text(VISIT)).to_be_visible()
                expect(page.get_by_text("We: Which one?")).to_be_visible()
                expect(page.get_by_text("cancel_appointment")).to_be_hidden()
                page.get_by_text("Ids", exact=True).click()
                expect(page.get_by_text("cancel_appointment")).to_be_visible()
                is_for_everybody(page, size[0])
                page.goto(f"{filled.url}/dashboard/pages")
                page.get_by_role("link", name="Open an incident from Calendar down").click()
                expect(page.get_by_text("opening the incident takes the page as well")).to_be_visible()
                is_for_everybody(page, size[0])
        with somebody(browser, filled) as page:
            page.goto(f"{filled.url}/dashboard/pages")
            page.get_by_role("link", name="Open an incident from Calendar down").click()
            page.get_by_label("What is wrong, in one line").fill("Some visits cannot be booked")
            page.get_by_role("button", name="Open it in public").click()
            expect(page.locator(".said")).to_contain_text("The incident is open")

    browsing.run(story)
    [page] = rows(filled.database_url, pages, pages.c.kind == "calendar_down")
    [opened] = rows(filled.database_url, incidents, incidents.c.page == page.id)
    assert (opened.title, page.acknowledged_by) == ("Some visits cannot be booked", "Dana")
