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
        self.withdrawn: list[str] = []
        self._ringing: set[tuple[str, str]] = set()
        self._unheard: set[tuple[str, str]] = set()
        self._elsewhere: set[tuple[str, str]] = set()

    def ring(
        self,
        kind: str,
        key: str,
        title: str,
        body: str,
        pages: Sequence[str] = (),
        *,
        verbatim: bool = False,
        after_s: float = 0.0,
        taken: tuple[str, float] | None = None,
    ) -> bool:
        if (kind, key) in self._ringing:
            return False
        self._ringing.add((kind, key))
        self.rung.append(Rung(kind, key, title, body, tuple(pages)))
        if after_s:
            self._unheard.add((kind, key))
        return True

    def withdraw(self, kind: str, key: str) -> bool:
        """Here nothing lasts by itself: a test says when it has, by `lasts`."""
        if (kind, key) not in self._unheard:
            return False
        self.withdrawn.append(kind)
        self._unheard.discard((kind, key))
        self._ringing.discard((kind, key))
        return True

    def rang_elsewhere(self, kind: str, key: str) -> None:
        """Another process rang, since this one began."""
        self._ringing.add((kind, key))
        self._elsewhere.add((kind, key))

    def lasts(self) -> None:
        """People have heard of what rings."""
        self._unheard.clear()

    def left_behind(self, kind: str, key: str, title: str, words: str = "") -> None:
        """Nothing of another process is kept here."""

    def clear(self, kind: str, key: str, *, own: bool = False) -> bool:
        if own and (kind, key) in self._elsewhere:
            return False
        self._elsewhere.discard((kind, key))
        self._unheard.discard((kind, key))
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
