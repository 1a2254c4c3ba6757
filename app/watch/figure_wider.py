"""Reads a figure over its own window, and where too few come in it over one that widens until it can tell.

However far it widens, a day is the end. The shortest window that can tell is the one that counts, so what has been put
right is not held against it any more once enough good has come since.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from app.watch.figure_moments import Moments, Verdict
from app.watch.figure_sums import EVERY_S
from app.watch.figures import Figure, Material, Reading

NOTHING: Final = Reading()


def readings_of(figure: Figure, day: Material) -> Mapping[str, Reading]:
    """Its readings by what they are of. `day`: the widest window. Blocking."""
    here = figure.read(replace(day, window_s=figure.window_s))
    if not figure.least and figure.borne is None:
        return here
    if not figure.of and figure.least and _enough(figure, here.get("", NOTHING)):
        return here
    wider = _Wider(figure, day)
    found = {of: here.get(of, NOTHING) for of in {*here, *wider.known()}}
    return {of: one if figure.least and _enough(figure, one) else wider.told(of, one) for of, one in found.items()}


class _Wider:
    """One figure over more than its own window."""

    def __init__(self, figure: Figure, day: Material) -> None:
        self._figure = figure
        self._day = day
        self._read: dict[float, Mapping[str, Reading]] = {}
        judge, since = figure.moment, day.now - day.window_s
        self._moments = (
            [(at, judge(sums, figure.raise_at)) for at, sums in day.counted.moments() if at > since] if judge else []
        )

    def known(self) -> set[str]:
        """Of what there was any within the day; of what needs no least number of samples, any bad moment."""
        judged = {of for _, moment in self._moments for of, bad in moment.items() if bad or self._figure.least}
        return judged | (self._over(self._day.window_s).keys() if self._figure.least else set())

    def told(self, of: str, here: Reading) -> Reading:
        """What the shortest window says that can tell; `here`: what its own says."""
        found = replace(self._wider(of) if self._figure.moment is None else self._back(of), few_are_enough=True)
        return found if self._figure.least else replace(found, value=here.value, samples=here.samples)

    def _back(self, of: str) -> Reading:
        """Over moment by moment, back from the last one."""
        bad = number = 0
        verdict, window_s = None, self._day.window_s
        for at, moment in self._moments:
            if of in moment and verdict is None:
                bad, number = bad + moment[of], number + 1
                verdict = Moments(bad, number).verdict(self._figure.borne or 0.0)
                window_s = self._day.now - at + EVERY_S if verdict else window_s
        reading = self._over(window_s).get(of, NOTHING)
        return replace(reading, moments=Moments(bad, number), verdict=verdict, window_s=window_s)

    def _wider(self, of: str) -> Reading:
        """Over windows each twice as long as the one before."""
        window_s = self._figure.window_s
        while True:
            reading = self._over(window_s).get(of, NOTHING)
            verdict = self._verdict(reading)
            if verdict or window_s >= self._day.window_s:
                return replace(reading, verdict=verdict, window_s=window_s)
            window_s = min(2 * window_s, self._day.window_s)

    def _verdict(self, reading: Reading) -> Verdict | None:
        figure = self._figure
        verdict = None if figure.borne is None else reading.moments.verdict(figure.borne)
        well = _enough(figure, reading) and figure.back(reading.value)
        return verdict or (Verdict.WELL if well else None)

    def _over(self, window_s: float) -> Mapping[str, Reading]:
        if window_s not in self._read:
            self._read[window_s] = self._figure.read(replace(self._day, window_s=window_s))
        return self._read[window_s]


def _enough(figure: Figure, reading: Reading) -> bool:
    return reading.samples >= figure.least
