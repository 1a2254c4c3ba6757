"""What Vapi sends during a call, and what its side makes of the answers."""

import itertools
import json
import uuid
from collections.abc import Sequence
from typing import Any

from app.errors import Code
from tests.dialects.vapi_answers import complaints_about_arrival, complaints_about_results
from tests.flows.businesses import ACME_LINE

CALLER = "+15125550142"
SAM = {"customer_name": "Sam Rivera", "email": "sam.rivera@example.com", "address": "12 Oak Street"}
CODES = {code.value for code in Code}
_numbers = itertools.count(1)


def new_call() -> str:
    """A call id nobody has used."""
    return str(uuid.uuid4())


def new_id() -> str:
    """A tool-call id nobody has used."""
    return f"call_{uuid.uuid4().hex[:20]}{next(_numbers)}"


def message(
    kind: str,
    *,
    call_id: str = "",
    line: str | None = ACME_LINE,
    caller: str | None = CALLER,
    control_url: str | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """A server message with what Vapi puts round every one of them."""
    call: dict[str, Any] = {"id": call_id or new_call(), "type": "inboundPhoneCall"}
    if control_url is not None:
        call["monitor"] = {"controlUrl": control_url, "listenUrl": "wss://listen.example/1"}
    about: dict[str, Any] = {"type": kind, "timestamp": 1790607853060, "call": call, **fields}
    if caller is not None:
        about["customer"] = {"number": caller}
    if line is not None:
        about["phoneNumber"] = {"id": "2d9e6b70", "number": line, "twilioAuthToken": "never-to-be-shown-9f"}
    return {"message": about}


def tool_calls(*asked: tuple[str, str, Any], **about: Any) -> dict[str, Any]:
    """A `tool-calls` message of (id, name, arguments)."""
    entries = [
        {"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}}
        for identity, name, arguments in asked
    ]
    return message("tool-calls", toolCallList=entries, toolCalls=entries, **about)


def results(answer: Any, ids: Sequence[str | None]) -> list[dict[str, Any]]:
    """What the model hears for each id."""
    assert complaints_about_results(answer, ids) == []
    return [heard(json.loads(result["result"])) for result in answer["results"]]


def arrival(answer: Any) -> dict[str, Any]:
    """The answer to an `assistant-request`, as Vapi accepts it."""
    assert complaints_about_arrival(answer) == []
    found: dict[str, Any] = answer
    return found


def heard(result: Any) -> dict[str, Any]:
    """A result that can be said: flat, `ok`, a sentence, and one of the known codes if something is in the way."""
    assert type(result) is dict
    assert type(result["ok"]) is bool
    assert type(result["say"]) is str
    assert result["say"].strip()
    assert result["say"].rstrip()[-1] in ".?!", result["say"]
    assert len(result["say"].splitlines()) == 1
    assert "code" in result or result["ok"]
    assert result.get("code", "internal") in CODES
    for key, value in result.items():
        assert not isinstance(value, dict), key
    return result
