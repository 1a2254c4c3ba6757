"""What is put in a transaction is there when it commits, once, and gone when it does not."""

from sqlalchemy import select

from app.audit.log import seal
from app.db.engine import Transaction
from app.db.opening import open_engine
from app.db.schema import audit, dead_letters, job_outbox, pages, tasks
from app.jobs.dead_letters import Letter, bury
from app.jobs.outbox import Job, put
from app.review.tasks import Task, closed, opened
from app.watch.pages import Page, raised, resolved


def test_a_job_put_twice_is_one_job(database_url: str) -> None:
    engine = open_engine(database_url, writes=True)
    with engine.begin() as connection:
        put(Transaction(connection), Job("read_back", "b:1", 60.0, {"booking": "b"}), now=1.0)
        put(Transaction(connection), Job("read_back", "b:1", 90.0, {"booking": "b"}), now=2.0)

        rows = connection.execute(select(job_outbox)).fetchall()

    assert [(row.kind, row.key, row.due, row.data) for row in rows] == [("read_back", "b:1", 60.0, '{"booking":"b"}')]
    engine.dispose()


def test_a_page_is_one_until_it_is_resolved(database_url: str) -> None:
    engine = open_engine(database_url, writes=True)
    page = Page("mismatch", "K7Q2MX", "Read-back mismatch: K7Q2MX", "what is there", "acme")
    with engine.begin() as connection:
        transaction = Transaction(connection)
        assert raised(transaction, page, now=1.0)
        assert not raised(transaction, page, now=2.0)
        assert resolved(transaction, "mismatch", "K7Q2MX", now=3.0)
        assert not resolved(transaction, "mismatch", "K7Q2MX", now=4.0)
        assert raised(transaction, page, now=5.0)

        states = connection.execute(select(pages.c.status).order_by(pages.c.raised_at)).scalars().all()
        kinds = [record.kind for record in transaction.records]

    assert states == ["resolved", "open"]
    assert kinds == ["page_raised", "page_resolved", "page_raised"]
    engine.dispose()


def test_a_task_is_opened_once_and_closed_once(database_url: str) -> None:
    engine = open_engine(database_url, writes=True)
    task = Task("callback:K7Q2MX", "callback", "acme", "K7Q2MX", "Call back.", 60.0, "+15125550142")
    with engine.begin() as connection:
        transaction = Transaction(connection)
        assert opened(transaction, task, now=1.0)
        assert not opened(transaction, task, now=2.0)
        assert closed(transaction, task.key, by="Dana", now=3.0)
        assert not closed(transaction, task.key, by="Dana", now=4.0)
        assert not opened(transaction, task, now=5.0)

        row = connection.execute(select(tasks)).one()

    assert (row.status, row.closed_by, row.due) == ("done", "Dana", 60.0)
    assert "+15125550142" not in str([record.data for record in transaction.records])
    engine.dispose()


def test_a_dead_letter_keeps_what_a_replay_needs_and_leaves_an_audit_row(database_url: str) -> None:
    engine = open_engine(database_url, writes=True)
    with engine.begin() as connection:
        transaction = Transaction(connection)
        identity = bury(transaction, Letter("crm_copy", "b:1", "acme", "500", {"booking": "b"}), now=1.0)
        seal(connection, transaction.records)

        letter = connection.execute(select(dead_letters)).one()
        noted = connection.execute(select(audit.c.kind, audit.c.subject)).one()

    assert (letter.id, letter.kind, letter.key, letter.data, letter.status) == (
        identity, "crm_copy", "b:1", '{"booking":"b"}', "open",
    )  # fmt: skip
    assert tuple(noted) == ("dead_letter", "b:1")
    engine.dispose()
