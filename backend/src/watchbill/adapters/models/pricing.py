"""Token counts and cost of an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from watchbill.adapters.models.connection import model_name
from watchbill.adapters.openai_chat import Reading
from watchbill.core.candidates import Candidate
from watchbill.core.usage import Usage

_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Counts:
    """Tokens of a question and its answer. `cached` and `cache_written` are parts of `prompt`, `reasoning` is
    one of `completion`."""

    prompt: int
    completion: int
    cached: int = 0
    cache_written: int = 0
    reasoning: int = 0


def estimated(reading: Reading, messages: Sequence[Mapping[str, Any]]) -> Counts:
    """The counts that the provider gave, each that is missing estimated from the text."""
    prompt, completion = reading.prompt_tokens, reading.completion_tokens
    if prompt is None:
        prompt = estimate_tokens("".join(str(message.get("content") or "") for message in messages))
    if completion is None:
        completion = (reading.size + 3) // 4
    cached = min(reading.cached_tokens, prompt)
    return Counts(
        prompt,
        completion,
        cached,
        min(reading.cache_written_tokens, prompt - cached),
        min(reading.reasoning_tokens, completion),
    )


def usage_of(litellm: Any, candidate: Candidate, counts: Counts) -> tuple[Usage, bool]:
    """Usage of one answered call, and whether a price is known.

    The provider's own prices win, then LiteLLM's list; without either the cost is 0. Tokens that came from
    the provider's cache cost what it asks for those, where that is known.
    """
    cost = _cost(litellm, candidate, counts)
    usage = Usage(
        prompt_tokens=counts.prompt,
        completion_tokens=counts.completion,
        total_tokens=counts.prompt + counts.completion,
        cached_tokens=counts.cached,
        reasoning_tokens=counts.reasoning,
        cost_usd=cost or Decimal(0),
        llm_calls=1,
    )
    return usage, cost is not None


def _cost(litellm: Any, candidate: Candidate, counts: Counts) -> Decimal | None:
    own = candidate.provider.prices.get(candidate.model)
    if own is not None:
        cached = own[2] if len(own) == 3 else own[0]
        asked = own[0] * (counts.prompt - counts.cached) + cached * counts.cached
        return (asked + own[1] * counts.completion) / _MILLION
    name = model_name(candidate.provider, candidate.model)
    known = litellm.model_cost.get(name) or litellm.model_cost.get(candidate.model)
    if not known or known.get("input_cost_per_token") is None:
        return None
    asked, said = litellm.cost_per_token(
        model=name,
        prompt_tokens=counts.prompt,
        completion_tokens=counts.completion,
        cache_read_input_tokens=counts.cached,
        cache_creation_input_tokens=counts.cache_written,
    )
    # Through text: the float's shortest form is the price as printed, not its binary neighbour.
    return Decimal(str(asked)) + Decimal(str(said))


def estimate_tokens(text: str) -> int:
    """Tokens of a text when the provider does not count: one for every four characters."""
    return (len(text) + 3) // 4
