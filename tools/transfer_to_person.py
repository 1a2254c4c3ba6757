"""Connect the caller to a person who is there now; where nobody can be reached, somebody calls back."""

import uuid
from typing import Annotated, Any, ClassVar

from pydantic import Field

from app.booking.contact import several_lines
from app.booking.speech import local_iso
from app.calls.arguments import ToolArguments
from app.calls.handover import CONNECTING, NO_NUMBER, CalledBack, Connecting, Handover, called_back
from app.calls.model import Context, Tool, ToolResult
from app.errors import Code


class Arguments(ToolArguments):
    """Why a person is wanted."""

    private: ClassVar[frozenset[str]] = frozenset({"reason"})

    reason: Annotated[str, Field(min_length=1, max_length=1000, description="What the caller wants, in a sentence")]


def transfer_to_person(handover: Handover) -> Tool[Arguments]:
    """The tool, over whoever hands calls over."""

    def identity(_context: Context, _arguments: Arguments) -> Any:
        # A caller who comes back from a transfer and asks again wants the next person, not the first answer again;
        # the transfers themselves know what is the same request twice.
        return uuid.uuid4().hex

    async def run(context: Context, arguments: Arguments) -> ToolResult:
        business, now = context.business, handover.clock.now()
        found = await handover.to_person(context.ref, business, several_lines(arguments.reason))
        if isinstance(found, Connecting):
            facts = {"outcome": "transferring"}
            return ToolResult(True, CONNECTING, facts=facts if found.ordered else facts | {"destination": found.number})
        if isinstance(found, CalledBack):
            facts = {"outcome": "callback", "due": local_iso(found.due, business.zone)}
            return ToolResult(False, called_back(found, business, now), Code.NOT_FOUND, facts)
        return ToolResult(False, NO_NUMBER, Code.NOT_FOUND, {"outcome": "unreachable"})

    return Tool(
        name="transfer_to_person",
        description="Connect the caller to a person. If it cannot be done, say what the answer says instead.",
        arguments=Arguments,
        run=run,
        changes_state=True,
        identity=identity,
        fails_open=True,
    )
