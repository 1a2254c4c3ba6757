"""The model path as the environment describes it, over real sockets: both providers, and none that answers."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from sqlalchemy import select

from app.adapters.models import Providers
from app.booking.business import Business, Businesses
from app.db.schema import model_spend
from app.errors import ConfigurationError
from app.inference.grade import WITHIN_S
from app.inference.output import Saying
from app.main.model_path import ModelPath, check_models
from app.settings import load
from app.sms.guided import GuidedConversation
from app.sms.sayings import ENGLISH
from tests.booking.acme import CALLER, acme
from tests.fakes.alarms import FakeAlarms
from tests.fakes.databases import soon
from tests.fakes.model_server import ModelServer, Say, answering
from tests.fakes.recording_server import Fault
from tests.processes import ROOT
from tests.sms.modelled import Texting, texting
from tools import tools

DOCUMENTS = ROOT / "infra" / "businesses" / "documents" / "acme"
OFFER = "Tue Nov 24: 1) 8:00 AM Dana 2) 8:30 AM Dana 3) 9:00 AM Dana. Reply 1 to 3, or another day."
HOUSE = Businesses({"acme": acme()})


@asynccontextmanager
async def over(
    url: str, environ: dict[str, str], business: Business | None = None, alarms: Any = None
) -> AsyncIterator[tuple[Texting, ModelPath]]:
    async with texting(url, business) as sms:
        alarms = alarms or FakeAlarms()
        businesses = Businesses(sms.house.businesses)
        path = ModelPath(load(environ), businesses, sms.house.database, alarms, sms.house.clock, sms.ask)
        path.start()
        if path._loading is not None:
            await path._loading
        handover: Any = None
        responder: Any = path.responder(GuidedConversation(businesses, sms.ask), tools(sms.house.front, handover))
        sms.conversation = responder
        yield sms, path
        await path.aclose()


def openai(server: ModelServer) -> dict[str, str]:
    return {"OPENAI_API_KEY": "sk-1", "OPENAI_BASE_URL": server.openai_url}


def anthropic(server: ModelServer) -> dict[str, str]:
    return {"ANTHROPIC_API_KEY": "sk-2", "ANTHROPIC_BASE_URL": server.anthropic_url}


async def test_a_provider_that_refuses_the_key_is_told_at_its_first_answer(sqlite_url: str) -> None:
    alarms, answer = FakeAlarms(), list[Say | Fault]([Fault(401)])
    async with (
        ModelServer(always=lambda _: answer[-1]) as server,
        over(sqlite_url, openai(server), alarms=alarms) as (sms, _),
    ):
        await sms.text("Inspection on Tuesday?", keep=False)
        assert alarms.ringing() == {("model_fails", "openai:gpt-5-mini")}
        answer.append(answering("ask_which_day"))
        await sms.text("Hello?")
        assert not alarms.ringing()


@pytest.mark.parametrize("provider", [openai, anthropic])
async def test_a_booking_by_text_over_either_provider(
    sqlite_url: str, provider: Callable[[ModelServer], dict[str, str]]
) -> None:
    look = Say(calls=[("check_availability", {"service": "inspection", "date": "2026-11-24"})])
    given = {"slot_id": "s2", "customer_name": "Ann Lee", "confidence": 0.9, "rests_on": ["the second"]}
    script = [look, answering("ask_which_time"), Say(calls=[("book_appointment", given)])]
    async with ModelServer(*script) as server, over(sqlite_url, provider(server)) as (sms, _):
        assert await sms.text("Inspection on Tuesday?") == [OFFER]
        said = await sms.text("the second. Ann Lee")
        row = await sms.house.row()

        assert (row.status, row.caller, row.customer_name) == ("confirmed", CALLER, "Ann Lee")
        assert " ".join(row.reference) in said[0]
        sent = [str(request.json) for request in server.requests]
        assert len(sent) == 3
        assert "'s2'" in sent[1] or '"s2"' in sent[1], "the model sees short names"
        assert not [body for body in sent if CALLER in body]


@pytest.mark.parametrize("fault", [Fault(500), Fault(429), Say(wait_s=60.0)], ids=["500", "429", "slow"])
async def test_with_every_provider_down_the_guided_conversation_answers_within_three_seconds(
    sqlite_url: str, fault: Any
) -> None:
    async with (
        ModelServer(always=fault) as one,
        ModelServer(always=fault) as two,
        over(sqlite_url, openai(one) | anthropic(two)) as (sms, _),
    ):
        took = []
        for _ in range(3):  # the best of a few, for a machine that has other things to do
            sms.state = {}
            started = time.monotonic()
            (said,) = await sms.text("Hello there")
            assert "Home inspection" in said, "the guided conversation's own greeting"
            took.append(time.monotonic() - started)
            if took[-1] < 3.0:
                break
        assert min(took) < 3.0


async def test_texts_that_come_before_models_are_loaded_cost_nothing_and_are_held_against_nobody(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = asyncio.Event()

    async def slowly(_: Any) -> None:
        await loaded.wait()

    monkeypatch.setattr(Providers, "load", slowly)
    monkeypatch.setattr(Providers, "made", slowly)
    async with ModelServer() as server, texting(sqlite_url) as sms:
        alarms: Any = FakeAlarms()
        house, used = Businesses(sms.house.businesses), tools(sms.house.front, cast("Any", None))
        path = ModelPath(load(openai(server)), house, sms.house.database, alarms, sms.house.clock, sms.ask)
        sms.conversation = cast("Any", path.responder(GuidedConversation(house, sms.ask), used))
        path.start()
        started = time.monotonic()
        for _ in range(6):
            sms.state = {}
            assert "Home inspection" in (await sms.text("Hello there"))[0]
        assert time.monotonic() - started < 3.0, "nobody waits for it"
        assert await sms.house.database.read(lambda c: c.execute(select(model_spend)).fetchall()) == []
        assert server.requests == []

        loaded.set()
        await soon(path.ready)
        await path.aclose()


async def test_a_booking_begun_by_a_model_goes_on_without_one(sqlite_url: str) -> None:
    begun = ModelServer(answering("ask_which_day"), always=Fault(500))
    async with begun as server, over(sqlite_url, openai(server)) as (sms, _):
        assert await sms.text("Inspection please") == ["Which day suits you?"]
        for text in ("home inspection tuesday", "1", "Ann Lee", "yes"):
            said = await sms.text(text)
        row = await sms.house.row()
        assert (row.status, row.caller) == ("confirmed", CALLER), said
        assert len(server.requests) <= 1 + 3, "a guided conversation that was begun is gone on with"


async def test_what_two_customers_ask_alike_is_asked_once_and_looked_up_for_each(sqlite_url: str) -> None:
    question = "How much is an inspection?"
    looks = Say(calls=[("answer_question", {"question": question})])
    house = acme(documents=DOCUMENTS)
    async with ModelServer(looks) as server, over(sqlite_url, openai(server), house) as (sms, _):
        for customer, seconds in ((CALLER, 0), ("+15125550777", 200)):
            sms.customer, sms.state = customer, {}
            sms.house.clock.advance(seconds)  # type: ignore[attr-defined]  # the tests' own clock
            assert await sms.text(question) == ["A home inspection costs $89."]
            assert len(server.requests) == 1
        assert sms.tools() == ["answer_question"] * 2, "by each customer's own conversation"


@pytest.mark.parametrize(
    ("look", "said"),
    [
        (Say(answer={"verdict": "fits"}), ENGLISH[Saying.CAN_DO]),
        (Say(answer={"verdict": "out_of_scope"}), ENGLISH[Saying.NOT_HERE]),
        (Say(answer={"verdict": "unsafe"}), "Home inspection"),
        (Say(text="Ignore that."), ENGLISH[Saying.CAN_DO]),
        (Fault(500), ENGLISH[Saying.CAN_DO]),
        (Say(wait_s=60.0), ENGLISH[Saying.CAN_DO]),
    ],
    ids=["fits", "out of scope", "unsafe", "no verdict", "down", "slow"],
)
async def test_a_reply_is_looked_at_by_a_second_model(sqlite_url: str, look: Any, said: str) -> None:
    poem = answering("what_can_be_done_here")
    async with ModelServer(always=poem) as replies, ModelServer(always=look) as looks:
        environ = {"READBACK_MODELS": "openai:big", "READBACK_GRADER_MODEL": "anthropic:tiny"}
        async with over(sqlite_url, environ | openai(replies) | anthropic(looks)) as (sms, _):
            started = time.monotonic()
            (told,) = await sms.text("Write me a poem")
            assert said in told
            assert time.monotonic() - started < 10 * WITHIN_S, "whatever the grader does"
            assert len(replies.requests) == 1
            sent = looks.requests[0].json
            assert sent["model"] == "tiny"
            assert [tool["description"] for tool in sent["tools"]] == ["Hand in your verdict on the reply."]
            assert sms.state["guided" if said == "Home inspection" else "memory"], "goes on from what was said"


async def test_without_a_model_there_is_only_the_guided_conversation(sqlite_url: str) -> None:
    async with over(sqlite_url, {}) as (sms, path):
        assert isinstance(sms.conversation, GuidedConversation)
        assert set(path.handlers()) == {"inference", "model_input", "review_due", "review_decided"}
        assert [timer.name for timer in path.timers()] == ["model_guard", "model_spend"]


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"READBACK_MODELS": "gpt-5-mini", "OPENAI_API_KEY": "k"}, "READBACK_MODELS has the place"),
        ({"READBACK_MODELS": "openai:gpt-5-mini"}, "neither OPENAI_API_KEY nor OPENAI_BASE_URL"),
        ({"READBACK_GRADER_MODEL": "tiny", "OPENAI_API_KEY": "k"}, "READBACK_GRADER_MODEL has the place"),
        ({"READBACK_GRADER_MODEL": "openai:tiny"}, "READBACK_GRADER_MODEL names openai:tiny, and neither OPENAI_API"),
        ({"READBACK_SPEND_CAPS": "zenith=1"}, 'READBACK_SPEND_CAPS names "zenith"'),
    ],
)
def test_what_is_wrong_is_one_sentence(environ: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        check_models(load(environ), HOUSE)


def test_nothing_named_and_everything_right_is_fine() -> None:
    check_models(load({}), HOUSE)
    check_models(load({"READBACK_MODELS": "openai:a,openai:b", "OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}), HOUSE)
