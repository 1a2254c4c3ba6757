"""Finds the line a key of a TOML file stands on, for error sentences. It locates; it does not validate.

The standard parser reports no positions for keys, and a person with a wrong file wants the line.
"""

import re

Path = tuple[str | int, ...]

HEADER = re.compile(r"\s*(\[\[?)([^\[\]]+)\]\]?\s*(?:#.*)?$")
KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
NAME = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")


def line_of(text: str, path: Path) -> int | None:
    """The 1-based line of `path` (table names, keys, list positions), of its nearest parent when it has none itself."""
    lines = _lines_by_path(text)
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def _lines_by_path(text: str) -> dict[Path, int]:
    lines: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := HEADER.match(line):
            table = _table(_names(header[2]), counts, is_list=header[1] == "[[")
            for depth in range(1, len(table) + 1):
                lines.setdefault(table[:depth], number)
        elif key := KEY.match(line):
            lines.setdefault(table + _names(key[1]), number)
    return lines


def _names(dotted: str) -> tuple[str, ...]:
    return tuple(name.strip("\"'") for name in NAME.findall(dotted))


def _table(names: tuple[str, ...], counts: dict[Path, int], *, is_list: bool) -> Path:
    """A header's full path: every list of tables on the way stands at its latest entry; a new entry counts up."""
    path: Path = ()
    for depth, name in enumerate(names, start=1):
        path += (name,)
        if is_list and depth == len(names):
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path += (counts[path],)
    return path
