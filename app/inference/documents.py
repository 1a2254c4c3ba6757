"""A business's own documents, Markdown read into sentences that stand in them word for word. It makes up nothing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MOST_FILES: Final = 200
MOST_BYTES: Final = 1_000_000
"""Of one file; of a longer one the rest is not read."""
MOST_SENTENCE_CHARS: Final = 600

_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*\s*$")
_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,3}[.)])\s+")
_RULE = re.compile(r"\s*\|?[\s:|-]*-{3}[\s:|-]*$")
_END = re.compile(r"(?<=[.!?])[\"')\]]?\s+(?=[\"'(\[*_]*[A-Z0-9À-Þ])")
_SHORT = re.compile(r"(?:\b(?:Mr|Mrs|Ms|Dr|St|No|approx|e\.g|i\.e|incl|vs|a\.m|p\.m)\.)$", re.I)
_COMMENT = re.compile(r"<!--.*?-->", re.S)
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"[*_`~]{1,3}(?=\S)|(?<=\S)[*_`~]{1,3}")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence. `text` stands in its source exactly so; `around` is its heading and paragraph."""

    source: str
    heading: str
    text: str
    around: str


@dataclass(frozen=True, slots=True)
class Document:
    """One file as it was read. `name` is its path within the folder."""

    name: str
    content: str

    def holds(self, quote: str) -> bool:
        """Whether these very characters stand in it."""
        return bool(quote.strip()) and quote in self.content


Print = tuple[tuple[str, int, int], ...]


def fingerprint(folder: Path) -> Print:
    """Changes when a file does. Raises OSError."""
    return tuple(
        (str(file.relative_to(folder)), stat.st_mtime_ns, stat.st_size)
        for file in _files(folder)
        for stat in (file.stat(),)
    )


def read(folder: Path) -> list[Document]:
    """Every document of a folder. Raises OSError."""
    return [Document(str(file.relative_to(folder)), _content(file)) for file in _files(folder)]


def sentences(document: Document) -> Iterator[Sentence]:
    """Every sentence of a document, with the headings above it."""
    headings: list[tuple[int, str]] = []
    for block in _blocks(document.content):
        found = _HEADING.match(block)
        if found:
            depth = len(found[1])
            headings = [entry for entry in headings if entry[0] < depth] + [(depth, plain(found[2]))]
            continue
        heading = " / ".join(text for _, text in headings)
        for text in _split(block):
            yield Sentence(document.name, heading, text, plain(block))


def plain(text: str) -> str:
    """As it is said aloud: without Markdown's marks, on one line."""
    text = _MARKS.sub("", _LINK.sub(r"\1", text))
    if "|" in text:
        text = ", ".join(cell.strip() for cell in text.strip().strip("|").split("|") if cell.strip())
    return " ".join(text.split())


def _files(folder: Path) -> list[Path]:
    found = (
        file for file in folder.rglob("*.md") if not any(p.startswith(".") for p in file.relative_to(folder).parts)
    )
    return sorted(file for file in found if file.is_file())[:MOST_FILES]


def _content(file: Path) -> str:
    with file.open("rb") as opened:
        return opened.read(MOST_BYTES).decode("utf-8-sig", "ignore").replace("\r\n", "\n")


def _blocks(content: str) -> Iterator[str]:
    """Paragraphs, list items, table rows and headings, each exactly as it stands there."""
    start, position, end = -1, 0, 0
    for line in _COMMENT.sub(lambda found: _blank(found.group()), content).splitlines(keepends=True):
        item, alone = _ITEM.match(line), line.startswith(("#", "|", "```", "~~~", ">")) or bool(_RULE.match(line))
        if (not line.strip() or item or alone) and start >= 0:
            yield content[start:end]
            start = -1
        if line.strip() and not _RULE.match(line) and not line.startswith(("```", "~~~")):
            if start < 0:
                start = position + (item.end() if item else len(line) - len(line.lstrip(" >")))
            end = position + len(line.rstrip())
            if alone:
                yield content[start:end]
                start = -1
        position += len(line)
    if start >= 0:
        yield content[start:end]


def _blank(text: str) -> str:
    return "".join(sign if sign == "\n" else " " for sign in text)


def _split(block: str) -> Iterator[str]:
    start = 0
    for found in _END.finditer(block):
        if _SHORT.search(block[start : found.start()]):
            continue
        yield from _bounded(block[start : found.end()].rstrip())
        start = found.end()
    yield from _bounded(block[start:].strip())


def _bounded(text: str) -> Iterator[str]:
    if text and len(text) <= MOST_SENTENCE_CHARS:
        yield text
