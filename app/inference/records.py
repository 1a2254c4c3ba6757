"""Every inference as a row that can be replayed, and as a link of the audit chain that says which bytes it was.

The row holds the words, which retention forgets; the chain holds hashes, counts and choices, and stays.
"""

import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import orjson
from sqlalchemy import Connection, select, update

from app.audit.log import record
from app.db.bulk import BulkInsert
from app.db.engine import Transaction
from app.db.schema import inferences
from app.errors import ReadbackError
from app.inference.attempt import Attempt
from app.inference.model import ModelAnswer
from app.inference.output import Grade
from app.inference.prompt import Prompt, rebuilt
from app.jobs.dead_letters import Letter, given_up

REPLAY: Final = "inference"
"""The kind of work that a dead letter about an inference holds: asking the same question again."""
CACHED: Final = "cached"
"""Nobody was asked: the answer is that of the inference which this one `replays`."""
UNGRADED: Final = "ungraded"
"""A look at a reply from which nothing came."""
GRADES: Final = (*(grade.value for grade in Grade), UNGRADED)
"""Outcomes of looks at replies: no customer waited for one of them alone."""
OUTCOMES: Final = (
    "ok", CACHED, "bad", "refused", "down", "capped", "account_down", "prices_unknown", "held", *GRADES,
)  # fmt: skip
MICROS: Final = 1_000_000

_insert = BulkInsert(inferences)
_i = inferences.c


class UnknownInferenceError(ReadbackError):
    """There is no inference with this id, or it has been forgotten."""


@dataclass(frozen=True, slots=True)
class Inference:
    """One inference. `outcome` is one of `OUTCOMES`; `action` what code did about it, without personal data.

    `answer` is what was answered before, where nobody was asked now.
    """

    business: str
    conversation: str
    prompt: Prompt
    outcome: str
    attempts: Sequence[Attempt] = ()
    action: str = ""
    replays: str = ""
    cause: str = ""
    answer: ModelAnswer | None = None
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def cost(self) -> int:
        """Millionths of a dollar."""
        return int(sum((a.cost for a in self.attempts), Decimal(0)) * MICROS)

    @property
    def model(self) -> str:
        """The last that was asked, or was when it was answered before."""
        return self.answer.model if self.answer else self.attempts[-1].model if self.attempts else ""

    @property
    def output(self) -> str:
        """What the last model that answered sent back, as JSON; empty when none did."""
        answer = self.answer or next((a.answer for a in reversed(self.attempts) if a.answer is not None), None)
        if answer is None:
            return ""
        wanted = [{"name": w.name, "arguments": w.arguments} for w in answer.wanted]
        shown = {"handed_in": answer.handed_in, "text": answer.text, "refusal": answer.refusal, "wanted": wanted}
        return json.dumps(shown, ensure_ascii=False)  # whatever signs it is of, which other writers refuse


@dataclass(frozen=True, slots=True)
class Kept:
    """An inference as its row has it."""

    id: str
    business: str
    conversation: str
    at: float
    template: str
    given: str
    prompt: str
    prompt_hash: str
    model: str
    output: str
    outcome: str
    attempts: str
    cost: int
    action: str
    replays: str

    def again(self) -> Prompt:
        """The prompt, built anew from what it was built from. Raises `PromptError`."""
        return rebuilt(self.template, self.given.encode())

    def holds(self) -> bool:
        """Whether it was built from this data by this template, byte for byte."""
        prompt = self.again()
        return prompt.content == self.prompt.encode() and prompt.hash == self.prompt_hash


def kept(transaction: Transaction, inference: Inference, *, now: float, bury: bool = False) -> str:
    """Keep an inference; its id. With `bury` it is a dead letter too: nobody got an answer from it."""
    prompt, output = inference.prompt, _storable(inference.output)
    attempts = [[a.model, a.outcome, str(a.cost), round(a.seconds, 3)] for a in inference.attempts]
    row = (
        inference.id, inference.business, inference.conversation, now, prompt.template, prompt.given.decode(),
        prompt.content.decode(), prompt.hash, inference.model, output, inference.outcome,
        orjson.dumps(attempts).decode(), inference.cost, inference.action, inference.replays,
    )  # fmt: skip
    _insert(transaction.connection, [row])
    record(
        transaction,
        "inference",
        business=inference.business,
        subject=inference.id,
        at=now,
        given=_hash(prompt.given),
        template=prompt.template,
        prompt=prompt.hash,
        model=inference.model,
        output=_hash(output.encode()),
        outcome=inference.outcome,
        attempts=len(attempts),
        micros=inference.cost,
        action=inference.action,
        replays=inference.replays,
    )
    if bury:
        letter = Letter(REPLAY, inference.id, inference.business, inference.cause, {"inference": inference.id})
        given_up(transaction, letter, now=now)
    return inference.id


def acted(transaction: Transaction, identity: str, action: str, *, now: float) -> None:
    """Note what code did about an inference: a tool and its outcome, a review, or nothing."""
    transaction.connection.execute(update(inferences).where(_i.id == identity).values(action=action))
    record(transaction, "inference_acted", subject=identity, at=now, action=action)


def led_nowhere(transaction: Transaction, identity: str, why: str, *, now: float) -> None:
    """What was answered was of no use after all: it counts as bad, and is a dead letter."""
    change = update(inferences).where(_i.id == identity, _i.outcome.in_(("ok", CACHED)))
    business = transaction.connection.execute(
        change.values(outcome="bad", action=why).returning(_i.business)
    ).scalar_one_or_none()
    if business is not None:
        record(transaction, "inference_acted", subject=identity, at=now, action=why, outcome="bad")
        given_up(transaction, Letter(REPLAY, identity, business, why, {"inference": identity}), now=now)


def by_id(connection: Connection, identity: str) -> Kept:
    """One inference. Raises `UnknownInferenceError`."""
    row = connection.execute(select(inferences).where(_i.id == identity)).first()
    if row is None:
        raise UnknownInferenceError(f"There is no inference {identity[:64]}.")
    return Kept(**row._mapping)


def as_shown(inference: Kept) -> dict[str, Any]:
    """All of it, for a person."""
    shown = {name: getattr(inference, name) for name in Kept.__slots__}
    return shown | {"attempts": orjson.loads(inference.attempts), "holds": inference.holds()}


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\\u0000", "").replace("\0", "")
