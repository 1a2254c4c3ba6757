"""Service figures against the real server: what it counted is kept when it stops, and somebody looks."""

import json
from pathlib import Path

from tests.fakes.databases import executed, soon
from tests.flows.businesses import EMBEDDED, acme, written
from tests.flows.running import environment, serving
from tests.flows.speaking import new_call, new_id


async def test_a_process_leaves_what_it_counted_and_figures_are_evaluated(sqlite_url: str, tmp_path: Path) -> None:
    async with serving(environment(sqlite_url, written(tmp_path, acme(EMBEDDED)))) as server:
        await server.call(
            (new_id(), "check_availability", {"service": "inspection", "date": "tomorrow"}), call_id=new_call()
        )
        await soon(lambda: executed(sqlite_url, "select name, of from figure_states") == [("", "")], 60.0)

    [(seconds, counted)] = executed(sqlite_url, "select seconds, counted from figure_samples")
    assert seconds > 0.0
    found = json.loads(counted)
    assert ["tool", ["check_availability", "ok"], 1] in found["numbers"]
    assert [sum(buckets) for name, of, buckets in found["times"] if (name, of) == ("tool", "check_availability")] == [1]
