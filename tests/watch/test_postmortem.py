"""The timeline of a post-mortem says of each page who took it and when."""

import pytest

from app.audit.log import seal
from app.db.migrate import migrate
from app.db.once import committing, looking
from app.watch import pages
from app.watch.incidents import Opening, Said, State, opened, said
from app.watch.pages import Page
from app.watch.postmortem import collected, draft

NOW = 1_795_000_000.0
DOWN = Page("calendar_down", "dana", "Calendar down at Acme", "No answer.", "acme")
EARLIER = Page("job_given_up", "x", "A job was given up", "", "")


@pytest.mark.parametrize(("by", "told"), [("Ana <b>", "Ana &lt;b>"), ("", "somebody")])
def test_who_took_a_page_and_when_is_in_the_timeline(database_url: str, by: str, told: str) -> None:
    migrate(database_url, None)
    with committing(database_url, seal) as transaction:
        pages.raised(transaction, EARLIER, now=NOW - 9_000)
        pages.raised(transaction, DOWN, now=NOW - 600)
        for page in pages.listed(transaction.connection):
            at = NOW - 420 if page.page == DOWN else NOW - 300
            pages.acknowledged(transaction, page.id, by=by, now=at)
        incident = opened(transaction, Opening("Visits cannot be booked"), by="Dana", now=NOW - 60)
        pages.resolved(transaction, "calendar_down", "dana", now=NOW)
        incident = said(transaction, incident.id, Said("Over.", State.RESOLVED), by="Dana", now=NOW + 60)
    with looking(database_url) as connection:
        lines = draft(collected(connection, incident, now=NOW + 100)).splitlines()
    timeline = [
        line.split("Z ", 1)[1]
        for line in lines[lines.index("## Timeline") : lines.index("## Figures")]
        if "page " in line
    ]
    assert timeline == [
        "page calendar_down: Calendar down at Acme",
        f"page calendar_down acknowledged: Calendar down at Acme (by {told})",
        f"page job_given_up acknowledged: A job was given up (by {told})",
        "page calendar_down resolved: Calendar down at Acme",
    ]
    assert "- Pages raised, acknowledged or resolved: 4" in lines
