"""Every page and every button, on both databases, over a real socket."""

import asyncio
import json
import re
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import update

from app.audit.log import seal, verify
from app.dashboard.overview import WORST_FIRST
from app.dashboard.rendering import rendered
from app.db.once import committing, looking
from app.db.schema import (
    bookings,
    dead_letters,
    flags,
    ground_truth,
    incidents,
    job_outbox,
    limit_confirmations,
    pages,
    reviews,
)  # fmt: skip
from app.inference.flag import KNOWN
from app.review.tasks import Task
from app.review.tasks import opened as task_opened
from app.review.truth import truths
from tests.dashboard.filled import CUSTOMER, PHONE, REFERENCES, TASK, VISIT, fill
from tests.dashboard.looking import PAGES, dashboard, recorded, rows, signed_in
from tests.flows.running import ADMIN_TOKEN

MOST_BYTES = 150_000
LETTER = f"{0:032x}"
PRIVATE = (CUSTOMER.lower(), "5125550142", "oak street", "gate code", "ana@example.com")


async def test_every_page_is_shown_and_answered_without_anybodys_data(database_url: str, tmp_path: Path) -> None:
    fill(database_url)
    async with dashboard(database_url, tmp_path) as server, signed_in(server) as dana:
        for path in PAGES:
            page = await dana.look(path)
            assert page.status_code == 200, path
            assert "<script>hacked" not in page.text
            assert "<img src=x" not in page.text
            assert not [word for word in PRIVATE if word in page.text.lower()], path
            assert page.headers["cache-control"] == "no-store"
            assert "default-src 'none'" in page.headers["content-security-policy"]
            assert "unsafe" not in page.headers["content-security-policy"]
            assert "style=" not in page.text
            assert " onclick" not in page.text
            assert 'name="id"' not in page.text, "a form with such a field is thrown away with what is typed into it"
            told = await server.get(f"/api/{path or 'overview'}", ADMIN_TOKEN)
            assert told.status_code == 200
            assert not [word for word in PRIVATE if word in told.text.lower()], path
        assert "Not normal: " in (await dana.look()).text
        for reference in REFERENCES:
            assert reference in (await dana.look(f"bookings?reference={reference.lower()}")).text


async def test_the_json_is_as_it_is_described(sqlite_url: str, tmp_path: Path) -> None:
    fill(sqlite_url)
    async with dashboard(sqlite_url, tmp_path) as server:
        document = (await server.get("/openapi.json", ADMIN_TOKEN)).json()
        for path in PAGES:
            address = f"/api/{path or 'overview'}"
            schema = document["paths"][address]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
            told = (await server.get(address, ADMIN_TOKEN)).json()
            assert set(told) == set(schema["required"]) == set(schema["properties"]), address
            for name, kind in schema["properties"].items():
                if kind.get("type") == "array":
                    assert isinstance(told[name], list)
        assert (await server.get("/api/bookings?reference=NOBODY", ADMIN_TOKEN)).status_code == 404
        for row in (-(10**26), -1, 10**26):
            assert (await server.get(f"/api/audit?before={row}", ADMIN_TOKEN)).status_code == 200
        for wrong in ("dead-letters?status=x", "bookings?after=x", "audit?before=x", "audit?until=x"):
            assert (await server.get(f"/api/{wrong}", ADMIN_TOKEN)).status_code == 409, wrong


async def test_the_first_load_is_small_and_kept(sqlite_url: str, tmp_path: Path) -> None:
    fill(sqlite_url, letters=120)
    async with dashboard(sqlite_url, tmp_path) as server, signed_in(server) as dana:
        sizes: dict[str, int] = {}
        for path in PAGES:
            page = await dana.look(path)
            assets = re.findall(r'"(/dashboard/static/[^"]+)"', page.text)
            for name in set(assets) - set(sizes):
                asset = await dana.client.get(name, headers={"accept-encoding": "gzip"})
                sizes[name] = int(asset.headers["content-length"])
                assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
                again = await dana.client.get(name, headers={"if-none-match": asset.headers["etag"]})
                assert (again.status_code, again.content) == (304, b"")
            assert 3_000 < sum(map(sizes.__getitem__, assets)) < 60_000, path
            assert len(page.content) + sum(map(sizes.__getitem__, assets)) < MOST_BYTES, path
        assert (await dana.client.get("/dashboard/static/dashboard.css")).status_code == 404


BUTTONS = [
    ("tasks/done", {"key": TASK, "note": "spoke to her"}, "tasks", "task_closed"),
    ("reviews/decide", {"id": "rev0", "decision": "approve"}, "reviews", "review_approved"),
    ("reviews/decide", {"id": "rev1", "decision": "reject", "corrected": "Move it"}, "reviews", "review_rejected"),
    ("dead-letters/replay", {"id": LETTER}, "dead-letters", "dead_letter_replayed"),
    ("dead-letters/discard", {"id": LETTER, "reason": "old"}, "dead-letters", "dead_letter_discarded"),
    ("flags/set", {"name": "model_path", "percent": "20", "why": "trying"}, "flags", "flag_changed"),
    ("limits/confirm", {"name": "vapi_concurrent_calls", "value": "10"}, "limits", "limit_confirmed"),
    ("incidents/open", {"title": "Calls fail", "parts": ["calls", "booking"]}, "incidents", "incident_opened"),
]


@pytest.mark.parametrize(("action", "fields", "goes_on", "kind"), BUTTONS, ids=lambda value: str(value)[:24])
async def test_a_button_does_what_the_command_does(
    sqlite_url: str, tmp_path: Path, action: str, fields: dict[str, Any], goes_on: str, kind: str
) -> None:
    fill(sqlite_url)
    async with dashboard(sqlite_url, tmp_path) as server, signed_in(server) as dana:
        before = len(recorded(sqlite_url, kind))
        answer = await dana.press(action, fields)
        assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, f"/dashboard/{goes_on}")
        shown = await dana.client.get(answer.headers["location"])
        assert '<p class="said" role="status">' in shown.text
    [row] = recorded(sqlite_url, kind)[before:]
    assert json.loads(row.data)["by"] == "Dana"
    with looking(sqlite_url) as connection:
        assert verify(connection).holds


def test_of_every_flag_a_page_says_what_it_does() -> None:
    told = [{"name": name, "percent": 5, "changed_at": None, "changed_by": None, "why": ""} for name in KNOWN]
    frame = {"title": "Flags", "here": "flags", "form_token": "", "data": {"flags": told}, "now": 0.0}
    assert "answered by a language model" in rendered("flags.html", frame)


def test_of_many_open_incidents_the_overview_shows_the_newest_and_leads_to_all() -> None:
    told = [{"id": f"i{n}", "title": f"T{n}", "state": "investigating", "opened_at": 1.5e9} for n in range(6)]
    data = {"state": "bad", "sentence": "-", "tiles": [], "incidents": told, "pages": []}
    shown = rendered("overview.html", {"data": data, "now": 1.6e9})
    assert ("T4" in shown, "T5" in shown, "All 6" in shown) == (True, False, True)
    assert "All" not in rendered("overview.html", {"data": data | {"incidents": told[:5]}, "now": 1.6e9})


async def test_what_buttons_left_in_both_databases(database_url: str, tmp_path: Path) -> None:
    fill(database_url)
    async with dashboard(database_url, tmp_path) as server, signed_in(server) as dana:
        for action, fields, _, _ in BUTTONS:
            await dana.press(action, fields)
        ids = [row.id for row in rows(database_url, pages, pages.c.kind == "calendar_down")]
        assert (await dana.press("pages/acknowledge", {"id": ids[0]})).status_code == 303
        assert rows(database_url, pages, pages.c.id == ids[0])[0].acknowledged_by == "Dana"
        assert (await dana.press("pages/resolve", {"id": ids[0]})).status_code == 303
        [opened] = rows(database_url, incidents, incidents.c.title == "Calls fail")
        assert (opened.parts, opened.state) == ("calls,booking", "investigating")
        resolved = {"id": opened.id, "state": "resolved", "words": "Over."}
        assert (await dana.press("incidents/tell", resolved)).status_code == 303
        assert (await dana.press("incidents/tell", resolved)).status_code == 409
    assert rows(database_url, pages, pages.c.id == ids[0])[0].resolution == "Dana"
    assert {row.id: row.status for row in rows(database_url, reviews)} == {"rev0": "approved", "rev1": "rejected"}
    assert [row.percent for row in rows(database_url, flags)] == [20]
    assert [row.value for row in rows(database_url, limit_confirmations)] == ["10"]
    assert rows(database_url, job_outbox, job_outbox.c.kind == "crm_copy")
    taught = {row.review: (row.verdict, row.corrected) for row in rows(database_url, ground_truth)}
    assert taught == {"rev0": ("right", ""), "rev1": ("wrong", "Move it")}
    with looking(database_url) as connection:
        assert truths(connection)[0]["proposed"]["tool"] == "cancel_appointment"


async def test_where_nobody_is_told_the_pages_say_so_and_what_to_do(sqlite_url: str, tmp_path: Path) -> None:
    async with dashboard(sqlite_url, tmp_path) as server, signed_in(server) as dana:
        told = (await server.get("/api/overview", ADMIN_TOKEN)).json()
        assert "pages that reach nobody" in told["sentence"]
        states = [tile["state"] for tile in told["tiles"]]
        assert states == sorted(states, key=WORST_FIRST.index)
        assert (states[0], states[-1]) == ("bad", "good"), "what is wrong is on a phone's first screen"
        said = (await server.get("/api/pages", ADMIN_TOKEN)).json()["unheard"]
        assert said.startswith("READBACK_PAGE_URLS is not set, nor `page` of a business: whatever goes wrong, nobody")
        assert "nobody is told</span> READBACK_PAGE_URLS is not set" in (await dana.look("pages")).text
        assert "whatever goes wrong, nobody is told" in (await dana.look("limits")).text
    async with dashboard(sqlite_url, tmp_path, READBACK_PAGE_URLS="json://127.0.0.1:9/page") as server:
        assert "reach nobody" not in (await server.get("/api/overview", ADMIN_TOKEN)).json()["sentence"]
        assert (await server.get("/api/pages", ADMIN_TOKEN)).json()["unheard"] is None


@pytest.mark.parametrize("order", [{"READBACK_MODELS": "openai:gpt-5"}, {}], ids=["an order", "a key alone"])
async def test_the_review_page_names_new_businesses_where_nobody_approves_what_a_model_does(
    sqlite_url: str, tmp_path: Path, order: dict[str, str]
) -> None:
    model = {"OPENAI_API_KEY": "key", **order}
    said = "live_since is not set for acme: nobody approves what a model changes there in the first two weeks."
    async with dashboard(sqlite_url, tmp_path, **model) as server, signed_in(server) as dana:
        assert said in (await dana.look("reviews")).text
        assert (await server.get("/api/reviews", ADMIN_TOKEN)).json()["unapproved"].startswith(said)
    async with dashboard(sqlite_url, tmp_path) as server, signed_in(server) as dana:
        assert "live_since" not in (await dana.look("reviews")).text
        assert (await server.get("/api/reviews", ADMIN_TOKEN)).json()["unapproved"] is None


CANNOT_BE: list[tuple[str, dict[str, Any], int, str]] = [
    ("tasks/done", {"key": "nobody"}, 409, "no such open task"),
    ("tasks/done", {}, 409, "is empty"),
    ("reviews/decide", {"id": "none", "decision": "approve"}, 409, "There is no review none."),
    ("dead-letters/replay", {}, 409, "No letter was chosen."),
    ("reviews/decide", {"id": "rev0", "decision": "Approve"}, 409, "approved or rejected"),
    ("dead-letters/replay", {"id": ["none", "nobody"]}, 409, "None of these letters is open"),
    ("dead-letters/replay", {"id": "none"}, 409, "There is no dead letter none."),
    ("pages/acknowledge", {"id": "none"}, 404, "There is no page with this id."),
    ("flags/set", {"name": "none", "percent": "5"}, 409, "There is no flag none"),
    ("flags/set", {"name": "model_path", "percent": "101"}, 409, "from 0 to 100"),
    ("flags/set", {"name": "model_path", "percent": "½"}, 409, "from 0 to 100"),
    ("limits/confirm", {"name": "none", "value": "5"}, 404, "There is no limit"),
    ("limits/confirm", {"name": "vapi_concurrent_calls", "value": "many"}, 409, "must begin with a number"),
    ("limits/confirm", {"name": "vapi_concurrent_calls", "value": "0"}, 409, "above 0 and at most 100,000"),
    ("incidents/open", {"title": "x", "impact": "<b>"}, 409, "none of the choices"),
    ("incidents/open", {"title": "x", "business": "none"}, 409, "no business"),
    ("show", {"kind": "secret", "id": "x"}, 409, "nothing of this kind"),
    ("show", {"kind": "booking", "id": "NOBODY"}, 404, "no such booking"),
]


async def test_the_times_of_a_business_are_told_by_its_own_clocks(acme_dashboard: Any) -> None:
    told = re.compile(r">[^<]+ C[SD]T</time>")
    async with signed_in(acme_dashboard) as dana:
        for path in ("tasks", "reviews", "dead-letters", "pages"):
            assert told.search((await dana.look(path)).text), path
        assert "UTC</time></th>" not in (await dana.look("volume")).text  # just after midnight there is no hour yet
        for kind, identity in (("task", TASK), ("review", "rev0")):
            assert told.search((await dana.press("show", {"kind": kind, "id": identity})).text), kind


async def test_people_read_names_and_of_what_is_served_no_more_its_id(acme_dashboard: Any) -> None:
    with committing(acme_dashboard.database_url, seal) as transaction:
        former = Task("callback:F5FFAH", "callback", "former", "F5FFAH", "Call.", time.time(), "", "")
        task_opened(transaction, former, now=time.time())
        gone = update(bookings).where(bookings.c.reference == "B4BBAG").values(technician="kim")
        transaction.connection.execute(gone)
    async with signed_in(acme_dashboard) as dana:
        for path in ("bookings", "tasks", "reviews", "dead-letters", "pages", "audit"):
            page = (await dana.look(path)).text
            assert "Acme Pest Control" in page, path
            assert not re.search(r">acme\b|\bacme ·", page), path
        visits = (await dana.look("bookings")).text
        assert "Home inspection, Dana<" in visits
        assert "Home inspection, kim<" in visits
        assert "former · callback" in (await dana.look("tasks")).text


async def test_what_cannot_be_is_refused_in_words(acme_dashboard: Any) -> None:
    async with signed_in(acme_dashboard) as dana:
        for action, fields, status, words in CANNOT_BE:
            answer = await dana.press(action, fields)
            assert (answer.status_code, words in answer.text) == (status, True), (action, fields)
            assert f'href="/dashboard/{action.partition("/")[0]}"' in answer.text or action == "show", action


@pytest.mark.parametrize(
    ("kind", "identity", "words"),
    [
        ("booking", "K7M4QX", (CUSTOMER, PHONE, "12 Oak Street", "Gate code 4711")),
        ("task", TASK, (PHONE, "Gate code 4711")),
        ("review", "rev0", (PHONE, "cancel_appointment", "{{7*7}}")),
        ("review", "rev1", (PHONE, VISIT, "We: Which one? &lt;script&gt;", "reference: K7M4QX")),
    ],
)
async def test_personal_data_is_shown_after_a_click_that_is_on_record(
    database_url: str, tmp_path: Path, kind: str, identity: str, words: tuple[str, ...]
) -> None:
    fill(database_url)
    async with dashboard(database_url, tmp_path) as server, signed_in(server) as dana:
        shown = await dana.press("show", {"kind": kind, "id": identity})
        refused = await dana.client.get("/dashboard/show")
    assert shown.status_code == 200
    assert (refused.status_code, refused.headers["location"]) == (303, "/dashboard")
    assert not [word for word in words if word not in shown.text]
    assert "<script>hacked" not in shown.text
    [row] = recorded(database_url, "personal_data_shown")
    assert (row.subject, row.business, orjson.loads(row.data)) == (identity, "acme", {"by": "Dana", "what": kind})


async def test_who_decides_reads_the_visit_in_words_before_any_id(acme_dashboard: Any) -> None:
    async with signed_in(acme_dashboard) as dana:
        told = (await dana.press("show", {"kind": "review", "id": "rev1"})).text
    read, small = told[told.index("<dl") : told.index("<details")], told[told.index("<details") :]
    now = "K7M4QX: Home inspection on "
    places = [read.index(words) for words in (VISIT, now, "We: Which one?", "the customer wrote")]
    assert places == sorted(places)
    assert re.search(rf"{now}[^<]* with Dana, confirmed\.", read)
    assert ("cancel_appointment" in read, "cancel_appointment" in small) == (False, True)
    assert small.index("cancel_appointment") < small.index("Approve")


async def test_who_calls_back_reads_why_and_whom_before_any_id_and_who_looks_at_a_booking_which_visit_it_is(
    acme_dashboard: Any,
) -> None:
    async with signed_in(acme_dashboard) as dana:
        task = (await dana.press("show", {"kind": "task", "id": TASK})).text
        booking = (await dana.press("show", {"kind": "booking", "id": "K7M4QX"})).text
    for page, section in ((task, "Tasks"), (booking, "Bookings")):
        assert f'aria-current="page">{section}<' in page, "where it was opened from"
        assert PHONE in page
        assert "called from" not in page, "by the number that stands above it"
    assert "Acme Pest Control" in task
    read, small = task[task.index("<dl") : task.index("<details")], task[task.index("<details") :]
    places = [read.index(words) for words in ("Gate code 4711", f'href="tel:{PHONE}"', "<dt>due")]
    assert places == sorted(places)
    assert (TASK in read, f"key: {TASK}" in small) == (False, True)
    read, small = booking[: booking.index("<details")], booking[booking.index("<details") :]
    assert re.search(r"Home inspection on \w{3} \d+ \w{3} \d{4}, \d\d:00 C[SD]T with Dana", read)
    assert ("embedded:acme/dana" in read, "embedded:acme/dana" in small) == (False, True)


async def test_ten_thousand_dead_letters_are_paged_through(database_url: str, tmp_path: Path) -> None:
    fill(database_url, letters=10_000)
    async with dashboard(database_url, tmp_path) as server, signed_in(server) as dana:
        page = await dana.look("dead-letters")
        assert page.text.count("data-row") == 50
        assert len(page.content) < 120_000
        seen, after = [], ""
        for _ in range(3):
            told = (await server.get(f"/api/dead-letters?after={after}", ADMIN_TOKEN)).json()
            seen += [letter["id"] for letter in told["letters"]]
            after = told["next"]
        assert seen == [f"{number:032x}" for number in range(150)]
        overview = (await server.get("/api/overview", ADMIN_TOKEN)).json()
        (tile,) = [tile for tile in overview["tiles"] if tile["name"] == "Dead letters"]
        assert tile["value"] == "1,000+"
        answer = await dana.press("dead-letters/replay", {"id": seen[:50]})
        assert answer.headers["location"].endswith("said=replayed-page")
        answer = await dana.press("dead-letters/replay", {"id": seen[40:60]})  # ten of them were replayed just before
        assert answer.status_code == 303
    replayed = rows(database_url, dead_letters, dead_letters.c.status == "replayed")
    assert sorted(row.id for row in replayed) == seen[:60]


async def test_of_a_line_that_nobody_knows_yet_it_is_not_said_that_all_is_normal(
    sqlite_url: str, tmp_path: Path
) -> None:
    told_to = {"READBACK_PAGE_URLS": "json://127.0.0.1:9/page"}
    async with dashboard(sqlite_url, tmp_path, READBACK_JOBS="on", **told_to) as server:
        for _ in range(600):  # jobs begin a moment after the server answers
            told = (await server.get("/api/overview", ADMIN_TOKEN)).json()
            if "jobs" not in told["sentence"]:
                break
            await asyncio.sleep(0.1)

    assert told["sentence"].startswith("Nothing is wrong; whether calls come as usual is not known yet and ")
    assert "service figures" in told["sentence"], "they were not counted for long enough either"
    unknown = {tile["name"] for tile in told["tiles"] if tile["state"] == "unknown"}
    assert unknown == {"Calls and texts today", "Lines", "Service figures"}


async def test_what_nobody_decided_says_how_it_ended(sqlite_url: str, tmp_path: Path) -> None:
    fill(sqlite_url)
    with committing(sqlite_url, seal) as transaction:
        for identity, status in (("rev0", "expired"), ("rev1", "overtaken")):
            change = update(reviews).where(reviews.c.id == identity).values(status=status, decided_at=time.time())
            transaction.connection.execute(change)
    async with dashboard(sqlite_url, tmp_path) as server, signed_in(server) as dana:
        lately = (await dana.look("reviews")).text.partition("Decided lately")[2]
    assert ("nobody in time, " in lately, "done meanwhile, " in lately) == (True, True)


@pytest.mark.parametrize(
    ("kind", "about"),
    [("callback", "3 late callbacks"), ("tell_customer", "3 late tasks")],
    ids=lambda value: str(value),
)
async def test_what_is_no_callback_is_not_told_as_one(sqlite_url: str, tmp_path: Path, kind: str, about: str) -> None:
    late = time.time() - 60
    with committing(sqlite_url, seal) as transaction:
        for number, one in enumerate(("callback", "callback", kind)):
            task_opened(transaction, Task(f"k{number}", one, "acme", f"R{number}", "Call.", late), now=late)
    async with dashboard(sqlite_url, tmp_path) as server:
        overview = (await server.get("/api/overview", ADMIN_TOKEN)).json()
    assert about in overview["sentence"]
    assert [tile["value"] for tile in overview["tiles"] if tile["name"] == "Tasks"] == ["3"]


async def test_a_page_that_waits_behind_another_is_none_that_somebody_has_to_take(
    sqlite_url: str, tmp_path: Path
) -> None:
    fill(sqlite_url)
    with committing(sqlite_url, seal) as transaction:
        changed = update(pages).where(pages.c.kind == "calendar_down").values(told="held", next_at=time.time() + 600)
        assert transaction.connection.execute(changed).rowcount == 1
    async with dashboard(sqlite_url, tmp_path) as server:
        overview = (await server.get("/api/overview", ADMIN_TOKEN)).json()
        open_ones = (await server.get("/api/pages", ADMIN_TOKEN)).json()["pages"]
    assert [tile["value"] for tile in overview["tiles"] if tile["name"] == "Pages"] == [str(len(open_ones) - 1)]
