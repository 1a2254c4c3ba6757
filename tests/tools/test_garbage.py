"""Whatever a model sends to whatever tool, the answer is an answer, and nothing is booked by it."""

import asyncio
import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.calendar import FakeCalendar
from tests.tools.talking import agent
from tools import tools

SENSIBLE = ["inspection", "today", "tuesday", "2026-11-24", "dana", "Ann Lee", "any", "+15125550123", "AAAAAA", "3"]
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=300),
    st.sampled_from([*SENSIBLE, "", " ", "\x00", "{{date}}", "'; drop table bookings", "9" * 400, "2026-13-45"]),
    st.lists(st.text(max_size=5), max_size=3),
    st.dictionaries(st.text(alphabet=string.ascii_lowercase, max_size=5), st.integers(), max_size=3),
)
NAMES = {tool.name: list(tool.arguments.model_fields) for tool in tools(None, None)}  # type: ignore[arg-type]  # only read
ASKED = st.one_of(
    *(
        st.tuples(
            st.just(name),
            st.dictionaries(st.sampled_from(fields) | st.text(max_size=5), VALUES, max_size=len(fields) + 1),
        )
        for name, fields in NAMES.items()
    ),
    st.tuples(st.text(max_size=40), st.dictionaries(st.text(max_size=5), VALUES, max_size=2)),
)


@given(asked=st.lists(ASKED, min_size=5, max_size=15))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_garbage_in_any_argument_is_answered(
    asked: list[tuple[str, dict[str, Any]]], sqlite_url: str, tmp_path: Path
) -> None:
    async def run() -> None:
        calendar = FakeCalendar()
        async with agent(sqlite_url, calendar) as ask:
            for tool, arguments in asked:
                clean = {k: v for k, v in arguments.items() if k not in ("tool", "caller", "call", "self")}
                answer = await ask(tool, **clean)
                assert answer.get("code") != "internal", (tool, arguments)
            assert calendar.count("book") == 0

    asyncio.run(run())


@pytest.mark.parametrize("text", ["\x00", "\ud800", "a\x00b", "\U0001f41c" * 60, "x" * 200])
@pytest.mark.parametrize("field", ["customer_name", "phone", "email", "address", "notes"])
async def test_text_that_databases_choke_on_is_booked_all_the_same(database_url: str, field: str, text: str) -> None:
    async with agent(database_url) as ask:
        slot = await ask.first_slot(date="2026-11-24")
        given_name = {"customer_name": "Ann Lee"} | {field: f"Ann {text}"}
        answer = await ask("book_appointment", slot_id=slot["slot_id"], **given_name)
        assert answer.get("outcome") == "confirmed" or answer["code"] == "invalid_arguments"
