"""Decisions that are a person's: asked for with a page and a time limit, made once, and never lost."""

import json
import time
from dataclasses import replace

import pytest
from sqlalchemy import select

from app.audit.log import seal, verify
from app.db.once import committing, looking
from app.db.schema import audit, ground_truth, job_outbox, pages
from app.review.reviews import (
    DECIDED,
    DUE,
    WITHIN_S,
    Proposal,
    ReviewError,
    by_id,
    decided,
    expired,
    listed,
    opened,
    wrote_since,
)
from app.review.truth import MOST_READ_AT_ONCE, truths
from tests.commanding import command

CONTENT = {"tool": "cancel_appointment", "arguments": {"reference": "K7M4QX"}, "customer": "+15125550142"}
PROPOSAL = Proposal("acme", "sms:c1", "high_stakes", "Cancel an appointment for a customer who texts.", CONTENT)


def proposed(url: str, proposal: Proposal = PROPOSAL, now: float = 1_000.0) -> str:
    with committing(url, seal) as transaction:
        return opened(transaction, proposal, now=now)


def jobs(url: str) -> list[tuple[str, str, float]]:
    with looking(url) as connection:
        rows = connection.execute(select(job_outbox.c.kind, job_outbox.c.key, job_outbox.c.due))
        return sorted((row.kind, row.key, row.due) for row in rows)


def test_a_person_is_paged_and_has_so_long(database_url: str) -> None:
    identity = proposed(database_url)

    with looking(database_url) as connection:
        (page,) = connection.execute(select(pages)).fetchall()
        (review,) = listed(connection)
        told = str(connection.execute(select(audit.c.data)).fetchall())
    assert (review.id, review.status, review.due, review.content) == (identity, "open", 1_000 + WITHIN_S, CONTENT)
    assert "30 minutes" in page.body
    assert identity in page.body
    assert "5550142" not in page.body + told
    assert jobs(database_url) == [(DUE, identity, 1_000 + WITHIN_S)]


@pytest.mark.parametrize(("approve", "status"), [(True, "approved"), (False, "rejected")])
def test_a_decision_is_made_once_and_carried_out_by_a_job(database_url: str, approve: bool, status: str) -> None:
    identity = proposed(database_url)
    with committing(database_url, seal) as transaction:
        decided(transaction, identity, approve, by="Dana", note="asked, call +15125550142", now=1_100.0)

    for again in (True, False):
        with (
            pytest.raises(ReviewError, match=f"was {status} already by Dana; that stays"),
            committing(database_url, seal) as transaction,
        ):
            decided(transaction, identity, again, by="Lee", now=1_200.0)
    with committing(database_url, seal) as transaction:
        assert not expired(transaction, identity, now=1_000 + WITHIN_S)
    with looking(database_url) as connection:
        review = by_id(connection, identity)
        assert (review.status, review.decided_by, review.decided_at) == (status, "Dana", 1_100.0)
        assert "5550142" not in review.note
        assert connection.execute(select(pages.c.status)).scalars().all() == ["resolved"]
        assert listed(connection) == []
        assert [r.id for r in listed(connection, everything=True)] == [identity]
        assert verify(connection).holds
    assert (DECIDED, identity, 1_100.0) in jobs(database_url)


def test_what_nobody_decided_in_time_is_over(database_url: str) -> None:
    identity = proposed(database_url)
    late = 1_000 + WITHIN_S + 1
    with pytest.raises(ReviewError, match="nobody decided in time"), committing(database_url, seal) as transaction:
        decided(transaction, identity, True, by="Dana", now=late)
    with committing(database_url, seal) as transaction:
        assert expired(transaction, identity, now=late)

    assert (DECIDED, identity, late) in jobs(database_url)
    with looking(database_url) as connection:
        assert by_id(connection, identity).status == "expired"
        ends = connection.execute(select(pages.c.status, pages.c.resolution)).fetchall()
        assert ends == [("resolved", "readback: nobody decided in time, so it is not done")]


def test_the_same_proposal_is_one_review(sqlite_url: str) -> None:
    keyed = Proposal("acme", "sms:c1", "high_stakes", "Cancel.", CONTENT, key="a" * 32)
    with committing(sqlite_url, seal) as transaction:
        first, second = (opened(transaction, keyed, now=now) for now in (1.0, 2.0))
    assert first == second == "a" * 32
    assert len(jobs(sqlite_url)) == 1


def test_what_is_written_after_a_decision_belongs_to_it_no_more(sqlite_url: str) -> None:
    taken = proposed(sqlite_url)
    still_open = proposed(sqlite_url, replace(PROPOSAL, key="other"))
    with committing(sqlite_url, seal) as transaction:
        decided(transaction, taken, True, by="Dana", now=1_100.0)
        wrote_since(transaction, PROPOSAL.conversation, {"SM2": "the second one rather"})
    with looking(sqlite_url) as connection:
        assert by_id(connection, taken).content == CONTENT
        assert by_id(connection, still_open).content["since"] == {"SM2": "the second one rather"}


def test_by_command(database_url: str) -> None:
    one, other = proposed(database_url, now=time.time()), proposed(database_url, now=time.time() + 1)

    code, out, _ = command(database_url, "reviews", "list", "--json")
    assert (code, [review["id"] for review in json.loads(out)]) == (0, [one, other])
    assert "5550142" not in out
    code, out, _ = command(database_url, "reviews", "show", one, "--json")
    assert (code, json.loads(out)["content"]) == (0, CONTENT)
    code, out, _ = command(database_url, "reviews", "approve", one, "--by", "Dana", "--json")
    assert (code, json.loads(out)["status"]) == (0, "approved")
    late = f"The review {one} was approved already by Dana; that stays as it is.\n"
    assert command(database_url, "reviews", "reject", one) == (1, "", late)
    rejected = command(database_url, "reviews", "reject", other, "--by", "Lee", "--corrected", "Move it to Friday")
    assert rejected == (0, f"{other} is rejected.\n", "")
    code, out, _ = command(database_url, "reviews", "truths", "--json")
    taught = [(one["review"], one["verdict"], one["corrected"], one["by"]) for one in json.loads(out)]
    assert taught == [(one, "right", "", "Dana"), (other, "wrong", "Move it to Friday", "Lee")]
    assert json.loads(out)[0]["proposed"] == CONTENT
    assert command(database_url, "reviews", "list") == (0, "Nothing waits for a decision.\n", "")
    assert command(database_url, "reviews", "show", "nothing") == (1, "", "There is no review nothing.\n")
    assert command(database_url, "reviews")[0] == 2


def test_every_decision_can_be_read_back_however_many_there_were(database_url: str) -> None:
    count = 2 * MOST_READ_AT_ONCE + 100
    whole = {"business": "acme", "inference": "", "by": "Dana", "verdict": "right", "proposed": "{}", "corrected": ""}
    # Some of the same moment, on both sides of where one reading ends and the next begins.
    rows = [{"review": f"r{number:05}", "at": float(number // 7), **whole} for number in range(count)]
    with committing(database_url, seal) as transaction:
        transaction.connection.execute(ground_truth.insert(), rows)
    with looking(database_url) as connection:
        assert [one["review"] for one in truths(connection)] == [row["review"] for row in rows]


def test_the_command_tells_the_visit_in_words_and_the_ids_last(sqlite_url: str) -> None:
    words = "Cancel Home inspection on Tue 24 Nov 2026, 09:00 CST with Dana."
    said = [{"who": "customer", "text": "Which are mine?"}, {"who": "agent", "text": "1) Tue 2) Wed"}]
    since = {"SM3": "no wait"}
    content = CONTENT | {"in_words": [words], "said_before": said, "said": "2", "since": since, "inference": "inf1"}
    one = proposed(sqlite_url, replace(PROPOSAL, content=content), now=time.time())

    code, out, _ = command(sqlite_url, "reviews", "show", one)
    lines = out.splitlines()
    assert code == 0
    told = lines.index("what would be done:")
    assert lines[told : told + 8] == [
        "what would be done:",
        f"  {words}",
        "as it stands now:",
        "  K7M4QX: this business has no such visit.",
        "said before:",
        "  Customer: Which are mine?",
        "  We: 1) Tue 2) Wed",
        "the customer wrote: 2",
    ]
    ids = lines.index("tool: cancel_appointment")
    assert told < lines.index("  no wait") < ids
    assert lines[ids + 1 :] == ["with: reference: K7M4QX", "inference: inf1"]


def test_a_review_that_was_opened_before_is_shown_with_what_it_has(sqlite_url: str) -> None:
    one = proposed(sqlite_url, now=time.time())
    lines = command(sqlite_url, "reviews", "show", one)[1].splitlines()
    assert "what would be done: cancel_appointment" in lines
    assert "with: reference: K7M4QX" in lines
    assert "customer: +15125550142" in lines
