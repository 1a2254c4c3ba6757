"""The port to a platform that keeps records: tools, assistants, phone numbers. It knows nothing of what is in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from app.errors import ReadbackError

Document = dict[str, Any]


class Kind(StrEnum):
    """What a platform keeps, in the order in which it is brought there: each refers to those before it."""

    TOOL = "tool"
    ASSISTANT = "assistant"
    PHONE_NUMBER = "phone-number"


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """A record as people name it, as in `tool/check_availability`."""

    kind: Kind
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


class PlatformError(ReadbackError):
    """No answer that can be used. Its words hold no secret and nobody's data."""


class RefusedError(PlatformError):
    """The platform understood and did not do it."""


class GoneError(RefusedError):
    """There is no such record."""


class TooManyError(RefusedError):
    """There are more of a kind than are listed; each can still be read by itself."""


class UnreachableError(PlatformError):
    """Nothing was done: it was not reached, or was only asked to tell something."""

    retryable = True


class InDoubtError(PlatformError):
    """It may have been done, or may still be."""


class Platform(Protocol):
    """A platform's records. Every method raises `PlatformError`; only the writing ones raise `InDoubtError`."""

    async def listed(self, kind: Kind) -> Sequence[Document]:
        """Every record of a kind, whole. Raises `TooManyError` rather than telling of some only."""

    async def read(self, kind: Kind, record_id: str) -> Document:
        """One record, whole. Raises `GoneError`."""

    async def create(self, kind: Kind, body: Mapping[str, Any]) -> Document:
        """Make a record; what the platform says it is."""

    async def change(self, kind: Kind, record_id: str, parts: Mapping[str, Any]) -> None:
        """Put top-level parts in place of those there; others stay. What a part does not hold is gone from it."""
