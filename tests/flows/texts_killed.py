"""A server that is killed again and again between a webhook and the delivered reply: every text answered, none twice.

`python -m tests.flows.texts_killed --kills 50` is the long trial; the suite plays a short one. With `--model` one is
asked while more texts are awaited.
"""

import argparse
import asyncio
import contextlib
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import httpx

from app.db.migrate import migrate
from app.db.schema import text_outbox, texts_in
from tests.fakes import crm
from tests.fakes.model_server import ModelServer, answering
from tests.fakes.twilio_server import FakeTwilio, signed_text
from tests.flows import books
from tests.flows.businesses import ACME_LINE, acme, written
from tests.flows.running import Process, environment
from tests.processes import TLS

SETTLED_WITHIN_S = 150.0
MODEL = replace(answering("ask_which_day"), wait_s=0.4)
KILLED_WITHIN_S = 2.5
"""Of a text, or of the moment a model is asked."""
ASKED_WITHIN_S = 2.0
"""Of a text, once what models need is loaded."""
MISHAPS = (crm.BROKEN_AFTERWARDS, crm.CUT_AFTERWARDS, crm.BROKEN, crm.TOO_MANY)


@dataclass
class Trial:
    """One server, one Twilio, and customers that each write once."""

    server: Process
    twilio: FakeTwilio
    url: str
    chance: random.Random
    model: ModelServer | None = None
    customers: list[str] = field(default_factory=list)
    refused: int = 0

    async def write(self) -> None:
        """A new customer texts; the webhook may meet a server that is dead, and Twilio does not try again."""
        customer = f"+1512{5_550_000 + len(self.customers):07d}"
        self.customers.append(customer)
        sid = f"SM{len(self.customers):031x}f"
        body = f"I live at {len(self.customers)} Elm, when can you come?"  # no two ask a model the same
        self.twilio.came_in(body, customer, ACME_LINE, sid)
        content, headers = signed_text(body, sid, customer, ACME_LINE)
        try:
            async with httpx.AsyncClient(verify=TLS, trust_env=False, timeout=10.0) as client:
                answer = await client.post(f"{self.server.url}/twilio/sms", content=content, headers=headers)
            assert answer.status_code == 200
        except httpx.HTTPError:
            self.refused += 1

    async def kill(self) -> None:
        """At a random moment after a webhook; then the server comes up again."""
        await self.write()
        while self.model and not await self._asked(self.model):
            await self.write()
        await asyncio.sleep(self.chance.uniform(0.0, KILLED_WITHIN_S))
        if self.chance.random() < 0.3:
            self.twilio.mishaps.append(self.chance.choice(MISHAPS))
        writing = asyncio.create_task(self.write())
        await asyncio.sleep(self.chance.uniform(0.0, 0.2))
        await asyncio.to_thread(self.server.kill)
        await writing
        await asyncio.to_thread(self.server.start)

    async def _asked(self, model: ModelServer) -> bool:
        with contextlib.suppress(TimeoutError):
            return bool(await model.wait_for(len(model.requests) + 1, ASKED_WITHIN_S))
        return False

    def unanswered(self) -> list[str]:
        """Customers who have no answer yet."""
        answered = {to for to, _ in self.twilio.sent}
        return [customer for customer in self.customers if customer not in answered]

    def doubled(self) -> list[tuple[str, int]]:
        """Customers who were sent more than the one text that answers theirs, and how many."""
        return [(to, times) for to, times in Counter(to for to, _ in self.twilio.sent).items() if times > 1]

    async def settled(self) -> None:
        """Wait until everybody has an answer and nothing is under way any more."""
        until = time.monotonic() + SETTLED_WITHIN_S
        while self.unanswered() or self.under_way():
            assert time.monotonic() < until, (self.unanswered(), self.under_way())
            await asyncio.sleep(0.2)

    def under_way(self) -> int:
        """Texts that wait for an answer, or are on their way out."""
        open_ones = text_outbox.c.state.in_(("pending", "sending", "unknown"))
        waiting = books.rows(self.url, texts_in, texts_in.c.state == "waiting")
        return len(waiting) + len(books.rows(self.url, text_outbox, open_ones))


async def trial(
    url: str, folder: Path, kills: int, told: Callable[[str], None] = lambda _: None, *, model: bool = False
) -> Trial:
    """Kill so often; comes back when everything has settled."""
    async with FakeTwilio() as twilio, ModelServer(always=MODEL) as answers:
        models = {"OPENAI_API_KEY": "sk-1", "OPENAI_BASE_URL": answers.openai_url} if model else {}
        variables = environment(url, written(folder, acme()), **twilio.variables, **models)
        with Process(variables, folder / "log") as server:
            made = Trial(server, twilio, url, random.Random(kills), answers if model else None)
            for number in range(kills):
                await made.kill()
                told(f"{number + 1} of {kills}, unanswered {len(made.unanswered())}, doubled {len(made.doubled())}")
            await made.settled()
            return made


def main() -> None:
    """The long trial, on SQLite, or on the database that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--model", action="store_true", help="with a model that is asked while texts are gathered")
    parser.add_argument("--database-url", help="an empty database; a new SQLite file without it")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = asked.database_url or f"sqlite:///{folder}/readback.db"
        migrate(url)
        say = partial(print, flush=True)
        made = asyncio.run(trial(url, Path(folder), asked.kills, say, model=asked.model))
        texts = f"{len(made.customers)} texts ({made.refused} not delivered by the webhook)"
        fates = f"unanswered {len(made.unanswered())}, answered twice {len(made.doubled())}"
        print(f"{asked.kills} kills, {texts}: {fates}")  # noqa: T201 - for who plays it by hand


if __name__ == "__main__":
    main()
