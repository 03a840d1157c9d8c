"""Which providers may answer a call, in which order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.ports.llm import Provider


@dataclass(frozen=True, slots=True)
class Candidate:
    """A provider and the model to ask it for."""

    provider: Provider
    model: str


def candidates(
    providers: Sequence[Provider],
    model: str | None,
    provider_id: UUID | None,
    cooling: Callable[[UUID], bool] = lambda _: False,
) -> list[Candidate]:
    """The candidates in the order to try them: by priority, those that are cooling down last.

    A call that names its provider goes to that one only: its data are not sent elsewhere unasked. A provider
    that lists no models is asked for any model. Without a model each provider is asked for its first one.

    Raises:
        NodeError: of kind user: no provider, an unknown or inactive one, or none that offers the model.
    """
    if not providers:
        raise _user("no_provider", "There is no active LLM provider. Add one under Models, then run again.")
    if provider_id is not None:
        return [_named(providers, model, provider_id)]
    ordered = sorted(providers, key=lambda p: p.priority)
    if model is None:
        found = [Candidate(p, p.models[0]) for p in ordered if p.models]
        if not found:
            raise _user("no_model", "No active LLM provider lists a model. Add one to a provider's models.")
    else:
        found = [Candidate(p, model) for p in ordered if model in p.models]
        found = found or [Candidate(p, model) for p in ordered if not p.models]
    if not found:
        raise _user(
            "unknown_model",
            f"No active LLM provider offers the model '{model}'. Add it to a provider's models, or choose "
            f"one of: {', '.join(sorted({m for p in providers for m in p.models})[:20])}.",
        )
    return sorted(found, key=lambda candidate: cooling(candidate.provider.id))


def _named(providers: Sequence[Provider], model: str | None, provider_id: UUID) -> Candidate:
    provider = next((p for p in providers if p.id == provider_id), None)
    if provider is None:
        raise _user("unknown_provider", "The chosen LLM provider does not exist or is not active.")
    if model is None:
        if not provider.models:
            raise _user(
                "no_model", f"The LLM provider '{provider.name}' lists no model; name one in the node."
            )
        return Candidate(provider, provider.models[0])
    if provider.models and model not in provider.models:
        raise _user(
            "unknown_model",
            f"The LLM provider '{provider.name}' does not offer the model '{model}', only: "
            f"{', '.join(provider.models[:20])}.",
        )
    return Candidate(provider, model)


def _user(code: str, message: str) -> NodeError:
    return NodeError(ErrorKind.USER, message, code=code)
