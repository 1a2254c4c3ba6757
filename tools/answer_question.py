"""Answer a question about the business in its own documents' words. What they do not say is promised, never guessed."""

from typing import Annotated, ClassVar

from pydantic import Field

from app.booking.callback_time import callback_time
from app.booking.contact import phone_of, several_lines
from app.booking.front import Front
from app.booking.speech import local_iso, spell
from app.calls.arguments import ToolArguments
from app.calls.model import Context, Tool, ToolResult
from app.errors import Code, SaidError
from app.inference.ground import Library
from app.promises.callbacks import Callback, promised
from tools.request_callback import in_words

NO_NUMBER = "I don't know that. Ask the caller for a phone number, and use request_callback to have somebody call them."
ASKED = "a question"
"""Names the callback: one for all the questions of a call that nobody here could answer."""


class Arguments(ToolArguments):
    """What is asked."""

    private: ClassVar[frozenset[str]] = frozenset({"question"})

    question: Annotated[
        str,
        Field(min_length=1, max_length=1000, description="The caller's question about the business, in their words"),
    ]


def answer_question(front: Front, library: Library) -> Tool[Arguments]:
    """The tool, over this front desk and these documents."""

    async def run(context: Context, arguments: Arguments) -> ToolResult:
        found = await library.find(context.business, arguments.question)
        if found is not None:
            return ToolResult(True, found.say, facts={"quote": found.quote, "source": found.source})
        return await _promise(front, context, arguments.question)

    return Tool(
        name="answer_question",
        description=(
            "Answer a question about the business: prices, what it does, how to prepare, payment, guarantees. Say only "
            "what the answer says, add nothing of your own."
        ),
        arguments=Arguments,
        run=run,
    )


async def _promise(front: Front, context: Context, question: str) -> ToolResult:
    """Nobody here knows: somebody calls back, once for a whole call."""
    business, now = context.business, front.clock.now()
    phone = phone_of(None, business, context.ref.caller or "")
    if not phone:
        raise SaidError(Code.NOT_FOUND, NO_NUMBER)
    time = callback_time(business, int(now), None)
    said = in_words(time, business, int(now))
    wanted = Callback(
        business=business.id,
        call_key=context.ref.key,
        phone=phone,
        reason=several_lines(question),
        asked=ASKED,
        by=f"{said}, with an answer to a question ({business.zone.key})",
        due=time.due,
    )
    found = await front.database.write(lambda t: promised(t, wanted, now=now))
    say = f"I don't know that, I'll have someone call you {said}. The reference is {spell(found.reference)}."
    facts = {"reference": found.reference, "due": local_iso(found.due, business.zone)}
    return ToolResult(False, say, Code.NOT_FOUND, facts)
