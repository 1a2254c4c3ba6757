"""Alarms that keep what rang, with the real one's rule: once per kind and key until cleared."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rung:
    kind: str
    key: str
    title: str
    body: str
    pages: tuple[str, ...]


class FakeAlarms:
    """Stands in for `app.watch.alarms.Alarms` where only the ringing matters."""

    def __init__(self) -> None:
        self.rung: list[Rung] = []
        self._ringing: set[tuple[str, str]] = set()

    def ring(
        self, kind: str, key: str, title: str, body: str, pages: Sequence[str] = (), *, verbatim: bool = False
    ) -> bool:
        if (kind, key) in self._ringing:
            return False
        self._ringing.add((kind, key))
        self.rung.append(Rung(kind, key, title, body, tuple(pages)))
        return True

    def clear(self, kind: str, key: str) -> bool:
        was = (kind, key) in self._ringing
        self._ringing.discard((kind, key))
        return was

    def raised(self, kind: str) -> set[str]:
        return {key for other, key in self._ringing if other == kind}

    def ringing(self) -> set[tuple[str, str]]:
        """Kind and key of what has rung and was not cleared."""
        return set(self._ringing)

    def kinds(self) -> list[str]:
        return [rung.kind for rung in self.rung]
