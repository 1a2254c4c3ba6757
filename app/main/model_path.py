"""Everything between a text conversation and language models, from what the environment says of them."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from app import metrics
from app.adapters.breaker import Breaker
from app.adapters.model_prices import ModelPrices
from app.adapters.models import Access, ProviderModel, Providers, named
from app.booking.business import Businesses
from app.calls.model import Tool
from app.clock import Clock
from app.db.engine import Database
from app.errors import ConfigurationError
from app.inference.asking import INPUT, Asking
from app.inference.failing import Minding
from app.inference.fallback import Fallback
from app.inference.flag import Flags
from app.inference.grade import WITHIN_S, Grader
from app.inference.guard import EVERY_S, Guard, Limits
from app.inference.model import ModelName
from app.inference.records import REPLAY
from app.inference.spend import LOST_EVERY_S, Caps, Spend
from app.jobs.outbox import Handler
from app.jobs.timers import Timer
from app.review.reviews import DECIDED, DUE
from app.settings import Settings
from app.sms.agent import ModelConversation
from app.sms.overtaking import Overtaking
from app.sms.reviewed import Reviewed
from app.sms.talk import Ask
from app.sms.turn import Responder
from app.watch.alarms import Alarms


def accesses(settings: Settings) -> dict[str, Access]:
    """How each provider is reached."""
    return {
        "openai": Access("openai", settings.openai_api_key, settings.openai_base_url),
        "anthropic": Access("anthropic", settings.anthropic_api_key, settings.anthropic_base_url),
    }


def models(settings: Settings) -> list[ModelName]:
    """The models that are asked, in their order. Raises ConfigurationError."""
    return named(settings.models, accesses(settings))


def grader(settings: Settings) -> list[ModelName]:
    """The model that looks at replies before they are sent, if there is one. Raises ConfigurationError."""
    places = (settings.grader_model,) if settings.grader_model else ()
    return named(places, accesses(settings), "READBACK_GRADER_MODEL") if places else []


def check_models(settings: Settings, businesses: Businesses) -> None:
    """Every model named can be asked, and every cap has a business. Raises ConfigurationError."""
    models(settings)
    grader(settings)
    for business_id in settings.spend_caps:
        if business_id not in businesses.by_id:
            raise ConfigurationError(f'READBACK_SPEND_CAPS names "{business_id}", which is no business.')


class ModelPath:
    """The model path of one process. Without a model it is the guided conversation, and costs nothing."""

    def __init__(
        self, settings: Settings, businesses: Businesses, database: Database, alarms: Alarms, clock: Clock, ask: Ask
    ) -> None:
        self._ask = ask
        self.ask = Overtaking(ask, database, clock)
        """Carries out tool calls for who answers texts without a model."""
        self._businesses = businesses
        self._database = database
        self._clock = clock
        reached = accesses(settings)
        self._providers = Providers(reached)
        self._prices = ModelPrices()
        gates = {name: Breaker(clock, partial(metrics.set_breaker, f"model:{name}")) for name in reached}
        caps = Caps(settings.spend_cap_per_call_usd, settings.spend_cap_per_day_usd, settings.spend_caps)
        self._models = [ProviderModel(name, self._providers) for name in models(settings)]
        self._spend = Spend(database, self._prices, caps, clock, alarms)
        self.asking = Asking(
            Fallback(self._models, gates, Minding(alarms)),
            self._spend,
            businesses.by_id,
            database,
            clock,
            self._grader(settings, alarms),
            self.ready,
        )
        self._borne = Limits(usd=settings.model_guard_usd)
        self._loading: asyncio.Task[Any] | None = None

    def start(self) -> None:
        """Load what models need in the background, so that no customer waits for it."""
        if self.asking.possible:
            self.ready()

    def ready(self) -> bool:
        """Whether all that models need is loaded: what waited for that instead would be held against a provider."""
        if self._loading is None:
            self._loading = asyncio.create_task(self._load())
        return self._loading.done()

    async def aclose(self) -> None:
        """Close the connections."""
        await self.asking.aclose()
        await self._spend.aclose()
        await self._providers.aclose()
        if self._loading is not None:
            await asyncio.gather(self._loading, return_exceptions=True)

    async def _load(self) -> None:
        await self._providers.load()
        await asyncio.to_thread(self._prices.prepare)
        for model in self._models:
            await model.prepare()

    def responder(self, guided: Responder, tools: Sequence[Tool[Any]]) -> Responder:
        """Who answers texts: a model where there is one and it may, else `guided`."""
        if not self.asking.possible:
            return guided
        return ModelConversation(
            businesses=self._businesses,
            tools=tools,
            ask=self._ask,
            asking=self.asking,
            flags=Flags(self._database, self._clock),
            guided=guided,
            database=self._database,
            clock=self._clock,
        )

    def _grader(self, settings: Settings, alarms: Alarms) -> Grader | None:
        """With a gate of its own: a grader that fails keeps nobody from asking its provider for replies."""
        names = grader(settings)
        gates = {name.provider: Breaker(self._clock, partial(metrics.set_breaker, "model:grader")) for name in names}
        models = [ProviderModel(name, self._providers) for name in names]
        return Grader(Fallback(models, gates, within_s=WITHIN_S), alarms) if models else None

    def handlers(self) -> Mapping[str, Handler]:
        """Jobs of the model path: dead letters that are asked again, and what people decide."""
        reviewed = Reviewed(self._database, self._ask, self._clock)
        return {REPLAY: self.asking.again, INPUT: self.asking.again, DUE: reviewed.due, DECIDED: reviewed.decided}

    def timers(self) -> list[Timer]:
        """What one process at a time does again and again."""
        return [
            Timer("model_guard", EVERY_S, Guard(self._database, self._clock, self._borne).look),
            Timer("model_spend", LOST_EVERY_S, self._spend.settle_lost),
        ]
