"""Facts about a business, from its own documents only: the sentence that answers, word for word, or nothing.

A full-text index (SQLite's FTS5, in memory, whichever database is used) finds it, and follows the files. A word of the
question that stands in no document at all is the best sign that the answer does not either.
"""

import asyncio
import math
import re
import sqlite3
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app import log
from app.booking.business import Business
from app.inference.documents import Document, Print, Sentence, fingerprint, plain, read, sentences
from app.inference.kinds import kind_of

LEAST_COVERED: Final = 0.6
"""Share of what a question is about that sentence, paragraph and headings must hold together."""
LEAST_IN_SENTENCE: Final = 0.2
"""Share that the sentence itself or its nearest heading must hold."""
LEAST_FOUND: Final = 2
"""Terms of a question that are found there, where it has so many: one ordinary word says nothing."""
LOOK_EVERY_S: Final = 2.0
"""At the files, to see whether they changed."""
MOST_TERMS: Final = 16
WITHIN_S: Final = 2.0

_log = log.get(__name__)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_STOP = frozenset(
    _WORD.findall(
        """a about all also am an and any anything are as ask at be been business by call can company could customer
    did do does doing don't for from get give go got guys have has hello hey hi how i i'd i'm if in
    information is isn't it it's its just kind know like let long make many may me my much need of offer ok
    on or our out please policy policies provide question see so some tell thank thanks that that's the
    their them there they thing this to u up us usually want was we were what what's when where which who
    why will with wondering would y'all you you're your"""
    )
)
_COST: Final = ("cost", "costs", "price", "prices", "pricing", "fee", "fees", "charge", "charges", "rate", "rates")
_ALIKE: Final = (
    _COST,
    ("pay", "payment", "payments"),
    ("refund", "refunds"),
    ("pet", "pets", "dog", "dogs", "cat", "cats"),
    ("child", "children", "kid", "kids", "baby"),
    ("guarantee", "warranty"),
    ("cancel", "cancellation"),
)
"""Words that customers and businesses use for each other."""
_INSTEAD: Final = {
    "hours": ("open", "opening", "business hours"),
    "free": ("free of charge", "for free", "no charge", "no cost", "without charge", "costs nothing", "complimentary"),
}
"""Words that mean too much by themselves: "two hours" says nothing about when somebody is there."""
_PHRASES: Final = (("how much", "price"), ("how expensive", "price"))
_PRICE: Final = frozenset(("cost", "free"))
"""Terms that ask what something costs, and not what."""
_AMOUNT: Final = re.compile(r"[$€£]\s?\d|\d\s?(?:[$€£]|(?:dollars?|euros?|pounds?|usd|eur|gbp)\b)", re.I)


@dataclass(frozen=True, slots=True)
class Grounded:
    """An answer. `quote` stands in `source` exactly so; `say` is it without Markdown's marks. `covered` is 0 to 1."""

    quote: str
    say: str
    source: str
    heading: str
    covered: float


class Index:
    """The sentences of some documents, searchable. Never changed; a new one is made when the documents are."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._documents = {document.name: document for document in documents}
        self._sentences = [sentence for document in documents for sentence in sentences(document)]
        self._amounts = [n for n, sentence in enumerate(self._sentences) if _AMOUNT.search(sentence.text)]
        self._lock = threading.Lock()
        self._fts = sqlite3.connect(":memory:", check_same_thread=False)
        self._fts.execute(
            "CREATE VIRTUAL TABLE found "
            "USING fts5(text, heading, around, tokenize='porter unicode61 remove_diacritics 2')"
        )
        rows = [(n, plain(s.text), s.heading, s.around) for n, s in enumerate(self._sentences)]
        self._fts.executemany("INSERT INTO found (rowid, text, heading, around) VALUES (?, ?, ?, ?)", rows)

    def close(self) -> None:
        """Give the memory back."""
        self._fts.close()

    def find(self, question: str) -> Grounded | None:
        """The sentence that answers; None when none is known to."""
        asked, kind = terms(question), kind_of(question)
        if not asked or kind.never or not self._sentences:
            return None
        with self._lock:
            own = {term: self._rows("{text}", words) for term, words in asked.items()}
            near = {term: self._rows("{text heading}", words) for term, words in asked.items()}
            wide = {term: self._rows("{text heading around}", words) for term, words in asked.items()}
        for rows in (own, near, wide):
            if _COST[0] in rows:  # an amount says what it costs, whatever its words are
                rows[_COST[0]] |= set(self._amounts)
        if asked.keys() <= _PRICE and (priced := self._amounts):
            return self._only_price(priced)
        weights = {t: math.log((len(self._sentences) + 1) / (len(wide[t]) + 0.5)) + 0.3 for t in asked}
        whole = sum(weights.values())

        def share(number: int, sets: dict[str, set[int]]) -> float:
            return sum(weight for term, weight in weights.items() if number in sets[term]) / whole

        told = set[int]().union(*near.values())
        candidates = {number for number in told if kind.said_in(plain(self._sentences[number].text))}
        ranked = [(share(n, wide), share(n, own), share(n, near), -n) for n in candidates]
        covered, _, in_sentence, number = max(ranked, default=(0.0, 0.0, 0.0, 0))
        found = sum(-number in rows for rows in wide.values())
        if covered < LEAST_COVERED or in_sentence < LEAST_IN_SENTENCE or found < min(LEAST_FOUND, len(asked)):
            return None
        return self._quoted(self._sentences[-number], round(covered, 2))

    def _only_price(self, priced: Sequence[int]) -> Grounded | None:
        """Asked for a price and not of what: the one there is; none of several, and no amount that is no price."""
        with self._lock:
            of_prices = self._rows("{text heading}", _COST)
        alone = len(priced) == 1 and priced[0] in of_prices
        return self._quoted(self._sentences[priced[0]], 1.0) if alone else None

    def _rows(self, columns: str, words: Sequence[str]) -> set[int]:
        wanted = " OR ".join(f'"{word}"' for word in words)
        return {
            row
            for (row,) in self._fts.execute("SELECT rowid FROM found WHERE found MATCH ?", [f"{columns}: ({wanted})"])
        }

    def _quoted(self, sentence: Sentence, covered: float) -> Grounded | None:
        """The quote, looked up once more in its source: what is not there is not said."""
        if not self._documents[sentence.source].holds(sentence.text):
            _log.error("quote not in its source", source=sentence.source)
            return None
        say = plain(sentence.text)
        return Grounded(sentence.text, say, sentence.source, sentence.heading, covered)


def terms(question: str) -> dict[str, tuple[str, ...]]:
    """What a question is about: its telling words, each with the words that stand for the same."""
    low = question.casefold()
    words = [word.replace("’", "'") for word in _WORD.findall(low)]
    told = [word.removesuffix("'s") for word in words if word not in _STOP]
    told += [word for phrase, word in _PHRASES if phrase in low]
    found: dict[str, tuple[str, ...]] = {}
    for word in told[:MOST_TERMS]:
        alike = next((group for group in _ALIKE if word in group), (word,))
        meant = _INSTEAD.get(word) or (word, *alike)
        found.setdefault(alike[0], tuple(dict.fromkeys(each.replace("'", "") for each in meant)))
    return found


@dataclass(slots=True)
class _Shelf:
    """What is known of one folder."""

    print: Print
    index: Index
    looked_at: float


class Library:
    """Everybody's documents, read when they are first asked for and again when they change."""

    def __init__(self) -> None:
        self._shelves: dict[Path, _Shelf] = {}
        self._lock = threading.Lock()

    async def find(self, business: Business, question: str) -> Grounded | None:
        """The sentence of the business's documents that answers; None when there is none, or no documents.

        Raises TimeoutError when they cannot be searched in time.
        """
        folder = business.documents
        if folder is None:
            return None
        async with asyncio.timeout(WITHIN_S):
            return await asyncio.to_thread(self._find, folder, question)

    def _find(self, folder: Path, question: str) -> Grounded | None:
        try:
            index = self._index(folder)
        except OSError as error:
            _log.error("documents not read", folder=str(folder), reason=type(error).__name__)
            return None
        return index.find(question)

    def _index(self, folder: Path) -> Index:
        with self._lock:
            shelf, now = self._shelves.get(folder), time.monotonic()
            if shelf is not None and now - shelf.looked_at < LOOK_EVERY_S:
                return shelf.index
            seen = fingerprint(folder)
            if shelf is None or shelf.print != seen:
                shelf = self._shelves[folder] = _Shelf(seen, Index(read(folder)), now)
            shelf.looked_at = now
            return shelf.index
