"""A long text is read through a bounded number of times, whatever stands in it: other customers wait meanwhile."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.sms import words
from app.sms.dates_in_words import read_when
from app.sms.words import read
from tests.sms.conversing import phone
from tests.sms.scenes import ASKED, NOTHING, OFFERED, TWO_INSPECTIONS
from tests.sms.test_words import GROUND

LONG = 600
A_DAY = timedelta(days=1)
PUT_OFF = "book an ant treatment tomorrow at 10"
HOSTILE = tuple(
    (part * LONG)[:LONG]
    for part in (
        "move it to tuesday at 9 and ",
        "cancel my appointment and ",
        "book another one for my mother and also ",
        "move tuesday to wednesday and wednesday to thursday, ",
        "not the 24th but ",
        "yes and wednesday too and ",
        "1 and 2 or ",
        "yes\n",
        ", ",
    )
)
MOST_TIMES = 11
"""As often as a whole text is read in one turn, counting the parts that are read again."""


@pytest.fixture(name="read_through")
def _read_through(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    parts: list[str] = []
    one = words._read_through
    monkeypatch.setattr(words, "_read_through", lambda text, ground: (parts.append(text), one(text, ground))[1])
    return parts


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:20])
def test_it_is_read_again_only_a_few_times(text: str, read_through: list[str]) -> None:
    read([(text, 0)], replace(GROUND, _read={}, looked_at={}))
    assert sum(map(len, read_through)) <= 6 * LONG


@pytest.mark.parametrize("scene", [NOTHING, OFFERED, ASKED, TWO_INSPECTIONS], ids=lambda scene: str(len(scene)))
@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:20])
async def test_so_it_is_in_a_whole_turn(
    text: str, scene: tuple[str, ...], read_through: list[str], sqlite_url: str
) -> None:
    async with phone(sqlite_url) as customer:
        for before in scene:
            await customer.send(before)
        read_through.clear()
        await customer.send(text)
        assert sum(map(len, read_through)) <= MOST_TIMES * LONG


def test_nothing_is_read_twice_in_one_turn(read_through: list[str]) -> None:
    told = replace(GROUND, _read={}, looked_at={})
    for _ in range(2):
        read([("cancel tuesday and book wednesday at ten", 0)], told)
    assert read_through
    assert len(read_through) == len(set(read_through))


def test_what_was_said_yesterday_is_not_how_the_same_words_are_read_today() -> None:
    told = replace(GROUND, _read={}, looked_at={})
    yesterday = read([(PUT_OFF, 0)], told.as_on(told.today - A_DAY)).when
    assert yesterday.days == (told.today,)
    assert read([(PUT_OFF, 0)], told).when.days == (told.today + A_DAY,)


def test_a_second_wish_late_in_a_long_text_is_found() -> None:
    late = f"{'The dog is in the yard. ' * 12}Please cancel my tuesday visit and book wednesday at ten"
    assert read([(late, 0)], replace(GROUND, _read={}, looked_at={})).next is not None


def test_a_day_of_the_month_is_the_next_two_that_have_it() -> None:
    days = read_when("the 31st", GROUND.today, GROUND.last)[0].days
    assert [day.day for day in days] == [31] * len(days)
    assert days[0] > GROUND.today
