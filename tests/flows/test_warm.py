"""A lookup from memory is what callers wait for most: what it makes the loop do is counted, not timed."""

import json
import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

from tests.flows.businesses import acme, written
from tests.flows.running import ROOT, VAPI_SECRET, environment, serving
from tests.flows.speaking import new_call, new_id, tool_calls

ASKED = {
    # A model's arguments as they come: some that no tool has, one in another spelling.
    **{"service": "inspection", "date": "tomorrow", "partOfDay": "morning"},
    **{"caller_number": "+15125550142", "call_id": "01a1c2d3", "confidence": 0.9},
}
QUESTIONS = 200
MOST_CALLS = 140
"""Calls of our own functions for one answer, from its first byte to its last: an eighth more than there were."""
OURS = tuple(str(ROOT / room) for room in ("app", "tools"))


async def test_the_work_of_a_lookup_from_memory_does_not_grow_unseen(sqlite_url: str, tmp_path: Path) -> None:
    variables = environment(sqlite_url, written(tmp_path, acme()))
    call_id = new_call()
    bodies = [
        json.dumps(tool_calls((new_id(), "check_availability", ASKED), call_id=call_id)) for _ in range(QUESTIONS + 2)
    ]
    counted: Counter[str] = Counter()

    def count(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(OURS):
            counted[frame.f_code.co_qualname] += 1

    async with serving(variables) as readback, readback.client(VAPI_SECRET) as client:
        for body in bodies[:2]:
            assert "slot_id" in (await client.post("/vapi", content=body)).text
        sys.setprofile(count)
        try:
            for body in bodies[2:]:
                await client.post("/vapi", content=body)
        finally:
            sys.setprofile(None)
    each = {name: round(times / QUESTIONS, 1) for name, times in counted.most_common(25)}
    assert counted.total() / QUESTIONS < MOST_CALLS, each
