"""Metrics: the names outside programs hold on to, bounded labels, one process or several, and their price."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app import metrics


def values() -> dict[tuple[str, tuple[str, ...]], float]:
    families = text_string_to_metric_families(metrics.render()[0].decode())
    return {(s.name, tuple(s.labels[name] for name in sorted(s.labels))): s.value for f in families for s in f.samples}


COUNTED = [
    (
        lambda: metrics.observe_tool("find_appointments", "ok", 0.2),
        "readback_tool_seconds_count",
        ("ok", "find_appointments"),
    ),
    (lambda: metrics.observe_upstream("google", "quota", 0.2), "readback_upstream_requests_total", ("quota", "google")),
    (lambda: metrics.observe_upstream("google", "ok", 0.2), "readback_upstream_seconds_count", ("google",)),
    (lambda: metrics.count_alarm("cap"), "readback_alarms_total", ("cap",)),
    (lambda: metrics.count_page("delivered"), "readback_pages_total", ("delivered",)),
    (lambda: metrics.count_cache("busy", "hit"), "readback_cache_total", ("busy", "hit")),
    (lambda: metrics.count_claim_lost("acme"), "readback_claims_lost_total", ("acme",)),
    (lambda: metrics.count_refusal("/vapi", "unauthorized"), "readback_refusals_total", ("unauthorized", "/vapi")),
    (lambda: metrics.count_message("tool-calls"), "readback_messages_total", ("tool-calls",)),
    (lambda: metrics.count_push("delivered"), "readback_pushes_total", ("delivered",)),
    (lambda: metrics.count_read_back("match"), "readback_read_backs_total", ("match",)),
    (lambda: metrics.count_booking("confirmed"), "readback_bookings_total", ("confirmed",)),
    (lambda: metrics.count_crm_copy("seen"), "readback_crm_copies_total", ("seen",)),
    (lambda: metrics.observe_synthetic_call("ok", 1.5), "readback_synthetic_calls_total", ("ok",)),
    (lambda: metrics.count_hang("check_availability"), "readback_hangs_total", ("check_availability",)),
    (lambda: metrics.count_audit_rows(1), "readback_audit_rows_total", ()),
    (lambda: metrics.count_queue_drop("pages"), "readback_queue_dropped_total", ("pages",)),
]


@pytest.mark.parametrize(("count", "name", "labels"), COUNTED, ids=[name for _, name, _ in COUNTED])
def test_each_thing_counted_shows_under_its_name(count, name: str, labels: tuple[str, ...]) -> None:
    before = values().get((name, labels), 0.0)
    count()
    count()
    assert values()[name, labels] == before + 2


def test_gauges_show_the_last_value() -> None:
    metrics.set_cap("acme", 1, 200)
    metrics.set_cap("acme", 160, 200)
    metrics.set_breaker("crm:acme", 1)
    metrics.set_breaker("crm:acme", 0.5)
    metrics.set_queue_depth("audit", 7)
    metrics.set_queue_depth("audit", 3)
    metrics.observe_synthetic_call("failed", 1.25)
    shown = values()
    assert shown["readback_cap_used", ("acme",)] == 160
    assert shown["readback_cap_limit", ("acme",)] == 200
    assert shown["readback_breaker_open", ("crm:acme",)] == 0.5
    assert shown["readback_queue_depth", ("audit",)] == 3
    assert shown["readback_synthetic_call_seconds", ()] == 1.25


@pytest.mark.parametrize(
    ("seconds", "bucket"), [(0.0009, "0.001"), (0.7, "0.8"), (5.9, "6.0"), (19.0, "20.0"), (90, "+Inf")]
)
def test_a_duration_falls_into_its_bucket_and_not_into_a_smaller_one(seconds: float, bucket: str) -> None:
    tool = f"at_{seconds}"
    metrics.observe_tool(tool, "ok", seconds)
    filled = [
        sample.labels["le"]
        for family in text_string_to_metric_families(metrics.render()[0].decode())
        for sample in family.samples
        if sample.name == "readback_tool_seconds_bucket" and sample.labels["tool"] == tool and sample.value == 1
    ]
    assert filled[0] == bucket


def test_the_exposition_names_its_type() -> None:
    body, content_type = metrics.render()
    assert content_type.startswith("text/plain")
    assert body.endswith(b"\n")
    assert b"_created" not in body
    assert b"process_resident_memory_bytes" in body or sys.platform != "linux"


def in_fresh_process(program: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", "from app import metrics\n" + program],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_label_values_are_bounded() -> None:
    shown = in_fresh_process(
        "for n in range(metrics.MOST_CHILDREN + 50): metrics.count_message(f'type-{n}')\n"
        "print(metrics.render()[0].decode())"
    )
    lines = [line for line in shown.splitlines() if line.startswith("readback_messages_total{")]
    assert len(lines) == 2_001
    assert 'readback_messages_total{type="other"} 50.0' in lines


def test_any_of_several_processes_answers_for_all(tmp_path: Path) -> None:
    share = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for used in (3, 5):
        in_fresh_process(
            f"metrics.count_message('tool-calls'); metrics.hand_in(); metrics.set_cap('acme', {used}, 200)\n"
            f"metrics.observe_tool('check_availability', 'ok', 0.0{used}); metrics.set_queue_depth('pages', {used})",
            **share,
        )
    shown = in_fresh_process("print(metrics.render()[0].decode())", **share)
    assert 'readback_messages_total{type="tool-calls"} 2.0' in shown
    assert 'readback_cap_used{business="acme"} 5.0' in shown
    assert 'readback_tool_seconds_count{outcome="ok",tool="check_availability"} 2.0' in shown
    assert 'readback_queue_depth{queue="pages"} 8.0' in shown


def test_a_dead_process_is_taken_out_of_the_sums_and_not_out_of_the_counts(tmp_path: Path) -> None:
    share = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    in_fresh_process(
        "metrics.count_message('tool-calls'); metrics.hand_in(); metrics.set_queue_depth('pages', 9)", **share
    )
    shown = in_fresh_process("metrics.forget_dead_processes(); print(metrics.render()[0].decode())", **share)
    assert 'readback_queue_depth{queue="pages"}' not in shown
    assert 'readback_messages_total{type="tool-calls"} 1.0' in shown


def test_a_call_costs_microseconds() -> None:
    """Measured 1 us; the bound is loose because machines are shared, and still catches a look-up by `labels`."""

    def spent() -> float:
        started = time.thread_time()
        for _ in range(2_000):
            metrics.observe_tool("check_availability", "ok", 0.0004)
        return (time.thread_time() - started) / 2_000

    assert min(spent() for _ in range(5)) < 10e-6
