"""Lays random wishes over random records and looks whether anything else moved: `python -m infra.trials.settings`.

For each it also plays the platform: the parts that would be handed in replace those there, and what is then read back
must be what was expected, with nothing else touched.
"""

import random
import sys
import time
from dataclasses import dataclass
from typing import Any

import orjson

from app.provisioning.book import Baseline, Place, Snapshot
from app.provisioning.desired import Record
from app.provisioning.diff import differences
from app.provisioning.fields import MISSING, at, below, fields, same
from app.provisioning.merge import dropped, merged, wishes
from app.provisioning.plan import Live, Plan, Take, planned
from app.provisioning.platform import Document, Key, Kind
from app.provisioning.rules import RULES, Path, Rules

TRIALS = 10_000
SEED = 20_260_901
WORDS = ("request-start", "request-failed", "request-response-delayed", "system", "user", "assistant", "a", "b")
NAMES = {
    Kind.TOOL: ("type", "async", "function", "messages", "parameters", "server", "rejectionPlan"),
    Kind.ASSISTANT: ("name", "model", "voice", "server", "serverMessages", "hooks", "firstMessage", "metadata"),
    Kind.PHONE_NUMBER: ("provider", "name", "assistantId", "squadId", "server", "fallbackDestination", "hooks"),
}
INSIDE = (
    "url",
    "credentialId",
    "timeoutSeconds",
    "headers",
    "name",
    "parameters",
    "messages",
    "toolIds",
    "toolRefs",
    "x",
)


@dataclass(frozen=True)
class Triple:
    """What is live, what was applied, what was asked for then, and what is asked for now."""

    kind: Kind
    live: Document
    baseline: Document
    before: Document
    asked: Document


def value(rng: random.Random, depth: int = 0) -> Any:
    """Any JSON value."""
    choice = rng.randrange(9 if depth < 3 else 6)
    if choice < 3:
        return rng.choice((None, True, False, 0, 1, -7, 0.5, 1.0, ""))
    if choice < 6:
        return rng.choice(WORDS) + rng.choice(("", " é", "\n\nlong text", str(rng.randrange(99))))
    if choice == 6:
        return [value(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {rng.choice(INSIDE): value(rng, depth + 1) for _ in range(rng.randrange(4))}


def listed(rng: random.Random, key: str) -> list[Any]:
    """A list whose items have keys, some of them the same."""
    if not key:
        return [rng.choice(WORDS) for _ in range(rng.randrange(5))]
    return [{key: rng.choice(WORDS), "content": value(rng, 2)} for _ in range(rng.randrange(5))]


def record(rng: random.Random, kind: Kind, share: float) -> Document:
    """A record with about this share of what there can be in one; lists with keys are lists, as the platform has it."""
    own = {path[0] for path in RULES[kind].lists if len(path) == 1}
    made: Document = {name: value(rng) for name in NAMES[kind] if rng.random() < share and name not in own}
    for path, key in RULES[kind].lists.items():
        if rng.random() < share:
            here = made
            for name in path[:-1]:
                if not isinstance(here.get(name), dict):
                    here[name] = {}
                here = here[name]
            here[path[-1]] = listed(rng, key)
    return made


def triple(rng: random.Random) -> Triple:
    """Three versions of a record that have to do with each other."""
    kind = rng.choice(list(Kind))
    baseline = record(rng, kind, 0.7)
    edited = record(rng, kind, 0.2) if rng.random() < 0.5 else {}
    live = merged(RULES[kind], baseline, edited, {})
    before = record(rng, kind, 0.3)
    asked = before if rng.random() < 0.2 else record(rng, kind, 0.3)
    return Triple(kind, live, baseline, before, asked)


def plan_of(one: Triple) -> Plan:
    """What would be done, when our files are to win."""
    place = Place("trial", Key(one.kind, "one"))
    base = Baseline(Snapshot("s", place, "id", "applied", "", 0.0, one.baseline), one.before, "", 0.0, 0.0)
    wish = Record(place.key, "one", lambda _: one.asked)
    return planned(wish, place, Live("id", one.live, "", False), base, one.asked, Take.OURS)


def moved(one: Triple) -> list[str]:
    """Everything that is wrong with the merge and with the plan made of it; empty when nothing is."""
    rules, plan = RULES[one.kind], plan_of(one)
    result = merged(rules, one.live, one.asked, one.before)
    wrong = [
        f"{path} moved"
        for path in untouched(rules, one)
        if _bytes(rules, result, path) != _bytes(rules, one.live, path)
    ]
    wrong += [
        f"{path} is not as asked" for path, wanted in _asked(rules, one) if not same(at(rules, result, path), wanted)
    ]
    if merged(rules, result, one.asked, one.asked) != result:
        wrong.append("asked again, it is another")
    played = {**one.live, **plan.parts}
    if differences(rules, plan.expected, played):
        wrong.append("the parts handed in do not make what is expected")
    wrong += [f"{name} was handed in and has no change" for name in plan.parts if not _touched(rules, plan, name)]
    return wrong


def untouched(rules: Rules, one: Triple) -> list[Path]:
    """Fields of what is live that nobody asks for, and that are not taken out with what was asked for before."""
    wanted = {**wishes(rules, one.live, one.asked), **dict.fromkeys(dropped(rules, one.asked, one.before))}
    heads = {path[:length] for path in wanted for length in range(1, len(path))}
    gone = {head for head in heads if _replaced(rules, one, head)}
    gone |= {
        (*path[:-1], f"{path[-1].partition('#')[0]}#{n}")
        for path in dropped(rules, one.asked, one.before)
        for n in range(1, 5)
    }
    pins = ("model", "toolIds")  # the platform itself drops ids there that are pinned
    return [
        path
        for path in fields(rules, one.live)
        if not below(path, wanted) and not below(path, gone) and path not in heads and path[:2] != pins
    ]


def _replaced(rules: Rules, one: Triple, head: Path) -> bool:
    """Whether what has wishes in it is put in the place of something of another form, which goes as a whole."""
    return type(at(rules, one.live, head)) is not type(at(rules, one.asked, head))


def _asked(rules: Rules, one: Triple) -> list[tuple[Path, Any]]:
    return [
        (path, wanted)
        for path, wanted in wishes(rules, one.live, one.asked).items()
        if path[:2] != ("model", "toolIds")
    ]


def _bytes(rules: Rules, document: Document, path: Path) -> bytes:
    found = at(rules, document, path)
    return b"" if found is MISSING else orjson.dumps(found)


def _touched(rules: Rules, plan: Plan, name: str) -> bool:
    return name in rules.always or any(field.path[0] == name for field in plan.changes)


def main() -> int:
    rng = random.Random(SEED)
    began = time.monotonic()
    for number in range(TRIALS):
        one = triple(rng)
        if wrong := moved(one):
            print(f"trial {number}: {wrong[0]}\n{orjson.dumps(one.__dict__).decode()}")
            return 1
    print(f"{TRIALS} random records: nothing outside what was asked for moved ({time.monotonic() - began:.1f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
