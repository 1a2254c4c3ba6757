"""One inference through all its layers: prompt, money, models in order, answer held against what is known, record.

Whatever goes wrong is one error for whoever asked, who goes on without a model. What a model answered badly is a dead
letter with all that is needed to ask again.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, Connection, and_, or_, select

from app import log, metrics
from app.booking.business import Business
from app.clock import Clock
from app.db.engine import Database, DatabaseUnavailableError, Transaction
from app.db.schema import inferences
from app.errors import OverloadedError, ReadbackError
from app.inference.asides import Claim, claim_of, is_asked, let_go
from app.inference.attempt import Attempt, Purse
from app.inference.fallback import (
    USEFUL_S,
    WITHIN_S,
    Fallback,
    NoAnswerError,
    NotWorthItError,
    UnpaidError,
)
from app.inference.grade import Graded, Grader
from app.inference.lately import Lately, impersonal, shared
from app.inference.model import Model, ModelAnswer, Usage, Wanted
from app.inference.output import Decision, Grade, Known, Understood, understood
from app.inference.prompt import CURRENT, Prompt, PromptError, built
from app.inference.records import CACHED, REPLAY, Inference, by_id, kept, led_nowhere
from app.inference.spend import LOOK_EVERY_S, AskedElsewhereError, BusinessPurse, Spend
from app.jobs.dead_letters import Letter, given_up

SAMPLE: Final = Usage(3_000, 100)
"""Tokens by which models are compared."""
BURIED: Final = ("bad", "refused")
"""Outcomes that a person should look at."""
INPUT: Final = "model_input"
"""The kind of dead letter about something that did not fit the schema, so that no model saw it."""
ANSWERED_S: Final = 3.0
"""From a customer's last words to a reply, when no model answers; the time in which more words are awaited counts."""
SENDING_S: Final = 0.7
"""Of that, for what is done before and after: the guided conversation, and handing its reply to the carrier, for which
jobs wait up to half a second to be looked at.
"""
AHEAD_FOR_S: Final = 10.0
"""From when a question was asked ahead, for which the turn that it is for may take its answer."""
NOT_ALLOWED: Final = "not_allowed"
"""The code of a result by which a model hears that a tool did not run as it wanted."""

_log = log.get(__name__)
_i = inferences.c


class NobodyAnsweredError(ReadbackError):
    """No model gave an answer that may be used; the customer is served without. Its text has no content."""


class OutOfScopeError(NobodyAnsweredError):
    """One did, about what is not the business's to answer: the customer is told so."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was understood, and the id under which it is kept."""

    understood: Understood
    id: str


Words = Callable[[Decision], str]
"""What a customer would read of a decision."""


def _names(decision: Decision) -> str:
    return ", ".join(decision.say)


class Asking:
    """Has models asked, once they are `ready`. One for each process."""

    def __init__(  # noqa: PLR0913 - the layers of an inference, one each
        self,
        fallback: Fallback,
        spend: Spend,
        businesses: Mapping[str, Business],
        database: Database,
        clock: Clock,
        grader: Grader | None = None,
        ready: Callable[[], bool] = lambda: True,
    ) -> None:
        self._businesses = businesses
        self._fallback = fallback
        self._spend = spend
        self._database = database
        self._clock = clock
        self._grader = grader
        self._ready = ready
        self._lately = Lately(clock)
        self._ahead: dict[tuple[str, str], asyncio.Task[Asked]] = {}

    @property
    def possible(self) -> bool:
        """Whether there is any model to ask."""
        return bool(self._fallback.models)

    async def ask(
        self,
        business: Business,
        conversation: str,
        given: Mapping[str, Any],
        *,
        small: bool = False,
        words: Words = _names,
        since: float | None = None,
    ) -> Asked:
        """Ask, unless these very bytes were asked and answered in this turn before a crash: then that answer stands.

        What holds nothing of the customer, and was answered to somebody else lately, is answered the same.
        `words` puts a decision as the customer would read it, for the grader. `since` is when somebody began to
        wait for whether any model answers; without it the whole time is there.
        With `small` the cheapest model is asked first, being enough; the others come after it in their order. Raises
        `NobodyAnsweredError`, and `OutOfScopeError` where a grader says that of the reply.
        """
        try:
            prompt = built(CURRENT, given)
        except PromptError as error:
            raise NobodyAnsweredError(str(error)) from error
        begun = self._ahead.pop((conversation, prompt.hash), None)
        return await (begun or self._ask(business, conversation, prompt, small, words, since))

    def ahead(
        self, business: Business, conversation: str, given: Mapping[str, Any], *, words: Words, since: float
    ) -> None:
        """Begin to ask: an `ask` of the same bytes within `AHEAD_FOR_S` takes what comes of it. Raises `PromptError`.

        Where none comes, since the customer wrote more, it is paid for and kept, and nothing is done with it. While
        models are being loaded the turn asks by itself: by then they may be there.
        """
        prompt = built(CURRENT, given)
        key = (conversation, prompt.hash)
        if key not in self._ahead and self._ready():
            loop = asyncio.get_running_loop()
            self._ahead[key] = task = loop.create_task(self._ask(business, conversation, prompt, False, words, since))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            loop.call_later(AHEAD_FOR_S, self._ahead.pop, key, None)

    async def aclose(self) -> None:
        """Ask nothing ahead any more; what is set aside for it is settled."""
        begun = [*self._ahead.values()]
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)

    async def _ask(
        self,
        business: Business,
        conversation: str,
        prompt: Prompt,
        small: bool,
        words: Words,
        since: float | None,
    ) -> Asked:
        try:
            known = known_by(prompt)
            before = await self._database.read(lambda c: _answered(c, conversation, prompt.hash))
            if before is not None:
                return Asked(understood(before[1], known), before[0])
            again = await self._as_lately(business, conversation, prompt, known)
            if again is None and not self._ready():
                raise NobodyAnsweredError("models are still being loaded")
            return again or await self._claimed(business, conversation, prompt, known, small, words, since)
        except (NotWorthItError, DatabaseUnavailableError, OverloadedError) as error:
            _log.warning("no inference", business=business.id, reason=type(error).__name__)
            raise NobodyAnsweredError(type(error).__name__) from error

    async def unreadable(self, business: Business, conversation: str, cause: str, data: Mapping[str, str]) -> None:
        """Something that did not fit the schema reaches no model, and the dead letters instead. Never raises."""
        letter = Letter(INPUT, conversation[:180], business.id, cause, data)
        try:
            await self._database.write(lambda t: given_up(t, letter, now=self._clock.now()))
        except (DatabaseUnavailableError, OverloadedError) as error:
            _log.error("dead letter lost", kind=INPUT, reason=type(error).__name__)

    async def led_nowhere(self, asked: Asked, why: str) -> None:
        """What was understood was of no use, so that the customer is served without. Never raises."""
        try:
            await self._database.write(lambda t: led_nowhere(t, asked.id, why, now=self._clock.now()))
        except (DatabaseUnavailableError, OverloadedError) as error:
            _log.error("dead letter lost", kind=REPLAY, reason=type(error).__name__)

    async def again(self, data: Mapping[str, Any]) -> None:
        """A dead letter's job: ask the same question once more, and keep what comes of it. Nothing is done with it."""
        identity = str(data.get("inference") or "")
        if not identity:
            return  # what was unreadable is so still; a person has seen it
        row = await self._database.read(lambda c: by_id(c, identity))
        business = self._businesses.get(row.business)
        if business is None:
            return  # it is not served any more
        prompt, purse = row.again(), self._spend.purse(business)
        known = known_by(prompt)
        try:
            got = await self._fallback.ask(prompt.question(), purse, lambda answer: understood(answer, known))
        except (NoAnswerError, UnpaidError) as error:
            outcome = _outcome(error)
            failed = Inference(row.business, row.conversation, prompt, outcome, error.attempts, replays=identity)
            letter = Letter(REPLAY, identity, row.business, str(error), {"inference": identity})
            await self._database.write(lambda t: _failed_again(t, failed, letter, self._clock.now()))
            if outcome in BURIED:
                return  # it lies there anew: every further try would be paid for as well
            raise
        graded = await self._graded(prompt, got.checked, purse, _names)
        outcome = "bad" if graded and graded.held else "ok"
        inference = Inference(row.business, row.conversation, prompt, outcome, got.attempts, replays=identity)
        await self._database.write(lambda t: _keep(t, inference, graded, self._clock.now()))
        if graded and graded.held:
            raise NotWorthItError(graded.held)

    async def _as_lately(self, business: Business, conversation: str, prompt: Prompt, known: Known) -> Asked | None:
        """The answer that somebody else had to the same question, kept as this one's own; None: ask."""
        if not impersonal(prompt):
            return None
        source = self._lately.answered(business.id, prompt)
        before = await self._database.read(lambda c: _kept_answer(c, _i.id == source)) if source else None
        metrics.count_cache("inference", "hit" if before else "miss")
        if before is None:
            return None
        found = understood(before[1], known)
        inference = Inference(business.id, conversation, prompt, CACHED, replays=source, answer=before[1])
        await self._database.write(lambda t: kept(t, inference, now=self._clock.now()))
        return Asked(found, inference.id)

    async def _claimed(  # noqa: PLR0913 - what `ask` was given, and what it found
        self,
        business: Business,
        conversation: str,
        prompt: Prompt,
        known: Known,
        small: bool,
        words: Words,
        since: float | None,
    ) -> Asked:
        """Ask, unless another process asks this question now: then what that one hears is the answer here as well.

        Of texts in one breath each is another job, and so perhaps another process's, and all want the same answer.
        """
        claim = claim_of(conversation, prompt.hash)
        within_s = WITHIN_S if since is None else self._left_s(since)
        until, purse = time.monotonic() + within_s, self._spend.purse(business, claim)
        order = self._smallest_first if small else tuple
        try:
            return await self._asked(conversation, prompt, known, purse, order, words, within_s)
        except AskedElsewhereError:
            return await self._heard_elsewhere(conversation, prompt, known, claim, until)
        except asyncio.CancelledError:
            await asyncio.shield(self._spend.let_go(claim))
            raise

    async def _heard_elsewhere(
        self, conversation: str, prompt: Prompt, known: Known, claim: Claim, until: float
    ) -> Asked:
        """The answer of who asks it now. Raises `NobodyAnsweredError` where that has none, or not in time."""

        def look(connection: Connection) -> tuple[tuple[str, ModelAnswer] | None, bool]:
            asked = is_asked(connection, claim, self._clock.now())  # before the answer, which may come between
            return _answered(connection, conversation, prompt.hash), asked

        while True:
            found, asked = await self._database.read(look)
            if found is not None:
                return Asked(understood(found[1], known), found[0])
            if not asked or time.monotonic() >= until:
                raise NobodyAnsweredError("asked elsewhere")
            await asyncio.sleep(LOOK_EVERY_S)

    async def _asked(  # noqa: PLR0913 - as above
        self,
        conversation: str,
        prompt: Prompt,
        known: Known,
        purse: BusinessPurse,
        order: Callable[[Sequence[Model]], Sequence[Model]],
        words: Words,
        within_s: float,
    ) -> Asked:
        business = purse.business

        def check(answer: ModelAnswer) -> Understood:
            return understood(answer, known)

        outcome, cause = "ok", ""
        attempts: tuple[Attempt, ...] = ()
        found: Understood | None = None
        try:
            got = await self._fallback.ask(prompt.question(), purse, check, order, within_s)
            found, attempts = got.checked, got.attempts
        except AskedElsewhereError:
            raise
        except (NoAnswerError, UnpaidError) as error:
            outcome, attempts, cause = _outcome(error), error.attempts, str(error)
            if not attempts:  # its record says why no attempt came to anything, and not why there was none
                _log.warning("no model asked", business=business.id, reason=cause)
        graded = await self._graded(prompt, found, purse, words)
        if graded and graded.held:
            outcome, cause, found = "bad", graded.held, None
        inference = Inference(business.id, conversation, prompt, outcome, attempts, cause=cause)
        done_with = purse.claim if found is None else None
        await self._database.write(lambda t: _keep(t, inference, graded, self._clock.now(), BURIED, done_with))
        if found is None:
            raise (OutOfScopeError if graded and graded.grade is Grade.OUT_OF_SCOPE else NobodyAnsweredError)(outcome)
        if impersonal(prompt) and shared(found) and (graded is None or graded.grade):
            self._lately.note(business.id, prompt, inference.id)
        return Asked(found, inference.id)

    async def _graded(self, prompt: Prompt, found: Understood | None, purse: Purse, words: Words) -> Graded | None:
        """What the grader says of a reply; None where there is neither a grader nor anything to be said."""
        if self._grader is None or not isinstance(found, Decision):
            return None
        return await self._grader.grade(prompt, words(found), purse)

    def _left_s(self, since: float) -> float:
        # Who has waited longer by then waits for as long as is of use all the same.
        return min(max(since + ANSWERED_S - SENDING_S - self._clock.now(), USEFUL_S), WITHIN_S)

    def _smallest_first(self, models: Sequence[Model]) -> Sequence[Model]:
        smallest = min(models, key=lambda model: self._spend.micros(model.name, SAMPLE), default=None)
        return [model for model in models if model is smallest] + [model for model in models if model is not smallest]


def canonical(wanted: Sequence[Wanted], step: int) -> tuple[Wanted, ...]:
    """Tools that are wanted under ids of our own, so that the next prompt is the same bytes when it is built again."""
    return tuple(Wanted(f"c{step}_{n}", each.name, each.arguments) for n, each in enumerate(wanted))


def _keep(
    transaction: Transaction,
    inference: Inference,
    graded: Graded | None,
    now: float,
    buried: Collection[str] = (),
    done_with: Claim | None = None,
) -> None:
    """An inference, and the look at its reply, if there was one; what nobody answered may be asked again."""
    if done_with is not None:
        let_go(transaction, done_with)
    kept(transaction, inference, now=now, bury=inference.outcome in buried)
    if graded is not None:
        kept(transaction, graded.inference(inference), now=now)


def _failed_again(transaction: Transaction, inference: Inference, letter: Letter, now: float) -> None:
    """What asking once more cost is known; what was answered badly again is a dead letter again."""
    kept(transaction, inference, now=now)
    if inference.outcome in BURIED:
        given_up(transaction, letter, now=now)


def _outcome(error: NoAnswerError | UnpaidError) -> str:
    """Why nothing came of it; an answer that was no use before the money ended says more than that it did."""
    answered = [attempt for attempt in error.attempts if attempt.answer is not None]
    if not answered:
        return error.outcome if isinstance(error, UnpaidError) else "down"
    return "refused" if all(attempt.outcome == "refused" for attempt in answered) else "bad"


def _answered(connection: Connection, conversation: str, prompt_hash: str) -> tuple[str, ModelAnswer] | None:
    answered = or_(and_(_i.outcome == "ok", _i.replays == ""), _i.outcome == CACHED)
    return _kept_answer(connection, _i.conversation == conversation, _i.prompt_hash == prompt_hash, answered)


def _kept_answer(connection: Connection, *wanted: ColumnElement[bool]) -> tuple[str, ModelAnswer] | None:
    """The first such inference's id and answer."""
    row = connection.execute(select(_i.id, _i.model, _i.output).where(*wanted).order_by(_i.at).limit(1)).first()
    if row is None:
        return None
    shown = orjson.loads(row.output)
    calls = tuple(Wanted(f"c{n}", each["name"], each["arguments"]) for n, each in enumerate(shown["wanted"]))
    answer = ModelAnswer(row.model, Usage(), calls, shown["handed_in"], shown["text"], shown["refusal"])
    return row.id, answer


def known_by(prompt: Prompt) -> Known:
    """What a prompt lets an answer rest on: the same for an answer that is new, kept, or asked for again."""
    messages = orjson.loads(prompt.given)["messages"]
    said = "\n".join(message["text"] for message in messages if message["who"] == "customer")
    results = [orjson.loads(message["text"]) for message in messages if message["who"] == "tool"]
    return Known(said, any(result.get("code") != NOT_ALLOWED for result in results))
