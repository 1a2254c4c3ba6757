"""How the demo looks: who says what, and underneath, dim, what happened. Colours on a terminal only, 80 columns."""

import os
import textwrap
from typing import TextIO

WIDTH = 80
NAME = 12
BOLD, DIM, RED, GREEN, CYAN, YELLOW, PLAIN = (f"\x1b[{code}m" for code in (1, 2, 31, 32, 36, 33, 0))
COLOURS = {"Agent": CYAN, "Readback": CYAN}


class Stage:
    """Prints to `out`; every line ends where it is printed, so a pipe reads along."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._colours = out.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"

    def title(self, text: str) -> None:
        self._print("")
        self._print(text, BOLD)
        self._print("")

    def says(self, who: str, text: str, to: str = "") -> None:
        """A line of the conversation."""
        name = f"{who}:".ljust(NAME)
        heard = f"(to the {to.lower()}) {text}" if to else text
        lines = textwrap.wrap(heard, WIDTH - NAME)
        for number, line in enumerate(lines):
            self._print(f"{name if number == 0 else ' ' * NAME}{line}", COLOURS.get(who, YELLOW))

    def event(self, what: str, outcome: str, ms: float) -> None:
        """What the platform sent, and what became of it."""
        self._print(f"{' ' * NAME}{what:<28} {ms:7.1f} ms  {outcome}", DIM)

    def scene(self, text: str) -> None:
        self._print("")
        self._print(f"-- {text}", BOLD)

    def lines(self, *texts: str) -> None:
        """What somebody reads, a line each."""
        for text in texts:
            self._print(f"{' ' * NAME}{text}"[:WIDTH], GREEN)
        self._print("")

    def note(self, text: str) -> None:
        for line in textwrap.wrap(text, WIDTH):
            self._print(line, DIM)

    def done(self, text: str) -> None:
        self._print("")
        for line in textwrap.wrap(text, WIDTH):
            self._print(line, GREEN)

    def failed(self, text: str) -> None:
        self._print("")
        for line in textwrap.wrap(text, WIDTH):
            self._print(line, RED)

    def _print(self, text: str, style: str = "") -> None:
        shown = f"{style}{text}{PLAIN}" if style and text and self._colours else text
        print(shown, file=self._out, flush=True)
