"""When a limit will be reached, and whether a person has to know: pure, on a few points."""

import pytest

from app.watch.limits import CONFIRMED_FOR_S, Confirmed, Forecast, Kind, Limit, Point, Source, forecast, near, wrong
from app.watch.limits import reached_at as foretold

NOW = 1_700_000_000.0
HOUR = 3_600.0


def limit(**other: object) -> Limit:
    given = {"name": "n", "bounds": "b", "unit": "calls", "value": 100.0, "source": Source.DEFAULT, "where": "w"}
    return Limit(**{**given, "owner": "o", "how": "h", **other})  # type: ignore[arg-type]


def points(*used: float, apart: float = HOUR) -> list[Point]:
    return [Point(NOW - apart * (len(used) - 1 - place), value) for place, value in enumerate(used)]


@pytest.mark.parametrize(
    ("used", "hours"),
    [
        ((10, 20, 30, 40), 6),
        ((10, 19, 31, 40), 5.94),
        ((40, 40, 40, 40), None),
        ((40, 30, 20, 15), None),
        ((10, 20, 30), None),
        ((40, 41, 40, 42), None),
        ((), None),
        ((90, 95, 3, 10, 20, 30), 7.7),
        ((10, 20, 30, 100), 0),
        ((70, 120), 0),
    ],
)
def test_a_limit_is_reached_when_use_goes_on_as_it_did(used: tuple[float, ...], hours: float | None) -> None:
    at = foretold(points(*used), 100.0, NOW)

    assert at is None if hours is None else at == pytest.approx(NOW + hours * HOUR, abs=0.2 * HOUR)


def test_points_of_one_moment_foretell_nothing() -> None:
    assert foretold([Point(NOW, 40), Point(NOW, 50), Point(NOW, 60), Point(NOW, 70)], 100.0, NOW) is None


def test_what_begins_anew_before_it_is_reached_is_never_reached() -> None:
    used = points(10, 20, 30, 40)

    assert forecast(Kind.STOCK, 100.0, used, NOW, None).reached_at == pytest.approx(NOW + 6 * HOUR)
    assert forecast(Kind.STOCK, 100.0, used, NOW, NOW + 7 * HOUR).reached_at == pytest.approx(NOW + 6 * HOUR)
    assert forecast(Kind.STOCK, 100.0, used, NOW, NOW + 5 * HOUR).reached_at is None


def test_what_goes_up_and_down_all_the_time_is_foretold_only_when_it_is_well_used_and_soon() -> None:
    rising = points(40, 45, 50, 55, 60, apart=300)

    assert forecast(Kind.BUSY, 100.0, rising, NOW, None).reached_at == pytest.approx(NOW + 2_400)
    assert forecast(Kind.BUSY, 100.0, rising[:-1], NOW, None).reached_at is None
    assert not near(limit(), Forecast(60, 0.6, NOW + 2 * HOUR), NOW, up=False)


def test_what_is_hardly_used_is_not_foretold() -> None:
    assert forecast(Kind.STOCK, 1_000.0, points(10, 20, 30, 40), NOW, None) == Forecast(40, 0.04, None)
    assert forecast(Kind.STOCK, 0.0, points(1), NOW, None).share == 1.0


@pytest.mark.parametrize(
    ("share", "reached_in", "up", "told"),
    [
        (0.79, None, False, False),
        (0.80, None, False, True),
        (0.75, None, True, True),
        (0.69, None, True, False),
        (0.40, 23, False, True),
        (0.40, 30, False, False),
        (0.40, 30, True, True),
        (0.40, 40, True, False),
    ],
)
def test_a_person_is_told_early_and_not_at_every_turn(
    share: float, reached_in: float | None, up: bool, told: bool
) -> None:
    at = None if reached_in is None else NOW + reached_in * HOUR

    assert near(limit(kind=Kind.DAILY), Forecast(share * 100, share, at), NOW, up=up) is told


@pytest.mark.parametrize(("share", "told"), [(0.5, True), (0.79, True), (0.81, False), (1.0, False)])
def test_a_cap_that_pages_by_itself_at_eighty_percent_is_told_here_only_before(share: float, told: bool) -> None:
    cap = limit(kind=Kind.DAILY, told_elsewhere=True)

    assert near(cap, Forecast(share * 100, share, NOW + HOUR), NOW, up=False) is told
    assert near(cap, Forecast(share * 100, share, NOW + HOUR), NOW, up=True) is told


@pytest.mark.parametrize(
    ("entered", "said"),
    [
        (None, "not confirmed"),
        (Confirmed("20 s", "Ann", NOW - CONFIRMED_FOR_S - 1), "confirmed more than 90 days ago"),
        (Confirmed("5 s", "Ann", NOW), "too low: this installation needs at least 6 calls"),
        (Confirmed("plenty", "Ann", NOW), "plenty cannot be read as a number of calls"),
        (Confirmed("unlimited", "Ann", NOW), ""),
        (Confirmed("6.5", "Ann", NOW - CONFIRMED_FOR_S + 1), ""),
    ],
)
def test_what_a_person_read_is_held_against_what_is_needed(entered: Confirmed | None, said: str) -> None:
    assert wrong(limit(source=Source.PANEL, at_least=6.0), entered, NOW) == said
    assert wrong(limit(source=Source.DEFAULT, at_least=6.0), entered, NOW) == ""


def test_what_nobody_can_have_is_not_taken_from_those_who_entered_it_before() -> None:
    panel = limit(source=Source.PANEL, at_most=1_000.0)

    assert wrong(panel, Confirmed("0", "Ann", NOW), NOW) == "0 is no number of calls that it can be"
    assert wrong(panel, Confirmed("1001", "Ann", NOW), NOW) == "1001 is no number of calls that it can be"
    assert wrong(panel, Confirmed("1000", "Ann", NOW), NOW) == ""
    never_endless = limit(source=Source.PANEL, endless=False)
    assert (
        wrong(never_endless, Confirmed("unlimited", "Ann", NOW), NOW)
        == "unlimited is no number of calls that it can be"
    )


def test_what_nobody_enters_says_itself_what_it_lacks() -> None:
    assert wrong(limit(lacking="nobody is told"), None, NOW) == "nobody is told"
