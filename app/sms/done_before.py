"""What an earlier run of a turn has done already. It is told, whatever would answer the turn now: another run that was
cut off before its answer was kept may have had a model behind it, and this one none.
"""

from sqlalchemy import Connection

from app.calls import ledger
from app.calls.model import CallRef, ToolCall
from app.inference.output import MOST_WANTED
from app.review.reviews import ReviewError, by_id
from app.sms.changing import WAITS, change_id, digest
from app.sms.told import FOR_MODEL
from app.sms.tool_calls import PLATFORM
from app.sms.turn import Conversation


def done_before(connection: Connection, conversation: Conversation, session: str, turn: str) -> tuple[str, ...]:
    """What the tools told of the changes of this turn, or that a person was asked about them; mostly nothing."""
    said: list[str] = []
    for number in range(MOST_WANTED + 1):
        ref = CallRef(PLATFORM, f"{conversation.id}.{session}", conversation.customer, (conversation.line,))
        change = ToolCall(ref, "", {}, change_id(turn, number))
        key = ledger.delivery_key(change, conversation.business, changes=True)
        result = ledger.answered(connection, key) if key else None
        told = result.as_dict() if result else {}
        if told and told.get("code") not in FOR_MODEL and told["say"] not in said:
            said.append(str(told["say"]))
    try:
        by_id(connection, digest([conversation.id, turn]))
    except ReviewError:
        return tuple(said)
    return (WAITS, *said)
