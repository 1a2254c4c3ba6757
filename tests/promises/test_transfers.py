"""Every transfer is followed to its end: one task for each that failed, however often and in whichever order."""

import functools
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from app.audit.log import verify
from app.db.engine import Database
from app.jobs.outbox import Again
from app.promises.fates import Fate, fate, weightier
from app.promises.transfer_fate import TransferFate
from app.promises.transfers import (
    NO_END_S,
    NO_WORD_S,
    REPORT,
    SAME_ATTEMPT_S,
    URGENT_S,
    Asked,
    Report,
    Transfer,
    begun,
    not_taken,
    of_call,
    owed,
    reported,
)
from app.review.tasks import closed
from tests.fakes.clock import FakeClock
from tests.fakes.databases import executed, opened

CALL, CALLER, FRONT, BACK = "vapi:c1", "+15125550142", "+15125550171", "+15125550172"
ASKED = Asked(CALL, "acme", CALLER, (FRONT, BACK), "the ants are back")
SAID_NOTHING = Report(CALL, "acme", CALLER, False, "", "")
FORWARDING = replace(SAID_NOTHING, put_through=True, destination=FRONT)
BUSY, NO_ANSWER, BROKEN = "call.forwarding.operator-busy", "call.forwarding.no-answer", (
    "call.in-progress.error-transfer-failed"
)  # fmt: skip
HUNG_UP, FORWARDED = "customer-ended-call", "assistant-forwarded-call"
GAVE_UP, NOBODY_KNOWS = "customer-ended-call-during-transfer", "some-reason-of-2027"


def ended(reason: str) -> Report:
    return replace(SAID_NOTHING, reason=reason)


class Desk:
    """Asks and reports as the rest of the product does, each in a transaction of its own."""

    def __init__(self, database: Database, url: str) -> None:
        self.database, self.url, self.clock = database, url, FakeClock()
        self.fate = TransferFate(database, self.clock)

    async def begin(self, asked: Asked = ASKED) -> Transfer | None:
        trying = await self.database.write(lambda t: begun(t, asked, now=self.clock.now()))
        self.again = trying is not None and trying.again
        return trying and trying.transfer

    async def report(self, *reports: Report) -> None:
        for report in reports:
            await self.database.write(lambda t, report=report: reported(t, report, now=self.clock.now()))

    async def not_taken(self, transfer: Transfer) -> None:
        await self.database.write(lambda t: not_taken(t, transfer, now=self.clock.now()))

    async def look(self, attempt: int = 1) -> Again | None:
        return await self.fate({"call": CALL, "attempt": attempt})

    async def states(self) -> list[str]:
        return [one.state for one in await self.database.read(lambda c: of_call(c, CALL))]

    def tasks(self) -> list[tuple[Any, ...]]:
        return executed(self.url, "SELECT kind, status, phone, details FROM tasks ORDER BY opened_at")

    def statuses(self) -> list[str]:
        return [status for _, status, _, _ in self.tasks()]

    def pages(self) -> list[str]:
        return [status for (status,) in executed(self.url, "SELECT status FROM pages ORDER BY raised_at")]


@asynccontextmanager
async def desk(url: str) -> AsyncIterator[Desk]:
    async with opened(url) as database:
        yield Desk(database, url)
        assert (await database.read(verify)).holds
        audited = str(executed(url, "SELECT data FROM audit"))
        assert not [private for private in (CALLER, FRONT, BACK, "ants") if private in audited]


@pytest.mark.parametrize(
    ("put_through", "reason", "expected"),
    [
        (False, "", Fate.OPEN),
        (True, "", Fate.OPEN),
        (False, FORWARDED, Fate.CONNECTED),
        (True, FORWARDED, Fate.CONNECTED),
        (True, HUNG_UP, Fate.CONNECTED),
        (False, HUNG_UP, Fate.OPEN),
        *((True, reason, Fate.UNHEARD) for reason in (
            "manually-canceled", "worker-shutdown", "phone-call-provider-closed-websocket", NOBODY_KNOWS,
        )),
        (False, NOBODY_KNOWS, Fate.OPEN),
        *((through, reason, Fate.FAILED) for through in (True, False) for reason in (
            BUSY, NO_ANSWER, BROKEN, "call.in-progress.error-warm-transfer-assistant-cancelled",
            "call.in-progress.error-vapifault-worker-died", "twilio-failed-to-connect-call",
            "call.in-progress.error-sip-outbound-call-failed-to-connect", "assistant-ended-call",
            "assistant-said-end-call-phrase", "silence-timed-out", "exceeded-max-duration", "assistant-join-timed-out",
            GAVE_UP, "customer-ended-call-before-warm-transfer", "customer-ended-call-after-warm-transfer-attempt",
            "customer-did-not-answer", "customer-busy", "voicemail", "twilio-reported-customer-misdialed",
            "vonage-rejected",
        )),
    ],
)  # fmt: skip
def test_what_became_of_it(put_through: bool, reason: str, expected: Fate) -> None:
    assert fate(put_through, reason) is expected


@pytest.mark.parametrize("most", range(1, 6))
def test_the_weightiest_that_is_said_stands_in_any_order(most: int) -> None:
    said = ["", HUNG_UP, NOBODY_KNOWS, FORWARDED, NO_ANSWER][:most]
    for reasons in itertools.permutations(said):
        assert functools.reduce(weightier, reasons, "") == said[-1]


@pytest.mark.parametrize("reason", [BUSY, NO_ANSWER, BROKEN, GAVE_UP])
@pytest.mark.parametrize("order", list(itertools.permutations([0, 1, 2])), ids=str)
async def test_a_failed_one_is_one_urgent_task_however_often_and_in_whichever_order(
    sqlite_url: str, order: tuple[int, ...], reason: str
) -> None:
    reports = (FORWARDING, ended(reason), ended(HUNG_UP))
    async with desk(sqlite_url) as at:
        await at.begin()
        for _ in range(2):
            await at.report(*(reports[number] for number in order))
        # A caller who hung up after being put through counts as connected until a failure is reported.
        assert await at.states() == ["failed"]
        assert at.tasks() == [("transfer_failed", "open", CALLER, "the ants are back")]
        assert at.pages() == ["open"]


async def test_the_task_is_due_in_minutes_and_names_nobody(database_url: str) -> None:
    async with desk(database_url) as at:
        await at.begin()
        await at.report(ended(NO_ANSWER))
        ((due, what, subject),) = executed(database_url, "SELECT due, what, subject FROM tasks")

        assert due == at.clock.now() + URGENT_S
        assert what == "A transfer to a person failed. Call the caller back now."
        assert subject.startswith("T")
        assert len(subject) == 6


@pytest.mark.parametrize("reports", [(FORWARDING, ended(FORWARDED)), (ended(FORWARDED),), (FORWARDING, ended(HUNG_UP)),
                                     (ended(HUNG_UP), FORWARDING)])  # fmt: skip
async def test_one_that_came_about_needs_nobody(database_url: str, reports: tuple[Report, ...]) -> None:
    async with desk(database_url) as at:
        await at.begin()
        await at.report(*reports, *reports)
        at.clock.advance(NO_END_S + 1)
        assert await at.look() is None
        assert await at.states() == ["connected"]
        assert at.tasks() == []


@pytest.mark.parametrize("order", list(itertools.permutations([0, 1, 2])), ids=str)
async def test_an_end_that_says_nothing_is_a_task_at_once_until_word_of_a_connection(
    sqlite_url: str, order: tuple[int, ...]
) -> None:
    reports = (FORWARDING, ended(NOBODY_KNOWS), ended(HUNG_UP))
    async with desk(sqlite_url) as at:
        await at.begin()
        await at.report(*(reports[number] for number in order))
        assert (await at.states(), at.statuses(), at.pages()) == (["unheard"], ["open"], ["open"])
        await at.report(ended(FORWARDED))
        assert (await at.states(), at.statuses(), at.pages()) == (["connected"], ["done"], ["resolved"])


@pytest.mark.parametrize("end", [HUNG_UP, GAVE_UP, NOBODY_KNOWS])
async def test_a_callback_that_is_owed_outlives_what_proves_no_conversation(sqlite_url: str, end: str) -> None:
    async with desk(sqlite_url) as at:
        await at.begin()
        await at.report(FORWARDING, ended(NO_ANSWER))
        await at.begin()
        await at.report(replace(FORWARDING, destination=BACK), ended(end))
        assert at.statuses() == ["open"]
        assert at.pages() == ["open"]


async def test_a_plain_hanging_up_does_not_take_back_that_nothing_was_heard(sqlite_url: str) -> None:
    async with desk(sqlite_url) as at:
        await at.begin()
        at.clock.advance(NO_WORD_S)
        await at.look()
        await at.report(FORWARDING, ended(HUNG_UP))
        assert (await at.states(), at.statuses()) == (["unheard"], ["open"])


async def test_no_word_at_all_is_a_task(database_url: str) -> None:
    async with desk(database_url) as at:
        await at.begin()
        ((due,),) = executed(database_url, "SELECT due FROM job_outbox WHERE kind = 'transfer_fate'")
        assert due == at.clock.now() + NO_WORD_S
        assert await at.look() == Again(NO_WORD_S)
        at.clock.advance(NO_WORD_S)
        for _ in range(2):
            assert await at.look() is None
        assert await at.states() == ["unheard"]
        assert at.statuses() == ["open"]


async def test_one_under_way_is_given_longer(database_url: str) -> None:
    async with desk(database_url) as at:
        await at.begin()
        await at.report(FORWARDING)
        at.clock.advance(NO_WORD_S)
        assert await at.look() == Again(NO_END_S - NO_WORD_S)
        assert at.tasks() == []
        at.clock.advance(NO_END_S)
        assert await at.look() is None
        assert at.statuses() == ["open"]


async def test_a_caller_who_hung_up_while_waiting_is_called_back(sqlite_url: str) -> None:
    async with desk(sqlite_url) as at:
        await at.begin()
        await at.report(ended(HUNG_UP))
        assert at.tasks() == [], "word that it was put through may still come"
        at.clock.advance(NO_WORD_S)
        await at.look()
        assert at.statuses() == ["open"]


async def test_late_word_of_a_connection_closes_the_task_and_ends_its_page(database_url: str) -> None:
    async with desk(database_url) as at:
        await at.begin()
        at.clock.advance(NO_WORD_S)
        await at.look()
        await at.report(ended(FORWARDED))
        assert await at.states() == ["connected"]
        assert executed(database_url, "SELECT status, closed_by FROM tasks") == [("done", REPORT)]
        assert at.pages() == ["resolved"]


@pytest.mark.parametrize(("by", "tasks"), [("Dana", ["done"]), (REPORT, ["done", "open"])])
async def test_a_failure_after_all_is_not_lost_nor_done_twice(sqlite_url: str, by: str, tasks: list[str]) -> None:
    async with desk(sqlite_url) as at:
        await at.begin()
        at.clock.advance(NO_WORD_S)
        await at.look()
        ((key,),) = executed(sqlite_url, "SELECT key FROM tasks")
        if by == REPORT:
            await at.report(ended(FORWARDED))
        else:
            await at.database.write(lambda t: closed(t, key, by=by, now=at.clock.now()))
        at.clock.advance(1)
        await at.report(ended(NO_ANSWER))
        assert at.statuses() == tasks


async def test_a_failure_while_nothing_was_known_is_the_same_task(sqlite_url: str) -> None:
    async with desk(sqlite_url) as at:
        await at.begin()
        at.clock.advance(NO_WORD_S)
        await at.look()
        await at.report(ended(BROKEN))
        assert (await at.states(), at.statuses()) == (["failed"], ["open"])


async def test_an_order_the_platform_did_not_take_is_made_up_for(database_url: str) -> None:
    async with desk(database_url) as at:
        transfer = await at.begin()
        assert transfer is not None
        for _ in range(2):
            await at.not_taken(transfer)
        assert at.statuses() == ["open"]
        assert await at.database.read(lambda c: owed(c, CALL)) == at.clock.now() + URGENT_S
        await at.report(FORWARDING, ended(FORWARDED))
        assert at.statuses() == ["done"], "it had taken it after all"


async def test_asked_again_at_once_it_is_the_same_and_later_the_next(database_url: str) -> None:
    async with desk(database_url) as at:
        first = await at.begin()
        assert not at.again
        assert await at.begin() == first
        assert at.again
        at.clock.advance(SAME_ATTEMPT_S + 1)
        second = await at.begin()
        at.clock.advance(SAME_ATTEMPT_S + 1)
        assert await at.begin() is None
        assert (first and first.destination, second and second.destination) == (FRONT, BACK)
        assert await at.states() == ["superseded", "unheard"]
        assert at.statuses() == ["open"]


async def test_who_did_not_answer_is_not_tried_again_in_the_same_call(sqlite_url: str) -> None:
    async with desk(sqlite_url) as at:
        await at.begin()
        await at.report(FORWARDING, ended(NO_ANSWER))
        second = await at.begin()
        assert second is not None
        assert second.destination == BACK
        await at.report(replace(FORWARDING, destination=BACK), ended(FORWARDED))
        assert await at.states() == ["failed", "connected"]
        assert at.statuses() == ["done"], "the caller has spoken to somebody"


async def test_whoever_calls_back_reads_every_reason_the_caller_gave(database_url: str) -> None:
    async with desk(database_url) as at:
        first = await at.begin()
        await at.begin(replace(ASKED, details="and a wasp nest"))
        assert first is not None
        await at.not_taken(first)
        assert [details for *_, details in at.tasks()] == ["the ants are back\nand a wasp nest"]
        at.clock.advance(SAME_ATTEMPT_S + 1)
        second = await at.begin(replace(ASKED, details="the invoice"))
        await at.begin(replace(ASKED, details="the invoice"))
        assert second is not None
        assert second.details == "the ants are back\nand a wasp nest\nthe invoice"
        assert [details for *_, details in at.tasks()] == [second.details], "also where they are owed a call already"


async def test_two_that_fail_in_one_call_are_one_call_back(sqlite_url: str) -> None:
    async with desk(sqlite_url) as at:
        await at.begin()
        await at.report(ended(NO_ANSWER))
        at.clock.advance(SAME_ATTEMPT_S + 1)
        await at.begin()
        await at.report(replace(FORWARDING, destination=BACK), ended(BUSY))
        assert await at.states() == ["failed", "failed"]
        assert at.statuses() == ["open"]


@pytest.mark.parametrize("first", [FORWARDING, ended(NO_ANSWER), ended(GAVE_UP)])
async def test_a_transfer_nobody_asked_us_about_is_followed_too(sqlite_url: str, first: Report) -> None:
    async with desk(sqlite_url) as at:
        await at.report(first, ended(NO_ANSWER))
        assert await at.states() == ["failed"]
        assert at.tasks() == [("transfer_failed", "open", CALLER, "")]


@pytest.mark.parametrize("reason", [HUNG_UP, FORWARDED, "assistant-ended-call", "pipeline-error-openai-llm-failed", ""])
async def test_the_end_of_a_call_without_a_transfer_is_none(sqlite_url: str, reason: str) -> None:
    async with desk(sqlite_url) as at:
        await at.report(ended(reason))
        assert (await at.states(), at.tasks()) == ([], [])


async def test_a_platform_that_reports_nothing_is_waited_for_by_nobody(sqlite_url: str) -> None:
    async with desk(sqlite_url) as at:
        await at.begin(replace(ASKED, followed=False))
        assert await at.states() == ["handed_over"]
        assert executed(sqlite_url, "SELECT kind FROM job_outbox") == []


async def test_a_withheld_number_is_a_task_all_the_same(sqlite_url: str) -> None:
    async with desk(sqlite_url) as at:
        await at.begin(replace(ASKED, caller=""))
        await at.report(replace(ended(NO_ANSWER), caller=""))
        assert executed(sqlite_url, "SELECT what FROM tasks") == [
            ("A transfer to a person failed. No number was signalled: look for it in the call.",)
        ]
