"""Nobody need decide any more about what is done: who writes on, and has it done, closes what waited for a person."""

from collections.abc import Mapping
from typing import Any

from app import log
from app.clock import Clock
from app.db.engine import Database, DatabaseUnavailableError
from app.errors import OverloadedError
from app.review.reviews import overtaken
from app.sms.allowed import CHANGES
from app.sms.talk import Ask
from app.sms.turn import Conversation

_log = log.get(__name__)


class Overtaking:
    """An `Ask` over another one."""

    def __init__(self, ask: Ask, database: Database, clock: Clock) -> None:
        self._ask = ask
        self._database = database
        self._clock = clock

    async def __call__(
        self,
        conversation: Conversation,
        session: str,
        tool: str,
        arguments: Mapping[str, Any],
        tool_call_id: str,
    ) -> Mapping[str, Any]:
        """As the other one; a review of the same change that is confirmed now is closed."""
        result = await self._ask(conversation, session, tool, arguments, tool_call_id)
        if tool in CHANGES and result.get("outcome") == "confirmed":
            await self._overtake(conversation, tool, arguments, result)
        return result

    async def _overtake(
        self, conversation: Conversation, tool: str, arguments: Mapping[str, Any], result: Mapping[str, Any]
    ) -> None:
        def is_done(content: Mapping[str, Any]) -> bool:
            wanted = content["arguments"]
            same_time = wanted.get("slot_id") == arguments.get("slot_id") or (
                # Offers of the same time carry different ids.
                "start" in content
                and (content["start"], content["technician"]) == (result["start"], result["technician"])
            )
            same = wanted.get("reference") == arguments.get("reference") and same_time
            return content["tool"] == tool and same and not content.get("then")

        mine = f"sms:{conversation.id}:"
        try:
            await self._database.write(lambda t: overtaken(t, mine, is_done, now=self._clock.now()))
        except (DatabaseUnavailableError, OverloadedError) as error:
            _log.error("review left open beside what is done", reason=type(error).__name__)
