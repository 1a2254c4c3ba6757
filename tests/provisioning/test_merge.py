"""What is asked for is laid over what is live, and nothing else moves: by examples, and by random records."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.provisioning.fields import labels
from app.provisioning.merge import merged
from app.provisioning.platform import Kind
from app.provisioning.rules import RULES
from infra.trials.settings import moved, triple

TOOL, ASSISTANT, NUMBER = (RULES[kind] for kind in (Kind.TOOL, Kind.ASSISTANT, Kind.PHONE_NUMBER))
SYSTEM = {"role": "system", "content": "Be kind."}

CASES = {
    "a nested object keeps what is not asked for": (
        TOOL,
        {"server": {"url": "https://old", "credentialId": "c1", "headers": {"X": "1"}}, "async": False},
        {"server": {"url": "https://new"}},
        {},
        {"server": {"url": "https://new", "credentialId": "c1", "headers": {"X": "1"}}, "async": False},
    ),
    "a schema of parameters is one whole": (
        TOOL,
        {"function": {"name": "f", "parameters": {"properties": {"old": {}}}}},
        {"function": {"parameters": {"properties": {"new": {}}}}},
        {},
        {"function": {"name": "f", "parameters": {"properties": {"new": {}}}}},
    ),
    "messages are told apart by their type, and what somebody added to one stays": (
        TOOL,
        {"messages": [{"type": "request-start", "content": "a", "conditions": [1]}, {"type": "request-complete"}]},
        {"messages": [{"type": "request-start", "content": "b"}, {"type": "request-failed", "content": "c"}]},
        {},
        {
            "messages": [
                {"type": "request-start", "content": "b", "conditions": [1]},
                {"type": "request-complete"},
                {"type": "request-failed", "content": "c"},
            ]
        },
    ),
    "a prompt that was wiped comes first again": (
        ASSISTANT,
        {"model": {"provider": "p", "messages": [{"role": "user", "content": "hi"}]}},
        {"model": {"messages": [SYSTEM]}},
        {},
        {"model": {"provider": "p", "messages": [SYSTEM, {"role": "user", "content": "hi"}]}},
    ),
    "tools of others stay attached": (
        ASSISTANT,
        {"model": {"toolIds": ["theirs"]}},
        {"model": {"toolIds": ["ours"]}},
        {},
        {"model": {"toolIds": ["theirs", "ours"]}},
    ),
    "a tool that we no longer ask for is detached": (
        ASSISTANT,
        {"model": {"toolIds": ["theirs", "ours", "other"]}},
        {"model": {"toolIds": ["ours"]}},
        {"model": {"toolIds": ["ours", "other"]}},
        {"model": {"toolIds": ["theirs", "ours"]}},
    ),
    "a tool that is pinned is not attached a second time": (
        ASSISTANT,
        {"model": {"toolIds": ["a", "b"]}},
        {"model": {"toolRefs": [{"toolId": "a", "version": "3"}]}},
        {},
        {"model": {"toolIds": ["b"], "toolRefs": [{"toolId": "a", "version": "3"}]}},
    ),
    "what is to be cleared is handed in as nothing": (
        NUMBER,
        {"assistantId": "a", "name": "n"},
        {"assistantId": None},
        {},
        {"assistantId": None, "name": "n"},
    ),
    "other lists are taken whole": (
        ASSISTANT,
        {"serverMessages": ["hang", "transcript"]},
        {"serverMessages": ["tool-calls"]},
        {},
        {"serverMessages": ["tool-calls"]},
    ),
    "an empty wish leaves a list that is not there alone": (
        ASSISTANT,
        {"model": {"provider": "p"}},
        {"model": {"toolRefs": []}},
        {},
        {"model": {"provider": "p"}},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_it_is_merged(name: str) -> None:
    rules, live, asked, before, wanted = CASES[name]
    assert merged(rules, live, asked, before) == wanted


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_nothing_outside_what_was_asked_for_moves(seed: int) -> None:
    assert moved(triple(random.Random(seed))) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(live=st.dictionaries(st.sampled_from("abcd"), JSON), wish=JSON)
def test_other_parts_are_the_very_same(live: dict[str, Any], wish: Any) -> None:
    result = merged(NUMBER, live, {"d": wish}, {})
    assert {name: value for name, value in result.items() if name != "d"} == {n: v for n, v in live.items() if n != "d"}
    assert [name for name in result if name != "d"] == [name for name in live if name != "d"]


@given(keys=st.lists(st.sampled_from(["x", "x#1", "x#2", "y"]), max_size=8))
def test_no_two_items_of_a_list_are_called_the_same(keys: list[str]) -> None:
    assert len(set(labels([{"k": key} for key in keys], "k"))) == len(keys)
