"""Free-busy answers as servers really write them, and those of which nothing may be believed."""

import pytest

from app.adapters.caldav_freebusy import busy_of
from app.adapters.caldav_xml import UnreadableError

HOUR = 3600
MORNING = 1_893_456_000  # 2030-01-01T00:00:00Z


def answer(*lines: str, ending: str = "\r\n") -> bytes:
    whole = ["BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VFREEBUSY", *lines, "END:VFREEBUSY", "END:VCALENDAR", ""]
    return ending.join(whole).encode()


ONE_TO_TWO = "20300101T010000Z/20300101T020000Z"


@pytest.mark.parametrize(
    "line",
    [
        f"FREEBUSY:{ONE_TO_TWO}",
        f"FREEBUSY;FBTYPE=BUSY:{ONE_TO_TWO}",
        f"freebusy;fbtype=busy:{ONE_TO_TWO}",
        f"FREEBUSY;FBTYPE=BUSY-TENTATIVE:{ONE_TO_TWO}",
        f"FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:{ONE_TO_TWO}",
        f"FREEBUSY;FBTYPE=X-LUNCH:{ONE_TO_TWO}",
        f"FREEBUSY;X-WHY=FREE:{ONE_TO_TWO}",
        f'FREEBUSY;FBTYPE="BUSY":{ONE_TO_TWO}',
        "FREEBUSY:20300101T010000Z/PT1H",
        "FREEBUSY:20300101T010000Z/PT60M",
        "FREEBUSY:20300101T010000Z/P0DT0H59M60S",
        "FREEBUSY:20300101T01\r\n 0000Z/20300101T0200\r\n\t00Z",
        "FREE\r\n BUSY;FB\r\n TYPE=BUSY:20300101T010000Z/PT1H",
    ],
)
@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_an_hour_is_busy_however_it_is_written(line: str, ending: str) -> None:
    assert busy_of(answer(line.replace("\r\n", ending), ending=ending)) == [(MORNING + HOUR, MORNING + 2 * HOUR)]


@pytest.mark.parametrize("kind", ["FREE", "free", '"FREE"'])
def test_what_is_listed_as_free_is_free(kind: str) -> None:
    assert busy_of(answer(f"FREEBUSY;FBTYPE={kind}:{ONE_TO_TWO}")) == []


def test_several_periods_in_one_line_come_as_listed() -> None:
    found = busy_of(answer("FREEBUSY:20300101T050000Z/P1D,20300101T010000Z/PT1H", f"FREEBUSY:{ONE_TO_TWO}"))
    assert [(start - MORNING) // HOUR for start, _ in found] == [5, 1, 1]
    assert found[0][1] - found[0][0] == 24 * HOUR


def test_nothing_listed_is_all_free() -> None:
    assert busy_of(answer()) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Sorry</html>",
        b"\xff\xfe",
        b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n",
        answer()[:-20],
        answer("FREEBUSY"),
        answer("FREEBUSY:"),
        answer("FREEBUSYNESS:20300101T010000Z/PT1H"),
        answer("FREEBUSY:20300101T010000Z"),
        answer("FREEBUSY:20300101T010000/20300101T020000"),
        answer("FREEBUSY:20300101/20300102"),
        answer("FREEBUSY:20300101T020000Z/20300101T010000Z"),
        answer("FREEBUSY:20301301T020000Z/PT1H"),
        answer("FREEBUSY:20300101T020000Z/PT"),
        answer("FREEBUSY:20300101T020000Z/-PT1H"),
        answer("FREEBUSY:20300101T020000Z/an hour"),
        answer(f"FREEBUSY;FBTYPE=FREE:{ONE_TO_TWO},nonsense"),
        answer("FREEBUSY:" + ",".join([ONE_TO_TWO] * 20_001)),
    ],
)
def test_what_is_half_understood_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableError):
        busy_of(body)
