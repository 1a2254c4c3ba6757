"""Prices of models: the table's own, the dearest for who is not in it, none at all without a table."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from app.adapters.model_prices import ModelPrices
from app.inference.model import ModelName, Usage
from app.inference.spend import NoPricesError

MILLION = Usage(1_000_000, 1_000_000)


def test_a_known_model_costs_what_the_table_says() -> None:
    prices = ModelPrices()
    assert prices.cost(ModelName("openai", "gpt-4o-mini"), Usage(1_000_000, 0)) == Decimal("0.15")
    assert prices.cost(ModelName("anthropic", "claude-haiku-4-5"), Usage(1_000, 100)) == Decimal("0.0015")


def test_an_unknown_model_costs_as_much_as_the_dearest() -> None:
    prices = ModelPrices()
    unknown = prices.cost(ModelName("openai", "of-our-own"), MILLION)
    known = [prices.cost(ModelName("openai", name), MILLION) for name in ("o1-pro", "gpt-4", "gpt-5-mini")]
    known.append(prices.cost(ModelName("anthropic", "claude-opus-4-1"), MILLION))
    assert unknown >= max(known)


def missing() -> Any:
    raise ImportError("genai_prices")


@pytest.mark.parametrize("load", [missing, lambda: SimpleNamespace(__name__="json"), lambda: None])
def test_without_a_table_nobody_says_a_price(load: Any) -> None:
    with pytest.raises(NoPricesError):
        ModelPrices(load).cost(ModelName("openai", "gpt-5-mini"), MILLION)
