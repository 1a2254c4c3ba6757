"""Which pages there are about silences and floods of a business: one for a line alone, one for several together. Pure.

Lines that fall silent together have one cause, so who joins rings nobody. They are not all back at once either: where
the first one is, another rings only when its silence would be certain had it begun then.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from app.watch.judgement import QUIET_S, State
from app.watch.volume_lines import WHOLE, Decision
from app.watch.volume_words import is_about_all, name, named, whom

TOGETHER_S: Final = QUIET_S
"""A line that is certain so much later than the others rings all the same: who took their page may be long gone."""

Party = Sequence[Decision]
"""What one page is about: a line, several, or all of them together and those that are certain by themselves."""
Again = Callable[[Decision, float], bool]
"""Whether a line's silence would be certain had it begun at that moment."""


@dataclass(frozen=True, slots=True)
class Up:
    """A page that is not resolved. Its key is a line's, or the business where it is about several."""

    kind: str
    key: str
    business: str
    raised_at: float
    body: str


@dataclass(slots=True)
class Steps:
    """Pages that end, that another one takes over from, that tell more or less from now on, and that ring."""

    resolved: list[Up] = field(default_factory=list)
    superseded: list[Up] = field(default_factory=list)
    reworded: list[tuple[Up, Party]] = field(default_factory=list)
    raised: list[Party] = field(default_factory=list)


@dataclass(slots=True)
class Memory:
    """What a process remembers of silences that there are pages of.

    `silent`: by the key of a decision, its channel and when that last got something; `back`: by business, when the
    page about several was raised and when the first of them was back, for another page may be about them by now.
    """

    silent: dict[str, tuple[str, float]] = field(default_factory=dict)
    back: dict[str, tuple[float, float]] = field(default_factory=dict)

    def note(self, mine: Sequence[Decision], up: Collection[str]) -> None:
        """Take in what was decided about a business that has pages of these keys."""
        for one in mine:
            if one.verdict.state is State.SILENT:
                self.silent[one.key] = one.channel, one.verdict.since
            elif one.key not in up and one.watched.business not in up:
                self.silent.pop(one.key, None)

    def ended(self, one: Decision, page: Up) -> bool:
        """Whether a silence is over; where nothing is known, it is not.

        It ends when something comes. That less of it was to be expected is no end: the clock was put back, or its
        line's usual weeks are forgotten.
        """
        if one.verdict.state is State.UNKNOWN:
            return False
        if one.verdict.state is State.SILENT:
            return one.verdict.since >= page.raised_at
        if one.key not in self.silent:
            return max(one.came.values(), default=0.0) > page.raised_at
        channel, since = self.silent[one.key]
        return one.came.get(channel, 0.0) > since


def silences(
    mine: Sequence[Decision],
    up: Mapping[str, Up],
    called_over: Collection[str],
    memory: Memory,
    again: Again,
    now: float,
) -> Steps:
    """The steps about a business. `mine`: what was decided of it; `up`: its pages, by key; `called_over`: keys of
    decisions of whose very silence a person said that it is over.
    """
    return _Silences(mine, up, called_over, memory, again, now).taken()


def floods(mine: Sequence[Decision], up: Mapping[str, Up], called_over: Collection[str]) -> Steps:
    """The same of floods. All lines together are flooded by one of them, which is the one to look at."""
    steps, business = Steps(), mine[0].watched.business
    lasting = {one.key for one in mine if one.verdict.state in (State.FLOOD, State.UNKNOWN)}
    lines = [one for one in mine if one.verdict.state is State.FLOOD and one.line != WHOLE]
    joint = up.get(business)
    own = {key: page for key, page in up.items() if key != business and key in lasting}
    steps.resolved = [page for key, page in up.items() if key != business and key not in lasting]
    if joint is not None:
        if not lasting:
            steps.resolved.append(joint)
        elif lines:
            _told_as_it_is(steps, joint, [one for one in lines if one.key not in own])
        return steps
    fresh = [one for one in lines if one.key not in own and one.key not in called_over]
    if fresh and own:
        first = max(own.values(), key=lambda page: page.raised_at)
        steps.reworded.append(
            (first, [one for one in lines if one.key == first.key or one.key in {other.key for other in fresh}])
        )
    elif fresh:
        steps.raised.append(fresh)
    elif not lines:
        steps.raised += [[one] for one in mine if one.verdict.state is State.FLOOD and one.key not in called_over]
    return steps


class _Silences:
    def __init__(
        self,
        mine: Sequence[Decision],
        up: Mapping[str, Up],
        called_over: Collection[str],
        memory: Memory,
        again: Again,
        now: float,
    ) -> None:
        self._business = mine[0].watched.business
        self._memory, self._again, self._now = memory, again, now
        self._all = {one.key: one for one in mine}
        self._mine = [one for one in mine if one.key not in called_over]
        self._silent = [one for one in self._mine if one.verdict.state is State.SILENT]
        self._joint = up.get(self._business)
        self._own = {key: page for key, page in up.items() if key != self._business}
        self._members: Party = ()
        self._anew: Collection[str] = ()
        """Keys of lines that stay away though others are back."""
        self._steps = Steps()

    def taken(self) -> Steps:
        for key, page in list(self._own.items()):
            if key not in self._all or self._memory.ended(self._all[key], page):
                self._steps.resolved.append(self._own.pop(key))
        whole = self._all.get(self._business)
        still = whole is not None and whole.verdict.state is State.SILENT and self._by_others(whole)
        if not still:
            self._silent = [one for one in self._silent if one is not whole]
        if self._joint is not None:
            self._see_to(self._joint)
        if whole is None or not still:
            self._lines()
        elif any(one is whole for one in self._members):
            self._steps.superseded += self._own.values()
        elif any(one is whole for one in self._silent):
            self._whole(whole)
        if self._joint is not None:
            _told_as_it_is(self._steps, self._joint, self._members)
        return self._steps

    def _by_others(self, whole: Decision) -> bool:
        """Whether all lines together are silent not only for want of the lines that a page tells of."""
        if whole.profile is None or (self._joint is not None and is_about_all(self._joint.body)):
            return True
        names = named(self._joint.body) if self._joint is not None else frozenset()
        told = [
            one.profile.a_week
            for one in self._silent
            if one.profile is not None
            and one.channel == whole.channel
            and one.line != WHOLE
            and (one.key in self._own or name(one) in names)
        ]
        others = 1.0 - math.fsum(told) / whole.profile.a_week
        found, still = whole.verdict, whole.verdict.still
        return others * found.expected >= found.needed or (
            still is not None and others * still.expected >= still.needed
        )

    def _see_to(self, joint: Up) -> None:
        """The page about several: whether it goes on, and what it has to say."""
        names, about_all = named(joint.body), is_about_all(joint.body)
        soon = about_all or self._now - joint.raised_at <= TOGETHER_S
        self._members = [
            one
            for one in self._silent
            if one.key not in self._own and one.verdict.since < joint.raised_at and (soon or name(one) in names)
        ]
        known = {self._business, *self._memory.silent} if about_all else ()
        about = [one for one in self._mine if one.key in known or (one.line != WHOLE and name(one) in names)]
        over = [one for one in about if self._memory.ended(one, joint)]
        if not self._members and len(over) == len(about):
            self._steps.resolved.append(joint)
            self._joint = None
            return
        back = self._memory.back.get(self._business)
        if back is not None and back[0] != joint.raised_at:
            back = None
        if back is None and over:
            back = self._memory.back[self._business] = joint.raised_at, self._now
        if back is not None and any(self._again(one, back[1]) for one in self._members):
            self._anew, self._members = {one.key for one in self._members}, ()
            self._give_up(joint)

    def _whole(self, whole: Decision) -> None:
        """All lines together are silent, and no page says so."""
        first = self._joined(whole)
        self._steps.superseded += [page for page in self._own.values() if page is not first]
        if first is not None:
            self._steps.reworded.append((first, self._silent))
            return
        if self._joint is not None:
            self._give_up(self._joint)
        self._steps.raised.append(self._silent)

    def _lines(self) -> None:
        """Lines that no page tells of."""
        settled = {*self._own, *(one.key for one in self._members)}
        fresh = [one for one in self._silent if one.key not in settled]
        new = [one for one in fresh if one.key in self._anew or self._joined(one) is None]
        if len(new) > 1 and self._joint is not None:
            self._give_up(self._joint)
            fresh = [*self._members, *fresh]
        if len(new) > 1:
            self._steps.raised.append(fresh)
        elif new:
            self._steps.raised.append(new)
        elif fresh and (first := self._joined(fresh[0])) is not None:
            self._steps.reworded.append((first, [self._all[first.key], *fresh]))

    def _joined(self, one: Decision) -> Up | None:
        """The page of another line, on which the cause of this silence rang already, for all that can be known."""
        silent = {other.key for other in self._silent} if self._joint is None else ()
        lately = [p for key, p in self._own.items() if key in silent and self._now - p.raised_at <= TOGETHER_S]
        before = [page for page in lately if one.verdict.since < page.raised_at]
        return max(before, key=lambda page: page.raised_at, default=None)

    def _give_up(self, joint: Up) -> None:
        self._steps.superseded.append(joint)
        self._joint = None


def _told_as_it_is(steps: Steps, page: Up, party: Party) -> None:
    if party and not page.body.startswith(whom(party)):
        steps.reworded.append((page, party))
