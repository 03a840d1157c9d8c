"""Token counts and cost of an answer."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from watchbill.adapters.litellm.candidates import Candidate
from watchbill.adapters.litellm.connection import model_name
from watchbill.core.usage import Usage

_MILLION = Decimal(1_000_000)


def usage_of(
    litellm: Any, candidate: Candidate, prompt_tokens: int, completion_tokens: int
) -> tuple[Usage, bool]:
    """Usage of one answered call, and whether a price is known.

    The provider's own prices win, then LiteLLM's list; without either the cost is 0.
    """
    cost = _cost(litellm, candidate, prompt_tokens, completion_tokens)
    usage = Usage(
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        total_tokens=prompt_tokens + completion_tokens,
        cost_usd=cost or Decimal(0),
        llm_calls=1,
    )
    return usage, cost is not None


def _cost(litellm: Any, candidate: Candidate, prompt_tokens: int, completion_tokens: int) -> Decimal | None:
    own = candidate.provider.prices.get(candidate.model)
    if own is not None:
        return (own[0] * prompt_tokens + own[1] * completion_tokens) / _MILLION
    name = model_name(candidate.provider, candidate.model)
    known = litellm.model_cost.get(name) or litellm.model_cost.get(candidate.model)
    if not known or known.get("input_cost_per_token") is None:
        return None
    asked, said = litellm.cost_per_token(
        model=name, prompt_tokens=prompt_tokens, completion_tokens=completion_tokens
    )
    # Through text: the float's shortest form is the price as printed, not its binary neighbour.
    return Decimal(str(asked)) + Decimal(str(said))


def estimate_tokens(text: str) -> int:
    """Tokens of a text when the provider does not count: one for every four characters."""
    return (len(text) + 3) // 4
