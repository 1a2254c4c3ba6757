"""The tools of a text conversation: the dispatch that calls go through, under ids that follow from the texts."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from app.calls.model import CallRef, ToolCall, ToolResult
from app.sms.talk import Ask
from app.sms.turn import Conversation

PLATFORM = "sms"


def through(dispatch: Callable[[Sequence[ToolCall]], Awaitable[list[ToolResult]]]) -> Ask:
    """Asks by `dispatch`. Who asks is whom the carrier names, never what a text says."""

    async def ask(
        conversation: Conversation, session: str, tool: str, arguments: Mapping[str, Any], tool_call_id: str
    ) -> Mapping[str, Any]:
        ref = CallRef(PLATFORM, f"{conversation.id}.{session}", conversation.customer, (conversation.line,))
        [result] = await dispatch([ToolCall(ref, tool, arguments, tool_call_id)])
        return result.as_dict()

    return ask
