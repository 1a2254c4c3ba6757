"""What a platform may quote to its model when it asks for documents: the same sentences that `answer_question` says."""

import hashlib
from dataclasses import dataclass

from app import log
from app.booking.business import Businesses
from app.calls.model import CallRef
from app.inference.ground import Library

_log = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Passage:
    """One quote, as it is said aloud. `similarity` is from 0 to 1; `id` stands for source and quote."""

    content: str
    similarity: float
    id: str


class Knowledge:
    """Answers requests for documents out of each business's own."""

    def __init__(self, businesses: Businesses, library: Library | None = None) -> None:
        self._businesses = businesses
        self.library = library or Library()

    async def passages(self, ref: CallRef, question: str) -> list[Passage]:
        """What the business's documents say to it, at most one passage. Never raises."""
        business = self._businesses.find(ref.lines, ref.assistant)
        if business is None or not question.strip():
            return []
        try:
            found = await self.library.find(business, question)
        except TimeoutError:
            _log.error("documents not searched in time", business=business.id)
            return []
        if found is None:
            return []
        name = hashlib.blake2b(f"{found.source}\0{found.quote}".encode("utf-8", "replace"), digest_size=16).hexdigest()
        return [Passage(found.say, found.covered, name)]
