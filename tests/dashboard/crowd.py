"""Hundreds of businesses with a line each, and the weeks of counts that their baselines learn from."""

from sqlalchemy import Connection, text

from tests.flows.businesses import ALWAYS

WEEKS = """
INSERT INTO volume (business, line, channel, hour, count, quarter_1, quarter_2, quarter_3, quarter_4, last_at)
WITH RECURSIVE b (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM b WHERE n + 1 < :businesses),
h (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM h WHERE n < :hours)
SELECT 'b' || b.n, '+1512556' || (1000 + b.n), channel, :hour - h.n * 3600, 4, 1, 1, 1, 1, :hour - h.n * 3600 + 3599
FROM b, h, (SELECT 'call' AS channel UNION ALL SELECT 'text') AS c
WHERE h.n % 24 < 10 AND (channel = 'call' OR b.n < 10)
UNION ALL
SELECT '', '', 'look', :hour - h.n * 3600, 60, 15, 15, 15, 15, :hour - h.n * 3600 + 3599 FROM h
"""


def crowd(businesses: int) -> str:
    """Their file."""
    return "".join(_business(number) for number in range(businesses))


def weeks(connection: Connection, businesses: int, days: int, now: float) -> None:
    """Calls on every line and texts on ten of them, in ten hours of each day, and somebody who always looked."""
    given = {"businesses": businesses, "hours": days * 24, "hour": int(now) // 3_600 * 3_600}
    connection.execute(text(WEEKS), given)


def line(number: int) -> str:
    """The line of a business."""
    return f"+1512556{1000 + number}"


def _business(number: int) -> str:
    return f"""
[businesses.b{number}]
name = "Business {number}"
time_zone = "America/Chicago"
lines = ["{line(number)}"]
{ALWAYS}
services = [{{ id = "visit", name = "Visit", minutes = 60 }}]
technicians = [{{ id = "kim", name = "Kim", calendar = "embedded:kim{number}", services = ["visit"] }}]
"""
