"""Calls that a model arranges: when somebody calls is what the customer's words say, and nobody in danger waits."""

from collections.abc import AsyncIterator

import pytest

from app.sms.phrases import IN_DANGER
from tests.booking.acme import acme
from tests.sms.modelled import Texting, call, texting

WEEKS_AWAY = "2026-12-15 10:00"


@pytest.fixture
async def sms(sqlite_url: str) -> AsyncIterator[Texting]:
    async with texting(sqlite_url, acme()) as opened:
        yield opened


@pytest.mark.parametrize(
    ("said", "wanted", "told"),
    [
        ("please call me", WEEKS_AWAY, "by 11:00 AM on Friday, November 20"),
        ("please call me on Monday at 3 pm", WEEKS_AWAY, "at 3:00 PM on Monday, November 23"),
        ("please call me on Monday at 3 pm", "", "at 3:00 PM on Monday, November 23"),
        ("llámeme monday morning por favor", "monday morning", "on Monday, November 23"),
        ("please call me monday at 3", WEEKS_AWAY, "at 3:00 PM on Monday, November 23"),
        ("I'd prefer a call on Tuesday at 3", "2026-11-24 15:00", "at 3:00 PM on Tuesday, November 24"),
        ("can your boss call me on the 24th around noon", "2026-11-24 12:00", "at 12:00 PM on Tuesday, November 24"),
        ("can your boss call me on the 24th around noon", WEEKS_AWAY, "by 11:00 AM on Friday, November 20"),
        ("Bitte rufen Sie mich am Montag um 15 Uhr an", "2026-11-23 15:00", "at 3:00 PM on Monday, November 23"),
        ("Bitte rufen Sie mich am Montag um 15 Uhr an", "2026-12-14 15:00", "at 3:00 PM on Monday, November 23"),
        ("Können Sie mich am Montag anrufen?", "monday", "on Monday, November 23"),
        ("Können Sie mich am Montag anrufen?", "", "on Monday, November 23"),
        ("Guten Morgen, bitte am 24. vormittags zurückrufen. Anna Freitag", "", "on Tuesday, November 24"),
        ("Rappelez-moi mardi matin svp", "mardi matin", "on Tuesday, November 24"),
        ("Pueden llamarme el lunes a las 3?", "", "at 3:00 PM on Monday, November 23"),
        ("por favor llámeme la próxima semana", "", "on Monday, November 23"),
        ("can you call me next week", "next week", "on Monday, November 23"),
        ("call me Monday or Tuesday", "", "on Monday, November 23"),
        ("I want a visit next week, please call me", "", "by 11:00 AM on Friday, November 20"),
        ("Rufen Sie mich Montag nicht an", "", "by 11:00 AM on Friday, November 20"),
        (
            "Pouvez-vous m'appeler le 24 à 15h s'il vous plaît, merci, je vous attends",
            "2026-11-24 15:00",
            "at 3:00 PM on Tuesday, November 24",
        ),
        ("please call me, I have 3 dogs", "2026-11-24 15:00", "by 11:00 AM on Friday, November 20"),
        ("I smell gas, somebody call me on Monday", "monday", "by 11:00 AM on Friday, November 20"),
    ],
)
async def test_a_call_is_promised_for_when_the_customer_wants_it(
    sms: Texting, said: str, wanted: str, told: str
) -> None:
    (heard,) = await sms.text(said, model=[call("request_callback", reason="call", when=wanted)])
    assert told in heard


async def test_who_may_be_in_danger_is_told_whom_to_call_first(sms: Texting) -> None:
    (heard,) = await sms.text("I smell gas, call me now", model=[call("request_callback", reason="gas")])
    assert heard.startswith(IN_DANGER)
