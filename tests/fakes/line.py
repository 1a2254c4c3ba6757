"""A line whose far end books in memory, and gives what a test says instead."""

from collections.abc import Callable, Mapping
from typing import Any

from app.watch.walk import NoAnswerError

Answer = Mapping[str, Any] | NoAnswerError
REFUSED = {"ok": False, "code": "calendar_unavailable", "say": "I can't see the calendar right now."}
START, LATER = "2026-11-27T09:00:00-06:00", "2026-11-27T10:00:00-06:00"


class FakeLine:
    """`instead[tool]` are answers to the next calls of that tool; None is the truth."""

    def __init__(self, *, starts: tuple[str, ...] = (START, LATER)) -> None:
        self.starts = starts
        self.there: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, Mapping[str, Any]]] = []
        self.instead: dict[str, list[Answer | None]] = {}
        self.verification = "written"
        self.before: Callable[[str], None] = lambda _: None

    def tools(self) -> list[str]:
        return [tool for tool, _ in self.asked]

    def leave(self, reference: str) -> None:
        """An appointment that somebody who had the same number has made."""
        self.there[reference] = self._appointment(reference, self.starts[0])

    async def ask(self, tool: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        self.before(tool)
        self.asked.append((tool, arguments))
        script = self.instead.get(tool, [])
        answer = script.pop(0) if script else None
        if isinstance(answer, NoAnswerError):
            raise answer
        truth: Mapping[str, Any] = getattr(self, f"_{tool}")(arguments) if answer is None else answer
        return truth

    def _find_appointments(self, _: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"ok": True, "say": "These.", "appointments": list(self.there.values())}

    def _check_availability(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        slots = [{"slot_id": f"s{start}", "start": start, "technician": "tess"} for start in self.starts]
        return {"ok": True, "say": "Open.", "checked_at": START, "slots": slots[: asked["limit"]]}

    def _book_appointment(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        start = str(asked["slot_id"])[1:]
        self.there["NEW234"] = self._appointment("NEW234", start)
        return {"ok": True, "say": "Booked.", "outcome": "confirmed", "reference": "NEW234", "start": start}

    def _cancel_appointment(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        self.there.pop(asked["reference"], None)
        return {"ok": True, "say": "Cancelled.", "outcome": "confirmed", "reference": asked["reference"]}

    def _appointment(self, reference: str, start: str) -> dict[str, Any]:
        state = {"outcome": "confirmed", "verification": self.verification}
        return {"reference": reference, "start": start, "technician": "tess", **state}
