"""One answered call on its way into the tables: what a replay will get, and what the audit log says about it."""

from collections.abc import Sequence
from typing import Any

from app.audit.log import Record
from app.calls import ledger
from app.calls.model import MAX_ID_CHARS, ToolCall, ToolResult
from app.db.engine import Transaction
from app.log import masked_phone


class Answer:
    """One answered call on its way to the audit log; filled in as more is known."""

    __slots__ = ("arguments", "at", "business", "call", "key", "result", "seconds", "stored", "tool")

    def __init__(self, call: ToolCall, tool: str, at: float, result: ToolResult) -> None:
        self.call = call
        self.tool = tool
        self.at = at
        self.business = ""
        self.key: str | None = None
        self.arguments: Any = None
        self.result = result
        self.seconds = 0.0
        self.stored = False

    def again(self) -> "Answer":
        """The same call, with a result of its own to fill in."""
        other = Answer(self.call, self.tool, self.at, self.result)
        other.business, other.arguments = self.business, self.arguments
        return other

    def record(self) -> Record:
        """The audit row: what was asked, without what is private, and what came of it."""
        asked = self.arguments.shown() if self.arguments is not None else {}
        data = {
            "tool": self.tool,
            "platform": self.call.ref.platform,
            "tool_call": self.call.tool_call_id and self.call.tool_call_id[:MAX_ID_CHARS],
            "caller": masked_phone(self.call.ref.caller) if self.call.ref.caller else None,
            "arguments": asked,
            "outcome": self.result.code or "ok",
            "reference": self.result.facts.get("reference"),
            "ms": round(self.seconds * 1000, 1),
        }
        return Record("tool_call", self.business, self.call.ref.stored_id, data, self.at)

    def kept(self, key: str) -> ledger.Kept:
        """What answers a replay under `key`."""
        return ledger.Kept(key, self.business, self.tool, self.result, self.at)


def keep_answers(transaction: Transaction, answers: list[Answer]) -> None:
    ledger.keep(transaction, [answer.kept(answer.key) for answer in answers if answer.key])
    transaction.records.extend(answer.record() for answer in answers)


def finished(transaction: Transaction, answers: Sequence[tuple[str, Answer, bool]]) -> list[None]:
    """Keep the results of changes by their request's key; where the last is true it may be tried again."""
    ledger.finish(transaction, [(key, answer.result, repeatable) for key, answer, repeatable in answers])
    transaction.records.extend(answer.record() for _, answer, _ in answers)
    return [None] * len(answers)


def kept_first(transaction: Transaction, answer: Answer) -> ToolResult:
    """Keep an answer unless its delivery was answered before; then that answer stands, and is this one's too."""
    key = answer.key
    if key and not ledger.keep(transaction, [answer.kept(key)]):
        answer.result = ledger.answered(transaction.connection, key) or answer.result
    transaction.records.append(answer.record())
    return answer.result
