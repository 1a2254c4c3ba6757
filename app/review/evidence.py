"""A review's content as whoever decides reads it: what would be done in words, and what was said on both sides.

It is personal data: only where one review is shown to somebody it is told. The ids are small print.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

SIDES: Final = {"customer": "Customer", "agent": "We"}

VISIT_NOW: Final = "as it stands now"


def evidence(content: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """What to decide by; `now` is what has become of it meanwhile, beside what would be done.

    A review that was opened before these words were kept shows the tools and what they get.
    """
    known = content.get("in_words")
    bare = {} if known else {"what would be done": content.get("tool", ""), **_arguments(content)}
    before = [f"{SIDES.get(each['who'], each['who'])}: {each['text']}" for each in content.get("said_before", ())]
    return {
        **({"what would be done": list(known)} if known else bare),
        **now,
        "said before": before,
        "the customer wrote": content.get("said", ""),
        "written since": list(content.get("since", {}).values()),
        "customer": content.get("customer", ""),
        "line": content.get("line", ""),
    }


def small_print(content: Mapping[str, Any]) -> dict[str, Any]:
    """The ids, for whoever looks into it."""
    ids = {"tool": content.get("tool", ""), **_arguments(content)} if content.get("in_words") else {}
    told = {**ids, "inference": content.get("inference", "")}
    return {name: value for name, value in told.items() if value}


def as_lines(told: Mapping[str, Any]) -> Iterator[str]:
    """For a terminal: a line each, or several for what is several; nothing for what is empty."""
    for name, value in told.items():
        if isinstance(value, list) and value:
            yield f"{name}:"
            yield from (f"  {_plain(each)}" for each in value)
        elif value not in ("", None, [], {}, 0.0):
            yield f"{name}: {_plain(value)}"


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_plain(inner)}" for name, inner in value.items())
    return " / ".join(str(value).splitlines())  # so that nobody writes a line of ours


def _arguments(content: Mapping[str, Any]) -> dict[str, Any]:
    return {"with": dict(content.get("arguments", {})), "and then": list(content.get("then", ()))}
