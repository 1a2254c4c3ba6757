"""What pages say is true: of who was reached, of what was refused, of when, and of how few calls there were."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from app.dashboard.overview import Tile, sentence
from app.dashboard.rendering import commands, plain, rendered

NOW = 1_795_860_000.0


def shown(template: str, data: Mapping[str, Any]) -> str:
    given = {"data": data, "now": NOW, "query": {}, "form_token": "", "zone_of": lambda _: UTC, "name_of": str.title}
    return " ".join(rendered(template, given).split())


def test_a_receiver_that_was_reached_is_not_somebody_who_has_it() -> None:
    page = {
        "id": "p1", "status": "open", "waits": False, "title": "Calendar down", "body": "", "kind": "calendar_down",
        "business": "acme", "raised_at": NOW - 60, "of": "the page", "receivers": [
            {"receiver": "json://a/…", "reached_at": NOW}, {"receiver": "json://b/…", "reached_at": None},
        ],
    }  # fmt: skip

    said = shown("pages.html", {"show": "open", "unheard": None, "pages": [page], "next": None})

    assert "nobody has it" in said
    assert "· reached json://a/… · not reached: json://b/…" in said


def test_what_was_refused_is_never_going_to_be_read_back() -> None:
    booking = {
        "reference": "W9PLM3", "synthetic": False, "business": "acme", "starts_there": "Tue",
        "service_name": "Home inspection", "technician_name": "Dana", "status": "refused",
        "change": None, "reason": "", "read_back": None,
        "read_back_at": None, "phone": "+1…42",
    }  # fmt: skip
    show = {"show": "recent", "next": None}

    assert "nothing to read back" in shown("bookings.html", show | {"bookings": [booking]})
    assert "not yet" in shown("bookings.html", show | {"bookings": [booking | {"status": "confirmed"}]})


def test_a_time_on_record_is_told_as_one_with_a_fraction_or_without() -> None:
    told = str(plain({"starts": 1_795_919_400, "due": NOW + 0.5, "call": 2_000_000_000, "changed_at": 1_795_919_400}))

    assert told.count("<time ") == 3
    assert 'starts: <time datetime="2026-11-29T02:30:00+00:00">29 Nov 02:30 UTC</time>' in told
    assert "call: 2000000000" in told


def test_no_quantile_is_told_of_fewer_calls_than_it_takes() -> None:
    tool = {"tool": "check_availability", "p50": 0.018, "p95": 0.024, "p99": 0.025, "within": []}

    said = [shown("latency.html", {"tools": [tool | {"calls": calls}]}) for calls in (1, 2, 20, 100)]

    assert [each.count("too few") for each in said] == [3, 2, 1, 0]


def test_a_limit_that_is_used_up_is_not_reached_some_seconds_ago() -> None:
    row: dict[str, Any] = {
        "name": "daily_call_cap.acme", "wrong": "", "may_fill": False, "confirmed": None, "value": 3, "unit": "calls",
        "source": "file", "where": "`daily_call_cap` in the business file", "owner": "whoever runs it", "how": "",
        "used": 3, "share": 1.0, "reached_at": "2026-11-28T14:20:00Z", "bounds": "calls of a day", "uncounted": "",
    }  # fmt: skip

    full = shown("limits.html", {"limits": [row], "next": None})
    near = shown("limits.html", {"limits": [row | {"used": 2, "share": 0.67}], "next": None})

    assert ", reached " in near
    assert ", reached " not in full
    assert "<code>daily_call_cap</code> in the business file" in full


def test_what_is_to_be_typed_is_set_apart_and_no_text_becomes_markup() -> None:
    assert commands("See `readback pages list`, or ` alone") == "See <code>readback pages list</code>, or ` alone"
    assert commands("`<b>`, <i>") == "<code>&lt;b&gt;</code>, &lt;i&gt;"


def test_where_a_part_of_the_sentence_has_a_comma_it_is_seen_where_the_next_one_begins() -> None:
    cap, page, task = "a cap, which is used up", "1 page", "1,200 tasks"
    tiles = [Tile("", "", "bad", "", "", about) for about in (cap, page, task)]

    assert sentence(tiles) == "Not normal: a cap, which is used up; 1 page; and 1,200 tasks."
    assert sentence(tiles[1:]) == "Not normal: 1 page and 1,200 tasks."
