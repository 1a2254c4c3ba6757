"""The first page: whether all is normal, in one sentence, and what waits for a person. Says so when it cannot know.

Nothing is counted beyond a bound, so it costs the same with ten rows and with ten million.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Table, TextClause, func, select

from app.booking.listing import is_doubted, is_unsettled
from app.clock import utc
from app.dashboard import lasting
from app.dashboard.lasting import Lasting
from app.dashboard.ports import House
from app.dashboard.shared_look import SharedLook
from app.db.engine import DatabaseUnavailableError
from app.db.schema import bookings, dead_letters, figure_states, pages, reviews, tasks
from app.watch import figure_book, incidents
from app.watch.chances import band
from app.watch.figure_overview import UNWATCHED_S
from app.watch.figures import State
from app.watch.pages import HELD, NOT_RESOLVED
from app.watch.unheard import Unheard
from app.watch.volume_lines import WHOLE
from app.watch.volume_overview import LineVolume

COUNTED_TO: Final = 1_000
UNSETTLED_AFTER_S: Final = 300.0
"""A booking, or a change of one, that nobody could settle for so long after it was asked for."""
NEWEST: Final = 5
OVERVIEW_WITHIN_S: Final = 3.0
LINES_WITHIN_S: Final = 0.3
"""Whoever looks first in a process waits so long at most for what is usual on hundreds of lines."""
NOT_KNOWN: Final = ("unknown", "learning")
"""States of a line of which nobody can say yet that it is as usual. Of one too quiet to tell nobody ever can."""
ODD: Final = {"silent": "silent", "flood": "flooded"}
"""States of a line that is not as usual, and how they are called."""
BY_DAYS: Final = 0.02
"""The squared share by which one day differs from the next, about."""
OUTSIDE: Final = 0.01
"""Share of days whose count is as far from the usual one; where a line is odd, such a count is no good one."""
LEAST_USUAL: Final = 10.0
"""Calls and texts to be expected by now, before a count that is far from them says anything where no line is odd."""
BAD, WAITS, GOOD, UNKNOWN = "bad", "waits", "good", "unknown"
WORST_FIRST: Final = (BAD, WAITS, UNKNOWN, GOOD)
"""So stand the tiles too: on a phone what is wrong is on the first screen."""
NAMED: Final = 5
"""Things that are wrong, in the sentence; tiles show every one."""
TOO_FEW: Final = "too few to tell yet"
"""Of service figures: nothing is known to be wrong, and nothing to be well."""
NOT_EVALUATED: Final = "how service figures stand is not known now"
STOPPED: Final = "work in the background that stands still"
"""What `loops` are to whoever looks."""
CALLBACK: Final = "callback"
"""The kind of tasks that were promised as such, and their name where there are no others."""
IN_HAND: Final = "in hand"
"""Of pages that somebody has taken: what they are about lasts."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure. `state` is BAD, WAITS or GOOD; `word` says it; `about` is how it stands in the sentence."""

    name: str
    value: str
    state: str
    word: str
    path: str
    about: str = ""


NOT_YET: Final = "whether calls come as usual is not known yet"
LOOKING: Final = tuple(
    Tile(name, "–", UNKNOWN, "being looked at", "volume", NOT_YET) for name in ("Calls and texts today", "Lines")
)
"""Instead of the tiles of lines, while these are looked at for the first time in a while."""


@dataclass(frozen=True, slots=True)
class Part:
    """How many things there are in this state, how one and several of them stand in the sentence, the word, and where
    they are listed, if elsewhere than the others of their tile.
    """

    state: str
    number: int
    one: str
    many: str
    word: str
    path: str = ""


async def read(house: House, lines: SharedLook[LineVolume]) -> dict[str, Any]:
    """Everything the page shows. Never raises for a database that is away: that is what it shows then."""
    now = house.clock.now()
    try:
        found = await house.read(lambda c: _looked(c, now, house), OVERVIEW_WITHIN_S)
        volume = await lines.soon(LINES_WITHIN_S)
        states = await house.states()
    except DatabaseUnavailableError:
        return _away(now)
    tiles = [
        *(of_lines(volume, now) if volume is not None else LOOKING),
        *of_writes(house.database.refuses),
        *of_reach(house.unheard),
        *of_dependencies(states),
        of_jobs(house.works()),
        *of_caps(found["used up"]),
        *of_lasting(found["lasting"]),
        *_of_work(found),
    ]
    return {
        "state": worst(tiles),
        "sentence": sentence(tiles),
        "as_of": utc(now),
        "tiles": [_told(tile) for tile in sorted(tiles, key=lambda tile: WORST_FIRST.index(tile.state))],
        "pages": found["newest"],
        "incidents": [
            {"id": one.id, "title": one.title, "state": one.state.value, "opened_at": utc(one.opened_at)}
            for one in found["incidents"]
        ],
    }


def worst(tiles: Sequence[Tile]) -> str:
    """The state of all of it."""
    states = {tile.state for tile in tiles}
    return next((state for state in WORST_FIRST if state in states), GOOD)


def sentence(tiles: Sequence[Tile]) -> str:
    """Whether all is normal, and if not, what is not, in so far as it can be read in one breath."""
    wrong = [tile.about for tile in tiles if tile.state == BAD and tile.about]
    waits = [tile.about for tile in tiles if tile.state == WAITS]
    if wrong:
        more = len(wrong) - NAMED
        also = [f"{more} more {'thing' if more == 1 else 'things'}"] if more > 0 else []
        return f"Not normal: {_and([*wrong[:NAMED], *also])}."
    unknown = list(dict.fromkeys(tile.about for tile in tiles if tile.state == UNKNOWN and tile.about))
    if any(tile.word == IN_HAND for tile in tiles):
        return f"Not normal, and in hand: {_and(waits)}."
    if waits:
        return f"{'Nothing is wrong' if unknown else 'Normal'}, and waiting for a person: {_and(waits)}."
    if unknown:
        return f"Nothing is wrong; {_and(unknown)}."
    said = [tile.about for tile in tiles if tile.about]
    return f"Everything is normal; {_and(said)}." if said else "Everything is normal."


def _looked(connection: Connection, now: float, house: House) -> dict[str, Any]:
    p, t, r, d, f = pages.c, tasks.c, reviews.c, dead_letters.c, figure_states.c
    looked_at, unseen = figure_book.looked(connection)
    newest = select(p.id, p.title, p.status, p.raised_at).where(NOT_RESOLVED, p.told != HELD)
    return {
        "open pages": counted(connection, pages, NOT_RESOLVED, p.status == "open", p.told != HELD),
        "held pages": counted(connection, pages, NOT_RESOLVED, p.status == "acknowledged"),
        "unwatched": now - looked_at > UNWATCHED_S,
        "raised": counted(connection, figure_states, f.state == State.RAISED.value),
        "doubted figures": counted(connection, figure_states, f.state == State.FEW.value, f.over > 0),
        "unknown figures": counted(connection, figure_states, f.state == State.UNKNOWN.value, f.name != "") + unseen,
        "few": counted(connection, figure_states, f.state == State.FEW.value, f.over == 0),
        "late tasks": counted(connection, tasks, t.status == "open", t.due < now),
        "tasks": counted(connection, tasks, t.status == "open", t.due >= now),
        "late callbacks": counted(connection, tasks, t.status == "open", t.due < now, t.kind == CALLBACK),
        "callbacks": counted(connection, tasks, t.status == "open", t.due >= now, t.kind == CALLBACK),
        "reviews": counted(connection, reviews, r.status == "open"),
        "letters": counted(connection, dead_letters, d.status == "open"),
        "doubted": counted(connection, bookings, is_doubted(now)),
        "unsettled": counted(connection, bookings, is_unsettled(now - UNSETTLED_AFTER_S)),
        "lasting": lasting.read(connection, now, house.synthetic_every_s),
        "used up": [house.name_of(business) for business in house.used_up(connection, now)],
        "incidents": incidents.listed(connection),
        "newest": [
            {"id": row.id, "title": row.title, "status": row.status, "raised_at": utc(row.raised_at)}
            for row in connection.execute(newest.order_by(p.raised_at.desc()).limit(NEWEST))
        ],
    }


def counted(connection: Connection, table: Table, *which: ColumnElement[bool] | TextClause) -> int:
    """How many there are, up to `COUNTED_TO` and one."""
    some = select(next(iter(table.primary_key))).where(*which).limit(COUNTED_TO + 1).subquery()
    return int(connection.execute(select(func.count()).select_from(some)).scalar_one())


def _of_work(found: Mapping[str, Any]) -> list[Tile]:
    late, due = (
        CALLBACK if found[f"{which}callbacks"] == found[f"{which}tasks"] else "task" for which in ("late ", "")
    )
    return [
        _tile("Pages", "pages", [
            Part(BAD, found["open pages"], "page that nobody has taken", "pages that nobody has taken", "not taken"),
            Part(WAITS, found["held pages"], "page in hand", "pages in hand", IN_HAND),
        ]),
        _of_figures(found),
        _tile("Incidents", "incidents", [
            Part(BAD, len(found["incidents"]), "open incident", "open incidents", "open"),
        ]),
        _tile("Bookings in doubt", "bookings?show=doubted", [
            Part(BAD, found["doubted"], "booking that is not on its calendar as promised",
                 "bookings that are not on their calendars as promised", "not as promised"),
            Part(WAITS, found["unsettled"], "booking not settled", "bookings not settled", "unsettled",
                 "bookings?show=unsettled"),
        ]),
        _tile("Tasks", "tasks", [
            Part(BAD, found["late tasks"], f"late {late}", f"late {late}s", "late"),
            Part(WAITS, found["tasks"], f"{due} due", f"{due}s due", "due"),
        ]),
        _tile("Reviews", "reviews", [Part(WAITS, found["reviews"], "decision", "decisions", "to decide")]),
        _tile("Dead letters", "dead-letters", [
            Part(WAITS, found["letters"], "job that was given up", "jobs that were given up", "given up"),
        ]),
    ]  # fmt: skip


def _of_figures(found: Mapping[str, Any]) -> Tile:
    """What was noted of them holds only while somebody evaluates them."""
    if found["unwatched"] and not found["raised"]:
        return Tile("Service figures", "–", UNKNOWN, "not known now", "figures", NOT_EVALUATED)
    return _tile("Service figures", "figures", [
        Part(BAD, found["raised"], "service figure past its bound", "service figures past their bounds", "raised"),
        Part(UNKNOWN, found["doubted figures"], "service figure was bad, in too few calls to tell yet",
             "service figures were bad, in too few calls to tell yet", TOO_FEW),
        Part(UNKNOWN, found["unknown figures"], "service figure is not known yet",
             "service figures are not known yet", "not known yet"),
        Part(GOOD, found["few"], "service figure has too few calls to tell yet",
             "service figures have too few calls to tell yet", TOO_FEW),
    ])  # fmt: skip


def _tile(name: str, path: str, parts: Sequence[Part]) -> Tile:
    """The tile of the worst part that there is any of."""
    for part in parts:
        if part.number:
            value = f"{COUNTED_TO:,}+" if part.number > COUNTED_TO else f"{part.number:,}"
            about = f"{value} {part.one if part.number == 1 else part.many}"
            return Tile(name, value, part.state, part.word, part.path or path, about)
    return Tile(name, "0", GOOD, "none", path)


def of_lines(volume: Sequence[LineVolume], now: float) -> list[Tile]:
    """What came in today, and how the lines are: as usual only where that is known of every one."""
    calls, usual = today(volume, now)
    lines = sum(one.line != WHOLE for one in volume)
    odd = _odd(volume)
    state, word, about = _known(volume, lines)
    word_today = f"{usual:,.0f} usual by now" if state == GOOD else word
    state_today, about_today = state, ""
    if odd and _is_far(calls, usual):
        state_today, word_today = BAD, word_today if state == GOOD else "far from usual"
    elif state == GOOD and usual >= LEAST_USUAL and _is_far(calls, usual):
        # No line is silent or flooded now: some of the calls may be lost, or the day was still for a part of it.
        about_today = f"today's number of calls and texts, {calls:,}, is far from the usual {usual:,.0f} by now"
        state_today = UNKNOWN
    return [
        Tile("Calls and texts today", f"{calls:,}", state_today, word_today, "volume", about_today),
        odd or Tile("Lines", str(lines), state, word, "volume", about),
    ]


def _is_far(calls: int, usual: float) -> bool:
    least, most = band(usual, BY_DAYS, OUTSIDE)
    return not least <= calls <= most


def _odd(volume: Sequence[LineVolume]) -> Tile | None:
    """The tile of lines that are not as usual, which names silences and floods; None where there are none."""
    found = {word: sum(one.state == state for one in volume) for state, word in ODD.items()}
    there = {word: number for word, number in found.items() if number}
    if not there:
        return None
    words = next(iter(there)) if len(there) == 1 else _and([f"{number} {word}" for word, number in there.items()])
    about = _and([f"{number} {word} {'line' if number == 1 else 'lines'}" for word, number in there.items()])
    return Tile("Lines", f"{sum(there.values()):,}", BAD, words, "volume", about)


def today(volume: Sequence[LineVolume], now: float) -> tuple[int, float]:
    """What came in today on all lines, and what was to be expected by now in the hours that were counted."""
    calls, usual = 0, 0.0
    for one in volume:
        if one.line == WHOLE:
            continue
        for hour in (hour for hours in one.today.values() for hour in hours):
            calls += hour.count
            usual += (hour.expected or 0.0) * hour.counted * min(1.0, max(0.0, (now - hour.start) / 3_600))
    return calls, usual


def _known(volume: Sequence[LineVolume], lines: int) -> tuple[str, str, str]:
    """The state and the word of lines none of which is odd, and what is not known of them, in a sentence."""
    unknown = [one for one in volume if one.state in NOT_KNOWN]
    if not unknown and volume:
        return _usual(sum(one.state == "too_quiet" and one.line != WHOLE for one in volume), lines)
    some = sum(one.line != WHOLE for one in unknown)
    if not 0 < some < lines:
        return UNKNOWN, "not known yet", NOT_YET
    return UNKNOWN, f"{some:,} not known yet", f"{NOT_YET} on {some:,} of {lines:,} lines"


def _usual(quiet: int, lines: int) -> tuple[str, str, str]:
    """Of lines that are as usual as can be told."""
    if not quiet:
        return GOOD, "as usual", ""
    of_it = f"{quiet:,} of {lines:,} lines" if lines > 1 else "the line"
    word = f"{quiet:,} too quiet to tell" if quiet < lines else "too quiet to tell"
    return GOOD, word, f"only a synthetic call can tell of {of_it}, where too few calls come"


def of_jobs(works: bool | None) -> Tile:
    """None: this process has only begun to look."""
    if works is None:
        about = "whether background jobs are done is not known yet"
        return Tile("Background jobs", "–", UNKNOWN, "being looked at", "limits", about)
    state, word = (GOOD, "worked on") if works else (BAD, "nobody works on them")
    about = "" if works else "background jobs that nobody works on"
    return Tile("Background jobs", "on" if works else "off", state, word, "limits", about)


def of_dependencies(states: Mapping[str, str]) -> list[Tile]:
    """What `/readyz` tells, where that is not that all is well; the database has words of its own."""
    ill = {name: state for name, state in states.items() if state != "ok" and name != "database"}
    about = _and([STOPPED if name == "loops" else f"{name} {state}" for name, state in ill.items()])
    return [Tile("Dependencies", str(len(ill)), BAD, "not well", "figures#dependencies", about)] if ill else []


def of_reach(unheard: Unheard | None) -> list[Tile]:
    """Nothing while every page reaches somebody: then it is seen on each who has it."""
    if unheard is None:
        return []
    return [Tile("Receivers of pages", "none", BAD, "nobody is told", "pages", unheard.pages)]


def of_caps(used_up: Sequence[str]) -> list[Tile]:
    """Daily caps that are reached, by whose they are: their callers are turned away now."""
    if not used_up:
        return []
    one = f"cap of {used_up[0]}, which is used up"
    many = f"caps of {len(used_up):,} businesses, which are used up"
    about = f"the daily call {one if len(used_up) == 1 else many}, so that callers are sent away"
    return [Tile("Daily call caps", f"{len(used_up):,}", BAD, "used up", "limits", about)]


def of_lasting(found: Lasting) -> list[Tile]:
    """What has a watch of its own and lasts; nothing for what is well."""
    calls = Tile("Synthetic calls", "failed", BAD, "fail", "pages", "synthetic calls that fail")
    tiles = [
        *([calls] if found.calls_fail else []),
        _tile("Settings at the platform", "pages", [
            Part(BAD, found.settings, "platform record that is not as it was applied",
                 "platform records that are not as they were applied", "changed"),
        ]),
        _tile("Upstreams' shapes", "pages", [
            Part(BAD, found.shapes, "upstream answer in another shape", "upstream answers in other shapes", "changed"),
        ]),
        _tile("Limits", "limits", [
            Part(BAD, found.limits, "limit near its end", "limits near their ends", "near"),
        ]),
    ]  # fmt: skip
    return [tile for tile in tiles if tile.state == BAD]


def of_writes(refuses: bool) -> list[Tile]:
    """Nothing while all is well: that it can be read is seen by there being a page."""
    about = "a database that takes no writes, so that callers hear that something is wrong"
    return [Tile("Database", "read only", BAD, "takes no writes", "limits", about)] if refuses else []


def _away(now: float) -> dict[str, Any]:
    words = "The database does not answer: callers hear that something is wrong, and nothing can be shown here."
    return {"state": UNKNOWN, "sentence": words, "as_of": utc(now), "tiles": [], "pages": [], "incidents": []}


def _told(tile: Tile) -> dict[str, Any]:
    return {"name": tile.name, "value": tile.value, "state": tile.state, "word": tile.word, "path": tile.path}


def _and(parts: Sequence[str]) -> str:
    """As a list is said; where a part has a comma of its own, a semicolon shows where the next one begins."""
    if any(", " in part for part in parts[:-1]):
        return f"{'; '.join(parts[:-1])}; and {parts[-1]}"
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)
