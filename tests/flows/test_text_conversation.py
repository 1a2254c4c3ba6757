"""A whole text conversation through a server: webhook in, replies out by REST, and an appointment on the calendar."""

from pathlib import Path

from tests.fakes.twilio_server import FakeTwilio
from tests.flows import books
from tests.flows.businesses import acme, written
from tests.flows.running import environment, serving
from tests.flows.test_texting import texted, until


async def test_an_appointment_is_booked_and_cancelled_by_text(sqlite_url: str, tmp_path: Path) -> None:
    async with FakeTwilio() as twilio:
        variables = environment(sqlite_url, written(tmp_path, acme()), **twilio.variables)
        async with serving(variables) as server:

            async def says(body: str, words: str) -> None:
                before = len(twilio.sent)
                assert (await texted(server, body, f"SM{before:02}")).status_code == 200
                await until(lambda: len(twilio.sent) > before)
                assert words in " ".join(reply for _, reply in twilio.sent[before:])

            await says("Hi, I need an inspection, as soon as possible", "Reply 1")
            await says("1", "What is your full name?")
            await says("Jane Roe", "for Jane Roe. Reply YES")
            await says("yes", "Booked: ")
            assert [row["status"] for row in books.booked(sqlite_url)] == ["confirmed"]
            await says("cancel my appointment", "Reply YES to cancel it")
            await says("yes", "Cancelled: ")
    assert await books.unsound(sqlite_url) == []
