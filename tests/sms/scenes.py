"""Where a customer stands when a text comes: nothing booked, offered times, asked for a name, one visit or two of them.

A row of a table is such a scene, what is texted then (turns between ` / `, texts of one turn between ` ++ `, `~1d` lets
time pass), the visits that stand afterwards, and words of the last answer.
"""

from datetime import datetime

from tests.booking.acme import CHICAGO
from tests.sms.conversing import Phone, phone

OFFERED = ("inspection tuesday",)
ASKED_NAME = ("inspection tuesday at 9",)
ASKED = (*ASKED_NAME, "Jane Roe")
ONE = (*ASKED, "yes")
INSPECTION_AND_TREATMENT = (*ONE, "book an ant treatment wednesday at 10", "yes")
TWO_INSPECTIONS = (*ONE, "book another inspection wednesday at 10", "yes")
ASKED_TO_CANCEL = (*ONE, "cancel my appointment")
NOTHING = ()
Row = tuple[tuple[str, ...], str, str, str]
UNITS = {"min": 60, "h": 3600, "d": 86_400}
TUE, WED = "inspection Tue 24 09:00", "inspection Wed 25 10:00"
TREATMENT = "treatment Wed 25 10:00"


async def standing(customer: Phone) -> str:
    """The visits that stand, in their order, with the name where it is not Jane Roe's."""
    rows = sorted(await customer.talking.house.rows(), key=lambda row: row.starts)
    return ", ".join(
        f"{row.service} {datetime.fromtimestamp(row.starts, CHICAGO):%a %-d %H:%M}"
        f"{'' if row.customer_name == 'Jane Roe' else f' for {row.customer_name}'}"
        for row in rows
        if row.status == "confirmed"
    )


async def played(customer: Phone, before: tuple[str, ...], texts: str) -> str:
    """Texted after what stood before; the last answer."""
    heard: tuple[str, ...] = ()
    for turn in (*before, *texts.split(" / ")):
        if turn.startswith("~"):
            number, unit = turn[1:].rstrip("minhd"), turn[1:].lstrip("0123456789")
            customer.clock.advance(int(number) * UNITS[unit])
        else:
            heard = await customer.send(*turn.split(" ++ "))
    return "\n".join(heard)


async def hold(url: str, row: Row, tasks: tuple[str, ...] = ()) -> None:
    """Play a row, and hold it to what it says."""
    before, texts, visits, said = row
    async with phone(url) as customer:
        heard = await played(customer, before, texts)
        assert (await standing(customer), tuple(await customer.tasks())) == (visits, tasks), heard
        assert said in heard
