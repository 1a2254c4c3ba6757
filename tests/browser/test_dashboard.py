"""Every page and every button in Chromium: on a desk and a phone, by day and by night, by keys, and for who cannot see.

Text from outside is hostile wherever there is any, and no page may say a word on the console.
"""

import asyncio
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import update

from app.audit.log import seal
from app.dashboard.routes import KEPT_OPEN
from app.db.engine import Transaction
from app.db.once import committing
from app.db.schema import dead_letters, incidents, pages
from app.db.secrets import shared_secret
from app.review.tasks import Task
from app.review.tasks import opened as task_opened
from app.watch.incidents import Impact, Said, State
from app.watch.incidents import said as incident_said
from app.watch.links import link
from app.watch.pages import Page as PageOfOurs
from app.watch.pages import raised
from tests.browser.conftest import AXE, WITHIN_MS, Browsing
from tests.dashboard.filled import CUSTOMER, TASK, fill
from tests.dashboard.filled import PHONE as PHONE_NUMBER
from tests.dashboard.looking import PAGES, recorded, rows
from tests.dashboard.test_bad_days import moved_away
from tests.flows.businesses import acme, written
from tests.flows.running import ADMIN_TOKEN, Process, environment

pytestmark = pytest.mark.timeout(400)
DESK, PHONE = (1280, 860), (360, 740)
LOOKS = [(DESK, "light", True), (PHONE, "dark", True), (DESK, "dark", False), (PHONE, "light", False)]
"""Size, scheme, and whether axe looks as well: each size and each scheme once is enough for it."""
LIVE = re.compile("Live|Not normal")
DRAWN = ("volume", "latency")
SERIOUS = {"serious", "critical"}


@pytest.fixture(scope="module")
def shown(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A server of which no button is pressed that changes anything."""
    for server in _served(migrated_sqlite, tmp_path_factory.mktemp("shown")):
        asyncio.run(server.tool("find_appointments", {"phone": PHONE_NUMBER}))  # so that there is a time to be drawn
        yield server


@pytest.fixture
def worked(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Process]:
    """A server of which every button is pressed."""
    yield from _served(migrated_sqlite, tmp_path)


def _served(template: Path, folder: Path) -> Iterator[Process]:
    for path in template.parent.glob("readback.db*"):
        shutil.copy(path, folder / path.name)
    url = f"sqlite:///{folder}/readback.db"
    fill(url, letters=6)
    variables = environment(url, written(folder, acme()), READBACK_JOBS="off")
    with Process(variables, folder / "log") as server:
        yield server


@contextmanager
def somebody(
    browser: Browser,
    server: Process,
    size: tuple[int, int] = DESK,
    scheme: str = "light",
    *,
    scripts: bool = True,
    quiet: bool = True,
) -> Iterator[Page]:
    """A person who is signed in; whatever the console says fails the test, unless an error is what it is about."""
    heard: list[str] = []
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,  # type: ignore[arg-type]  # one of its literals
        java_script_enabled=scripts,
    )
    context.set_default_timeout(WITHIN_MS)
    page = context.new_page()
    page.on("console", lambda message: heard.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.goto(f"{server.url}/dashboard/tasks")
    page.get_by_label("Your name").fill("Dana")
    page.get_by_label("Admin token").fill(ADMIN_TOKEN)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tasks")
    page.mouse.move(0, 0)  # under a pointer on a button nothing changes for a while
    yield page
    context.close()
    assert not quiet or heard == []


@pytest.mark.parametrize(("size", "scheme", "axed"), LOOKS, ids=str)
def test_every_page_is_for_everybody(
    browsing: Browsing, shown: Process, size: tuple[int, int], scheme: str, axed: bool
) -> None:
    axe = AXE.read_text(encoding="utf-8")

    def story(browser: Browser) -> None:
        with somebody(browser, shown, size, scheme) as page:
            for path in PAGES:
                page.goto(f"{shown.url}/dashboard/{path}".rstrip("/"))
                expect(page.get_by_role("heading", level=1)).to_be_visible()
                if path in KEPT_OPEN:
                    expect(page.locator("#link")).to_have_text(LIVE)
                expect(page.locator(".plot canvas")).to_have_count(int(path in DRAWN))
                assert page.evaluate("window.hacked") is None
                assert page.evaluate("document.documentElement.scrollWidth") <= size[0], path
                if not axed:
                    continue
                page.evaluate(axe)
                found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
                assert [(path, one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in SERIOUS] == []

    browsing.run(story)


def test_every_button_is_pressed(browsing: Browsing, worked: Process) -> None:
    def said(page: Page, words: str) -> None:
        expect(page.locator(".said")).to_contain_text(words)

    def story(browser: Browser) -> None:
        with somebody(browser, worked) as page:

            def at(path: str) -> Page:
                page.goto(f"{worked.url}/dashboard/{path}")
                return page

            card = at("tasks").locator(".card").first
            card.get_by_role("button", name="Show").click()
            expect(page.get_by_text("Gate code 4711")).to_be_visible()
            page.get_by_label("What came of it").fill("Spoke to her")
            page.get_by_role("button", name="Done").click()
            said(page, "Done, and nobody is paged")
            at("reviews").get_by_role("button", name="Show").first.click()
            page.get_by_label("What would have been right").fill("Move it")
            page.get_by_role("button", name="Reject").click()
            said(page, "Rejected")
            at("reviews").get_by_role("button", name="Show").click()
            page.get_by_role("button", name="Approve").click()
            said(page, "Approved")
            at("dead-letters").get_by_role("button", name="Replay b0:1", exact=True).click()
            said(page, "It is tried again")
            letter = at("dead-letters").locator(".card").first
            letter.get_by_label("Why it is not to be done").fill("Old")
            letter.get_by_role("button", name="Discard").click()
            said(page, "Discarded")
            at("dead-letters").get_by_role("button", name="Replay these").click()
            said(page, "They are tried again")
            at("pages").get_by_role("button", name="I have it").last.click()
            said(page, "Acknowledged")
            at("pages").get_by_role("button", name="It is over").last.click()
            said(page, "Resolved")
            at("flags").get_by_label("Percent of customers").fill("20")
            page.get_by_role("button", name="Set").click()
            said(page, "Set")
            at("flags").get_by_role("button", name="Off for everybody").click()
            expect(page.locator(".figure")).to_have_text("0 %")
            at("limits").get_by_text("Enter what it says").first.click()
            page.get_by_label("Value").first.fill("10")
            page.get_by_role("button", name="Enter").first.click()
            said(page, "Entered")
            at("incidents").get_by_text("Open an incident").click()
            page.get_by_label("What is wrong, in one line").fill("Calls fail")
            page.locator("#open").get_by_label("calls", exact=True).check()
            page.get_by_role("button", name="Open it in public").click()
            said(page, "The incident is open")
            page.get_by_role("link", name="Calls fail").click()
            page.get_by_label("How far we are").select_option("resolved")
            page.get_by_label("What everybody may read").fill("It is over.")
            page.get_by_role("button", name="Say it in public").click()
            said(page, "The incident is resolved")
            at("audit").get_by_role("button", name="Walk the whole log").click()
            said(page, "being walked")
            expect(at("audit").locator("#chain .chip")).to_have_text(re.compile("holds|walking"))
            at("audit").get_by_label("Kind").fill("personal_data_shown")
            page.get_by_role("button", name="Search").click()
            expect(page.locator("tbody tr")).to_have_count(3)
            at("bookings").get_by_label("Reference").fill("k7m4qx")
            page.get_by_role("button", name="Find").click()
            page.get_by_role("button", name="Show").click()
            expect(page.get_by_text(CUSTOMER)).to_be_visible()
            page.get_by_role("button", name="Sign out").click()
            expect(page.get_by_label("Admin token")).to_be_visible()

    browsing.run(story)
    shown = [row.subject for row in recorded(worked.database_url, "personal_data_shown")]
    assert shown == [TASK, "rev0", "rev1", "K7M4QX"]


def test_a_list_is_worked_through_by_keys_and_the_overview_is_live(browsing: Browsing, worked: Process) -> None:
    def story(browser: Browser) -> None:
        with somebody(browser, worked) as page:
            page.goto(f"{worked.url}/dashboard")
            expect(page.locator("#link")).to_have_text(LIVE)
            with somebody(browser, worked, PHONE) as other:
                other.goto(f"{worked.url}/dashboard/reviews")
                other.keyboard.press("j")
                other.keyboard.press("j")
                expect(other.locator(".card").nth(1)).to_be_focused()
                other.keyboard.press("k")
                other.keyboard.press("s")
                expect(other.get_by_text("the customer wrote")).to_be_visible()
                other.keyboard.press("a")
                expect(other.locator(".said")).to_contain_text("Approved")
                other.keyboard.press("s")
                other.keyboard.press("a")
                expect(other.locator(".card")).to_have_count(1)
                other.keyboard.press("j")
                other.keyboard.press("s")
                other.get_by_role("button", name="Reject").wait_for()
                other.keyboard.press("r")
                expect(other.locator(".said")).to_contain_text("Rejected")
            expect(page.locator(".tile", has_text="Reviews").locator(".value")).to_have_text("0")
            page.keyboard.press("Tab")
            expect(page.get_by_text("Skip to the content")).to_be_focused()

    browsing.run(story)


def test_a_page_is_live_however_late_its_scripts_come(browsing: Browsing, shown: Process) -> None:
    def late(route: Route) -> None:
        time.sleep(0.5)
        route.continue_()

    def story(browser: Browser) -> None:
        with somebody(browser, shown) as page:
            page.route("**/hx-sse*", late)
            page.reload()
            expect(page.locator("#link")).to_have_text("Live.")

    browsing.run(story)


def test_what_comes_live_leaves_alone_what_a_person_is_doing(browsing: Browsing, shown: Process) -> None:
    def told(work: Callable[[Transaction], object]) -> None:
        with committing(shown.database_url, seal) as transaction:
            work(transaction)

    def story(browser: Browser) -> None:
        now = time.time()
        with somebody(browser, shown) as page:
            card = page.locator(".card", has_text="Call back about a quote.")
            note = card.get_by_label("What came of it")
            note.fill("Spoke to her")
            urgent = Task("callback:W9PLM3", "callback", "acme", "W9PLM3", "Call at once.", now - 9_000, "", "")
            told(lambda transaction: task_opened(transaction, urgent, now=now))
            expect(page.locator(".card").first).to_contain_text("Call at once.")
            note.press("End")
            page.keyboard.type(", twice")
            expect(note).to_have_value("Spoke to her, twice")
            expect(page.get_by_label("What came of it").first).to_have_value("")

            page.goto(f"{shown.url}/dashboard/incidents")
            expect(page.locator("#link")).to_have_text("Live.")
            page.get_by_text("Open an incident").click()
            page.get_by_label("What is wrong, in one line").fill("Half a sen")
            [incident] = rows(shown.database_url, incidents)
            words = Said("It gets better.", State.MONITORING)
            told(lambda transaction: incident_said(transaction, incident.id, words, by="Lee", now=now))
            expect(page.locator(".chip", has_text="monitoring")).to_be_visible()
            page.keyboard.type("tence")
            expect(page.get_by_label("What is wrong, in one line")).to_have_value("Half a sentence")

            page.get_by_text("Say how far we are").click()
            words = page.locator("section.card").get_by_label("What everybody may read")
            words.fill("We see")
            worse = Said("Calls as well.", impact=Impact.MAJOR)
            told(lambda transaction: incident_said(transaction, incident.id, worse, by="Lee", now=now))
            expect(page.locator("section.card")).to_contain_text("major impact")
            page.keyboard.type(" why")
            expect(words).to_have_value("We see why")

            page.goto(f"{shown.url}/dashboard/dead-letters")
            expect(page.locator("#link")).to_have_text("Live.")
            reason = page.locator(".card", has_text="b2:1").get_by_label("Why it is not to be done")
            reason.fill("Done by")
            older = update(dead_letters).values(created_at=dead_letters.c.created_at - 86_400)
            told(lambda transaction: transaction.connection.execute(older))
            expect(page.locator(".card", has_text="b2:1")).to_contain_text("2 days ago")
            page.keyboard.type(" hand")
            expect(reason).to_have_value("Done by hand")

    browsing.run(story)


def test_everything_is_there_without_a_script(browsing: Browsing, shown: Process) -> None:
    def story(browser: Browser) -> None:
        with somebody(browser, shown, scripts=False) as page:
            for path in PAGES:
                page.goto(f"{shown.url}/dashboard/{path}".rstrip("/"))
                expect(page.get_by_role("heading", level=1)).to_be_visible()
                expect(page.locator("figure")).to_be_hidden() if path in DRAWN else None
            page.goto(f"{shown.url}/dashboard/volume")
            page.get_by_text("Figures of calls").click()
            expect(page.get_by_role("columnheader", name="Usual")).to_be_visible()
            page.goto(f"{shown.url}/dashboard/reviews")
            page.get_by_role("button", name="Show").first.click()
            expect(page.get_by_role("button", name="Approve")).to_be_visible()

    browsing.run(story)


def test_no_key_decides_what_was_not_chosen(browsing: Browsing, shown: Process) -> None:
    def story(browser: Browser) -> None:
        with somebody(browser, shown) as page:
            posted: list[str] = []
            page.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
            page.goto(f"{shown.url}/dashboard/reviews")
            expect(page.get_by_role("button", name=re.compile("Approve|Reject"))).to_have_count(0)
            page.goto(f"{shown.url}/dashboard/pages")
            page.keyboard.press("a")  # before anybody has gone to a card
            page.keyboard.press("j")
            page.evaluate("""() => document.activeElement.dispatchEvent(
                new KeyboardEvent("keydown", { key: "a", repeat: true, bubbles: true }))""")
            expect(page.locator("[data-row]:focus")).to_have_count(1)
            assert posted == []

    browsing.run(story)


def test_what_is_typed_on_where_the_field_was_taken_away_decides_nothing(browsing: Browsing, worked: Process) -> None:
    def story(browser: Browser) -> None:
        with somebody(browser, worked) as page:
            page.goto(f"{worked.url}/dashboard/dead-letters")
            expect(page.locator("#link")).to_have_text("Live.")
            card = page.locator(".card", has_text="b2:1")
            card.get_by_label("Why it is not to be done").press_sequentially("Just")
            with committing(worked.database_url, seal) as transaction:
                elsewhere = update(dead_letters).where(dead_letters.c.key == "b2:1").values(status="replayed")
                transaction.connection.execute(elsewhere)
            expect(card).to_have_count(0)
            page.keyboard.type(" jrjr")
            expect(page.locator("[data-row]:focus")).to_have_count(0)
            page.locator("h1").click()
            page.keyboard.press("j")
            expect(page.locator("[data-row]:focus")).to_have_count(1)

    browsing.run(story)
    assert len(rows(worked.database_url, dead_letters, dead_letters.c.status == "open")) == 5


def test_no_key_alone_closes_a_callback(browsing: Browsing, worked: Process) -> None:
    def story(browser: Browser) -> None:
        with somebody(browser, worked) as page:
            page.goto(f"{worked.url}/dashboard/tasks")
            cards = page.locator(".card[data-row]")
            before = cards.count()
            page.keyboard.press("j")
            page.keyboard.press("d")
            expect(page.get_by_placeholder("What came of it").first).to_be_focused()
            assert cards.count() == before
            page.keyboard.type("called")
            page.keyboard.press("Enter")
            expect(page.get_by_text("nobody is paged about it any more")).to_be_visible()
            expect(cards).to_have_count(before - 1)

    browsing.run(story)


def test_on_a_phone_what_decides_is_on_the_screen_beside_the_evidence(browsing: Browsing, shown: Process) -> None:
    def story(browser: Browser) -> None:
        with somebody(browser, shown, PHONE) as page:
            page.locator(".card").first.get_by_role("button", name="Show").click()
            expect(page.get_by_role("button", name="Done")).to_be_in_viewport(ratio=1)
            page.goto(f"{shown.url}/dashboard/reviews")
            page.get_by_role("button", name="Show").first.click()
            approve, reject = (page.get_by_role("button", name=name) for name in ("Approve", "Reject"))
            for button in (approve, reject):
                expect(button).to_be_in_viewport(ratio=1)
            page.get_by_label("Note").focus()
            bar, note = page.locator(".at-hand").bounding_box(), page.get_by_label("Note").bounding_box()
            assert bar is not None
            assert note is not None
            assert note["y"] + note["height"] <= bar["y"]
            for button in (approve, reject):  # by keys they come after what is to be written first
                page.keyboard.press("Tab")
                expect(button).to_be_focused()

    browsing.run(story)


def test_in_a_table_no_reference_and_no_state_is_torn_apart(browsing: Browsing, shown: Process) -> None:
    def story(browser: Browser) -> None:
        with somebody(browser, shown) as page:
            page.goto(f"{shown.url}/dashboard/bookings")
            words = page.locator("thead th, tbody th a, td .chip, td .phone")
            torn = """(all) => all.filter((one) => {
                const range = document.createRange();
                range.selectNodeContents(one);
                return range.getBoundingClientRect().height > 1.4 * parseFloat(getComputedStyle(one).lineHeight);
            }).map((one) => one.textContent)"""
            expect(words).not_to_have_count(0)
            assert [text for text in words.evaluate_all(torn) if " " not in text.strip()] == []

    browsing.run(story)


def test_what_was_typed_outlives_a_session_that_ends_and_a_database_that_goes(
    browsing: Browsing, worked: Process
) -> None:
    def story(browser: Browser) -> None:
        with somebody(browser, worked, PHONE, quiet=False) as page:
            page.goto(f"{worked.url}/dashboard/incidents")
            page.get_by_text("Open an incident").click()
            page.get_by_label("What is wrong, in one line").fill("Calls fail")
            page.locator("#open").get_by_label("calls", exact=True).check()
            page.locator("#open").get_by_label("How much of it").select_option("major")
            page.context.add_cookies([{"name": "readback", "value": "over", "url": worked.url}])
            page.get_by_role("button", name="Open it in public").click()
            expect(page.get_by_role("alert")).to_contain_text("was not done")
            page.get_by_label("Admin token").fill(ADMIN_TOKEN)
            page.get_by_role("button", name="Sign in").click()
            expect(page.get_by_label("What is wrong, in one line")).to_have_value("Calls fail")
            expect(page.locator("#link")).to_have_text(LIVE)  # who is not yet live is refused while it is away
            with moved_away(worked.database_url):
                expect(page.locator("#link")).to_have_text(re.compile("the database does not answer"))
                expect(page.locator("#link")).to_be_in_viewport(ratio=1)
                page.get_by_role("button", name="Open it in public").click()
                expect(page.get_by_role("alert")).to_contain_text("look again before you press")
            page.get_by_role("link", name="To Incidents").click()
            expect(page.locator("#open").get_by_label("calls", exact=True)).to_be_checked()
            expect(page.locator("#open").get_by_label("How much of it")).to_have_value("major")
            page.get_by_role("button", name="Open it in public").click()
            expect(page.locator(".said")).to_contain_text("The incident is open")
            page.goto(f"{worked.url}/dashboard/incidents")
            expect(page.get_by_label("What is wrong, in one line")).to_have_value("")

    browsing.run(story)


def test_the_link_of_a_page_is_for_a_phone_whatever_the_page_says(browsing: Browsing, worked: Process) -> None:
    with committing(worked.database_url, seal) as transaction:
        raised(transaction, PageOfOurs("calendar_down", "kim", "W" * 200, "Body", "acme"), now=time.time())
    [row] = rows(worked.database_url, pages, pages.c.key == "kim")
    address = link(shared_secret(worked.database_url, "installation"), worked.url, row.id)

    def story(browser: Browser) -> None:
        context = browser.new_context(viewport={"width": PHONE[0], "height": PHONE[1]}, color_scheme="dark")
        page = context.new_page()
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
        page.get_by_label("Your name").fill("Kim")
        page.get_by_role("button", name="I have it").click()
        expect(page.get_by_text("Acknowledged by Kim")).to_be_visible()
        context.close()

    browsing.run(story)


def test_a_wrong_token_is_said_to_be_wrong_and_the_right_one_leads_where_it_was_to(
    browsing: Browsing, shown: Process
) -> None:
    def story(browser: Browser) -> None:
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{shown.url}/dashboard/limits#disk")
        for token in ("not the token at all", ADMIN_TOKEN):
            page.get_by_label("Admin token").fill(token)
            page.get_by_role("button", name="Sign in").click()
            if token != ADMIN_TOKEN:
                expect(page.get_by_role("alert")).to_have_text("That is not the admin token.")
        expect(page.get_by_role("heading", level=1)).to_have_text("Limits")
        assert page.url.endswith("/dashboard/limits#disk"), "the wanted card outlives it"
        context.close()

    browsing.run(story)
