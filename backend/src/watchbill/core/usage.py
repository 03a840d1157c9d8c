"""Token counts and cost of model calls."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer

# Money stays decimal inside and is a JSON number outside; nano-dollars are exact in both for any real bill.
Dollars = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]


class Usage(BaseModel):
    """What model calls used: counts of tokens and of answered calls, and the cost in US dollars.

    Cached tokens are part of the prompt's and cost less; reasoning tokens are part of the completion's.
    """

    model_config = ConfigDict(frozen=True)

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: Dollars = Decimal(0)
    llm_calls: int = 0

    def __add__(self, other: Usage) -> Usage:
        if (
            not any((other.llm_calls, other.prompt_tokens, other.completion_tokens, other.total_tokens))
            and not other.cost_usd
        ):
            # Most nodes call no model, and there are many of them.
            return self
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            total_tokens=self.total_tokens + other.total_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
            cost_usd=self.cost_usd + other.cost_usd,
            llm_calls=self.llm_calls + other.llm_calls,
        )


# What most nodes use. It cannot change, so thousands of them share one.
NO_USAGE = Usage()
