"""A reader of answers, as strict as the platform is silent: what it complains about, no model ever hears."""

from collections.abc import Sequence
from typing import Any


def complaints_about_results(answer: Any, ids: Sequence[str | None]) -> list[str]:
    """What is wrong with the answer to a `tool-calls` message that asked for these ids, in this order."""
    if type(answer) is not dict or type(answer.get("results")) is not list:
        return ["no list of results"]
    results = answer["results"]
    if any(type(result) is not dict for result in results):
        return ["a result is no object"]
    found = []
    if [result.get("toolCallId") for result in results] != list(ids):
        found.append("ids or their order differ")
    for result in results:
        told = [result[key] for key in ("result", "error") if key in result]
        if len(told) != 1 or type(told[0]) is not str or not told[0]:
            found.append("result is no text")
        elif len(told[0].splitlines()) != 1:
            found.append("result has several lines")
        if type(result.get("name")) is not str:
            found.append("name is missing")
    return found


def complaints_about_arrival(answer: Any) -> list[str]:
    """What is wrong with the answer to an `assistant-request`."""
    if type(answer) is not dict:
        return ["no object"]
    ways = [key for key in ("assistantId", "destination", "error") if key in answer]
    if len(ways) != 1:
        return ["not exactly one way to go on"]
    if "destination" in answer:
        destination = answer["destination"]
        where = {"number": "number", "sip": "sipUri"}.get(destination.get("type"), "")
        return [] if type(destination.get(where)) is str else ["destination leads nowhere"]
    told = answer[ways[0]]
    return [] if type(told) is str and told else [f"{ways[0]} is no text"]
