"""The judgement about a service figure, and the list of them: raised and cleared late enough, never guessed."""

import json
import math
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.metrics import BUCKETS_S
from app.watch.end_reasons import PARTS, EndClass, end_class
from app.watch.figure_list import FIGURES
from app.watch.figure_moments import Moments
from app.watch.figure_readings import not_answered, quantile
from app.watch.figure_sums import EVERY_S, Counted, Sample
from app.watch.figure_words import amount, body, title
from app.watch.figures import APART_S, LAPSE_S, Figure, Reading, Sight, Standing, State, Thresholds, counted, judged

NOW = 1_795_000_000.0
FIGURE = Figure(
    name="tool_p95", of="tool", unit="s", made_of="times", window_s=600.0, least=20, raise_at=2.0, clear_at=1.0,
    remedy="Look.", read=lambda _: {}, in_a_row=2,
)  # fmt: skip
FALLING = replace(FIGURE, falls=True, raise_at=1.0, clear_at=2.0)
NONE_IS_NONE = replace(FIGURE, least=0)


def judge(values: Sequence[float | None], figure: Figure = FIGURE, samples: int = 50, every_s: float = EVERY_S) -> str:
    """What is said after each value; None is a look at which nothing was there to see."""
    standing, last, said = None, 0.0, ""
    for number, value in enumerate(values):
        now = NOW + number * every_s
        reading = None if value is None else Reading(value, samples)
        standing = judged(figure, reading, standing, Sight(1.0, last), now)
        said, last = said + standing.state.value[0], now
    return said


CASES: dict[str, tuple[str, Sequence[float | None], Figure]] = {
    "well": ("fff", (1.0, 1.9, 2.0), FIGURE),
    "once is not in a row": ("fffff", (3, 1, 3, 1, 3), FIGURE),
    "twice is": ("fr", (3, 3), FIGURE),
    "it stays up inside the band": ("frrrrr", (3, 3, 1.5, 1.9, 1.1, 2.5), FIGURE),
    "once well is not in a row either": ("frrrr", (3, 3, 0.5, 1.5, 0.5), FIGURE),
    "twice well is over": ("frrf", (3, 3, 1.0, 0.5), FIGURE),
    "nothing to see is not known": ("uu", (None, None), FIGURE),
    "nothing to see does not end it": ("frrrr", (3, 3, None, None, None), FIGURE),
    "nothing to see breaks the row": ("fuf", (3, None, 3), FIGURE),
    "nothing there is nothing wrong": ("frrf", (3, 3, None, None), NONE_IS_NONE),
    "low is bad": ("frrrf", (0.5, 0.5, 1.5, 2.0, 3.0), FALLING),
    "at the threshold is not beyond it": ("ff", (2.0, 2.0), FIGURE),
    "a row of one": ("r", (3,), replace(FIGURE, in_a_row=1)),
}


@pytest.mark.parametrize(("said", "values", "figure"), CASES.values(), ids=CASES)
def test_the_judgement(said: str, values: Sequence[float | None], figure: Figure) -> None:
    assert judge(values, figure) == said


def test_few_samples_are_too_few_to_tell_and_say_how_many() -> None:
    found = judged(FIGURE, Reading(9.0, 19), None, Sight(), NOW)
    assert (found.state, found.why) == (State.FEW, "19 of at least 20 samples")
    nothing = judged(FIGURE, Reading(), None, Sight(), NOW)
    assert (nothing.state, nothing.why) == (State.UNKNOWN, "0 of at least 20 samples")
    day = Reading(9.0, 30, Moments(2, 30), window_s=86_400.0, few_are_enough=True)
    few = judged(FIGURE, day, None, Sight(), NOW)
    assert (few.state, few.over, few.state.word) == (State.FEW, 2, "too few to tell")
    assert (
        few.why
        == "only 30 samples in the last 24 hours, bad in 2 of 30 spells of five minutes in which it was asked for"
    )
    later = judged(FIGURE, Reading(9.0, 20), few, Sight(last=NOW), NOW + EVERY_S)
    assert (later.state, later.over) == (State.FINE, 1), "what moments were bad is no row of evaluations"


def test_evaluations_of_two_leaders_at_once_count_as_one_and_far_apart_as_no_row() -> None:
    assert judge((3, 3, 3), every_s=APART_S - 1) == "fff"
    assert judge((3, 3, 3), every_s=LAPSE_S + 1) == "fff"
    assert judge((3, 3, 3), every_s=LAPSE_S) == "frr"


BLIND = {
    "nobody is counting": Sight(None),
    "counted for only 79% of the last 10 minutes": Sight(0.79),
    "our clock jumped": Sight(jumped_at=NOW - 599.0),
}


@pytest.mark.parametrize(("why", "sight"), BLIND.items(), ids=BLIND)
def test_what_we_did_not_see_neither_raises_nor_clears(why: str, sight: Sight) -> None:
    sight = replace(sight, last=NOW - EVERY_S)
    for raised, state in ((False, State.UNKNOWN), (True, State.RAISED)):
        before = Standing(State.RAISED if raised else State.FINE, raised, since=5.0, over=1, under=1)
        for value in (9.0, 0.1):
            found = judged(FIGURE, Reading(value, 50), before, sight, NOW)
            assert (found.state, found.raised, found.why) == (state, raised, why)
            assert (found.over, found.under) == (0, 0)
    assert judged(FIGURE, Reading(0.1, 50), None, Sight(0.8, jumped_at=NOW - 600.0), NOW).state is State.FINE


def test_an_age_is_known_only_after_as_long_as_is_borne() -> None:
    age = replace(FIGURE, age=True, raise_at=3_600.0, clear_at=60.0, least=0)
    assert age.span_s == 3_600.0
    assert judged(age, Reading(9_999.0, 1), None, Sight(jumped_at=NOW - 3_599.0), NOW).state is State.UNKNOWN


@given(st.lists(st.floats(1.01, 1.99), min_size=1, max_size=60), st.booleans())
@settings(max_examples=40, deadline=None)
def test_inside_the_band_nothing_ever_changes(values: list[float], raised: bool) -> None:
    begin = (3.0, 3.0) if raised else (0.5, 0.5)
    assert set(judge([*begin, *values])[2:]) == {"r" if raised else "f"}


@given(st.lists(st.floats(0.0, 4.0), min_size=2, max_size=60))
@settings(max_examples=60, deadline=None)
def test_it_changes_only_after_a_row_beyond_its_threshold(values: list[float]) -> None:
    said = judge(values)
    for at in range(1, len(said)):
        if said[at - 1 : at + 1] == "fr":
            assert min(values[at - 1 : at + 1]) > 2.0
        if said[at - 1 : at + 1] == "rf":
            assert max(values[at - 1 : at + 1]) <= 1.0


# --- thresholds -------------------------------------------------------------------------------------------------------


def test_an_operator_has_thresholds_of_their_own() -> None:
    slower, without, same = Thresholds({"tool_p95": (4.0, 3.0), "hangs": None}), {"hangs"}, replace(FIGURE)
    found = {figure.name: figure for figure in slower.over(FIGURES)}

    assert {figure.name for figure in FIGURES} - found.keys() == without
    assert (found["tool_p95"].raise_at, found["tool_p95"].clear_at) == (4.0, 3.0)
    assert Thresholds().over((same,)) == (same,)


@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        ({"tool_p96": (1.0, 1.0)}, 'names "tool_p96", which is no figure; there are tool_errors, '),
        ({"tool_p95": (1.0, 2.0)}, "clears tool_p95 at 2; that must be below where it is raised, 1"),
        ({"cache_hits": (0.2, 0.1)}, "clears cache_hits at 0.1; that must be above where it is raised, 0.2"),
    ],
)
def test_a_wrong_threshold_is_a_sentence(own: dict[str, tuple[float, float] | None], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Thresholds(own).over(FIGURES)


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_every_figure_says_what_it_is_and_what_to_do(figure: Figure) -> None:
    standing = Standing(State.RAISED, True, value=figure.raise_at, samples=30)

    assert [other.name for other in FIGURES].count(figure.name) == 1
    assert figure.raise_at <= figure.clear_at if figure.falls else figure.raise_at >= figure.clear_at
    assert figure.window_s >= 300.0
    assert figure.in_a_row >= 1
    assert figure.remedy.endswith(".")
    assert figure.unit in title(figure, "x", standing) or figure.unit in ("share", "s")
    told = body(figure, "x", standing)
    assert figure.owner.value in told
    assert figure.remedy in told


# --- what figures are made of -----------------------------------------------------------------------------------------


def test_a_quantile_of_buckets_is_within_the_bucket_of_the_true_one() -> None:
    drawn = random.Random(7)
    times = sorted(drawn.lognormvariate(-2.0, 1.2) for _ in range(2_000))
    buckets = [0] * (len(BUCKETS_S) + 1)
    for seconds in times:
        buckets[next((n for n, bound in enumerate(BUCKETS_S) if seconds <= bound), len(BUCKETS_S))] += 1
    for share in (0.5, 0.95, 0.99):
        true = times[math.ceil(share * len(times)) - 1]
        number = next(n for n, bound in enumerate(BUCKETS_S) if true <= bound)
        assert (BUCKETS_S[number - 1] if number else 0.0) <= quantile(buckets, share) <= BUCKETS_S[number]
    assert quantile([0] * len(BUCKETS_S) + [3], 0.5) == BUCKETS_S[-1], "only that it is beyond"


@pytest.mark.parametrize(
    ("outcome", "bad"),
    [("ok", False), ("client_error", False), ("server_error", True), ("quota", True), ("denied", True),
     ("unreachable", True), ("timeout", True), ("abandoned", True), ("refused", False), ("delivered", False)],
)  # fmt: skip
def test_a_request_that_was_refused_was_answered_and_one_that_was_denied_was_not(outcome: str, bad: bool) -> None:
    assert not_answered(outcome) is bad


REASONS = {
    "customer-ended-call": EndClass.NORMAL,
    "Assistant-Ended-Call-After-Message-Spoken": EndClass.NORMAL,
    "assistant-request-returned-no-assistant": EndClass.OURS,
    "call-start-error-neither-assistant-nor-server-set": EndClass.OURS,
    "call.start.error-subscription-insufficient-credits": EndClass.ACCOUNT,
    "call.start.error-vapi-number-outbound-daily-limit": EndClass.ACCOUNT,
    "call.in-progress.error-transfer-failed": EndClass.TELEPHONY,
    "call.in-progress.error-sip-telephony-provider-failed-to-connect-call": EndClass.TELEPHONY,
    "twilio-failed-to-connect-call": EndClass.TELEPHONY,
    "call.forwarding.operator-busy": EndClass.TELEPHONY,
    "call.in-progress.error-vapifault-worker-died": EndClass.PLATFORM,
    "call.in-progress.error-providerfault-openai-llm-failed": EndClass.PLATFORM,
    "pipeline-error-openai-429-exceeded-quota": EndClass.PLATFORM,
    "worker-shutdown": EndClass.PLATFORM,
    "silence-timed-out": EndClass.EXPERIENCE,
    "call.in-progress.error-assistant-did-not-receive-customer-audio": EndClass.EXPERIENCE,
    "exceeded-max-duration": EndClass.EXPERIENCE,
    "": EndClass.UNKNOWN,
    "the-moon-was-full": EndClass.UNKNOWN,
}


@pytest.mark.parametrize(("reason", "expected"), REASONS.items(), ids=lambda value: str(value) or "none given")
def test_a_reason_has_its_class(reason: str, expected: EndClass) -> None:
    assert end_class(reason) is expected


def test_every_part_of_a_reason_can_be_met() -> None:
    assert [part for found, part in PARTS if end_class(part) is not found] == []


def sample(ago_s: float, seconds: float, number: int = 1) -> Sample:
    counted = {"times": [("tool", "t", [number] * 16)], "numbers": [("hang", ("t",), number)]}
    return Sample(NOW - ago_s, seconds, json.dumps(counted))


COVER = {
    "nobody ever": ((), None),
    "somebody all the time": (tuple(sample(n * 30, 30) for n in range(20)), 1.0),
    "the last half minute is not written yet": (tuple(sample(25 + n * 30, 30) for n in range(20)), 1.0),
    "two at once cover no more than one": ((sample(0, 300), sample(0, 300), sample(10, 280)), 0.5),
    "a row that began before the window": ((sample(0, 3_000),), 1.0),
    "a gap": ((sample(0, 200), sample(400, 200)), 2 / 3),
    "nobody any more": ((sample(91, 600),), None),
}


@pytest.mark.parametrize(("samples", "covered"), COVER.values(), ids=COVER)
def test_how_much_of_a_window_was_seen(samples: tuple[Sample, ...], covered: float | None) -> None:
    found = Counted(samples, NOW).covered(600.0)
    assert found == (covered if covered is None else pytest.approx(covered, abs=0.01))


def test_what_several_counted_is_added_up_and_what_is_older_left_out() -> None:
    rows = [sample(5, 30, 3), sample(601, 30, 100), sample(0, 30, 2)]
    for windows in ((600.0, 900.0, 3.0), (900.0, 3.0, 600.0)):
        counted = Counted(rows, NOW)
        found = {window: counted.sums(window) for window in windows}
        for window, number, seconds in ((600.0, 5, 35.0), (900.0, 105, 65.0), (3.0, 2, 30.0)):
            assert found[window].times["tool"]["t"] == [number] * 16
            assert found[window].numbers["hang"]["t",] == number
            assert found[window].seconds == seconds


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_a_value_that_wavers_on_a_threshold_is_raised_once(figure: Figure) -> None:
    """To be asked of the threshold itself, and of what is just beyond it, in turns of a quarter of an hour."""
    beyond = figure.raise_at * (0.99 if figure.falls else 1.01) + (0.0 if figure.raise_at else 0.01)
    quarter = int(900 / EVERY_S)
    said = judge(([beyond] * quarter + [figure.raise_at] * quarter) * 8, figure, samples=500)

    assert said.strip("f").strip("r") == "", said
    assert said.endswith("r")


def test_callers_that_are_turned_away_now_and_then_are_one_page_that_ends_after_a_good_hour() -> None:
    account = next(one for one in FIGURES if one.name == "ended_account")
    hour = int(3_600 / EVERY_S)

    assert judge([0.1, *[0.0] * (hour - 1), 0.1, *[0.0] * hour], account, samples=50) == "r" * (2 * hour) + "f"


def test_an_age_of_days_is_told_in_hours_and_one_sample_is_one() -> None:
    age = next(one for one in FIGURES if one.name == "dead_letter_age")

    assert [amount(age, seconds) for seconds in (90.0, 3_600.0, 102_960.0)] == ["90 s", "60 min", "28.6 h"]
    assert [counted(number) for number in (0, 1, 2)] == ["0 samples", "1 sample", "2 samples"]
