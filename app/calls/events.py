"""What a platform reports about a call, stored once per call and kind in whichever order it comes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.calls.model import CallRef


@dataclass(frozen=True, slots=True)
class CallEvent:
    """One report. `kind` is `status-update` or `end-of-call-report`; `body` carries no secret."""

    ref: CallRef
    kind: str
    status: str | None
    ended_reason: str | None
    body: Mapping[str, Any]
