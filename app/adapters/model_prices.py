"""What models cost, from genai-prices' own table. It is part of the package: nothing is fetched."""

import contextlib
import importlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from app import log
from app.inference.model import ModelName, Usage
from app.inference.spend import NoPricesError

PROVIDERS: Final = ("openai", "anthropic")
MOST_UNKNOWN: Final = 100
SAMPLE: Final = 1_000
"""Tokens for which the dearest price is taken."""

_log = log.get(__name__)


def _table() -> Any:
    return importlib.import_module("genai_prices")


class ModelPrices:
    """A price table: `inference.spend.Prices`. `load` gives the library; it takes most of a second of work."""

    def __init__(self, load: Callable[[], Any] = _table) -> None:
        self._load = load
        self._library: Any = None
        self._dearest: tuple[Decimal, Decimal] = (Decimal(0), Decimal(0))
        self._unknown: set[str] = set()

    def cost(self, model: ModelName, usage: Usage) -> Decimal:
        """US dollars. Raises `NoPricesError`."""
        library = self._ready()
        asked = library.Usage(input_tokens=usage.input_tokens, output_tokens=usage.output_tokens)
        try:
            known: Decimal = library.calc_price(asked, model.model, provider_id=model.provider).total_price
        except LookupError:
            self._note(model)
            each_in, each_out = self._dearest
            return each_in * usage.input_tokens + each_out * usage.output_tokens
        return known

    def prepare(self) -> None:
        """Load the table, or leave that to whoever wants a price first and is told what is wrong."""
        with contextlib.suppress(NoPricesError):
            self._ready()

    def _ready(self) -> Any:
        if self._library is None:
            try:
                library = self._load()
                self._dearest = _dearest(library)
            except Exception as error:  # noqa: BLE001 - whatever the table lacks, nobody knows a price then
                raise NoPricesError(f"no price table: {type(error).__name__}") from None
            if not all(self._dearest):
                raise NoPricesError("the price table is empty")
            self._library = library
        return self._library

    def _note(self, model: ModelName) -> None:
        if model.text not in self._unknown and len(self._unknown) < MOST_UNKNOWN:
            self._unknown.add(model.text)
            _log.warning("model without a price: counted as the dearest", model=model.text)


def _dearest(library: Any) -> tuple[Decimal, Decimal]:
    """The highest price of one input token and of one output token there is."""
    providers = importlib.import_module(f"{library.__name__}.data_snapshot").get_snapshot().providers
    each_in = each_out = Decimal(0)
    for provider in providers:
        for model in provider.models if provider.id in PROVIDERS else ():
            asked = library.Usage(input_tokens=SAMPLE, output_tokens=SAMPLE)
            price = model.calc_price(asked, provider, genai_request_timestamp=None)
            each_in = max(each_in, price.input_price / SAMPLE)
            each_out = max(each_out, price.output_price / SAMPLE)
    return each_in, each_out
