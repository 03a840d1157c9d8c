"""Turns what LiteLLM raises into a NodeError whose message a user can act on, never with a key in it."""

from __future__ import annotations

import re
from typing import Any

from watchbill.adapters.litellm.candidates import Candidate
from watchbill.adapters.litellm.clients import RedirectRefused
from watchbill.adapters.litellm.connection import secrets
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.kit.outbound import RefusedConnection

# Codes after which another provider may well answer.
FAILOVER_CODES = frozenset({"rate_limited", "provider_unavailable", "provider_unreachable", "llm_timeout"})
_MOST_DETAIL = 300
_KEY_LIKE = re.compile(r"\b(?:sk|pk|key|rk)-[\w*-]{4,}|\bAIza[\w-]{10,}|Bearer\s+\S+", re.IGNORECASE)
_NO_CONNECTION = re.compile(r"Connection error|APIConnectionError")
_TOO_LONG = re.compile(r"context.(?:length|window|size)|maximum.{0,20}tokens|too many tokens", re.IGNORECASE)
_PREAMBLE = re.compile(r"^(?:(?:litellm\.)?\w+(?:Error|Exception|Timeout)\s*[:-]\s*)+")


def node_error(litellm: Any, error: Exception, candidate: Candidate) -> NodeError:
    """The NodeError for anything an LLM call raised."""
    if refused := _refused_connection(error):
        detail = f"The base URL of the LLM provider '{candidate.provider.name}' may not be reached: {refused}"
        return NodeError(ErrorKind.USER, detail, code="provider_address_refused")
    if isinstance(error, RedirectRefused):
        detail = (
            f"The LLM provider '{candidate.provider.name}' answers with a redirect, which model calls do not"
            f" follow: {error}. Enter the address that answers itself as the base URL, under Models."
        )
        return NodeError(ErrorKind.USER, detail, code="provider_redirects")
    kind, code, sentence = _classify(litellm, error)
    provider = candidate.provider
    said = _detail(error, secrets(provider))
    message = sentence.format(provider=provider.name, model=candidate.model)
    return NodeError(kind, f"{message} It said: {said}" if said else message, code=code)


def _refused_connection(error: BaseException | None) -> RefusedConnection | None:
    """The guard's refusal, wherever in the chain of causes it stands."""
    while error is not None:
        for candidate in (error, getattr(error, "os_error", None)):
            if isinstance(candidate, RefusedConnection):
                return candidate
        error = error.__cause__ or error.__context__
    return None


def retry_after(error: Exception, default: float = 15.0) -> float:
    """Seconds the provider asks us to stay away, between 1 and 300."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    given = headers.get("retry-after") or (getattr(error, "litellm_response_headers", None) or {}).get(
        "retry-after"
    )
    if given is None:
        return default
    try:
        return min(300.0, max(1.0, float(given)))
    except ValueError:
        return default


def too_late(candidate: Candidate, seconds: float, *, stalled: bool) -> NodeError:
    """The error of a call that took too long, or whose answer stopped coming."""
    name = candidate.provider.name
    if stalled:
        detail = f"The LLM provider '{name}' stopped in the middle of its answer."
        return NodeError(ErrorKind.TIMEOUT, detail, code="llm_stalled")
    detail = f"The LLM provider '{name}' did not finish its answer within {seconds:g} s."
    return NodeError(ErrorKind.TIMEOUT, detail, code="llm_timeout")


def broken(candidate: Candidate, failure: NodeError) -> NodeError:
    """The error of an answer that broke off."""
    detail = (
        f"The connection to the LLM provider '{candidate.provider.name}' broke in the middle of the answer."
    )
    return NodeError(ErrorKind.UPSTREAM, f"{detail} ({failure.detail})", code="stream_broken")


def _classify(litellm: Any, error: Exception) -> tuple[ErrorKind, str, str]:
    user, upstream = ErrorKind.USER, ErrorKind.UPSTREAM
    by_type: tuple[tuple[Any, tuple[ErrorKind, str, str]], ...] = (
        (litellm.Timeout, (ErrorKind.TIMEOUT, "llm_timeout", "The LLM provider '{provider}' took too long.")),
        (
            litellm.ContextWindowExceededError,
            (user, "context_too_long", "The text is too long for the model '{model}'."),
        ),
        (
            litellm.ContentPolicyViolationError,
            (user, "refused", "The LLM provider '{provider}' refused the content."),
        ),
        (
            litellm.APIConnectionError,
            (upstream, "provider_unreachable", "The LLM provider '{provider}' cannot be reached."),
        ),
    )
    for kind, outcome in by_type:
        if isinstance(error, kind):
            return outcome
    return _by_status(error)


def _by_status(error: Exception) -> tuple[ErrorKind, str, str]:
    user, upstream = ErrorKind.USER, ErrorKind.UPSTREAM
    status = getattr(error, "status_code", None)
    # A refused connection arrives as an "internal server error" that never came from a server.
    if isinstance(status, int) and status >= 500 and _NO_CONNECTION.search(str(error)):
        return (
            upstream,
            "provider_unreachable",
            "The LLM provider '{provider}' cannot be reached; check its base URL.",
        )
    known = {
        401: (
            user,
            "provider_key_refused",
            "The LLM provider '{provider}' refused the API key; check it under Models.",
        ),
        403: (
            user,
            "provider_forbids",
            "The LLM provider '{provider}' does not allow this call with the given key.",
        ),
        404: (user, "unknown_model", "The LLM provider '{provider}' does not know the model '{model}'."),
        408: (ErrorKind.TIMEOUT, "llm_timeout", "The LLM provider '{provider}' took too long."),
        429: (
            upstream,
            "rate_limited",
            "The LLM provider '{provider}' limits the rate of calls or its quota is used up.",
        ),
    }
    if status in known:
        return known[status]
    if isinstance(status, int) and 400 <= status < 500 and _TOO_LONG.search(str(error)):
        return user, "context_too_long", "The text is too long for the model '{model}'."
    if isinstance(status, int) and 400 <= status < 500:
        return (
            user,
            "provider_rejected",
            "The LLM provider '{provider}' does not accept the call to '{model}'.",
        )
    return upstream, "provider_unavailable", "The LLM provider '{provider}' failed."


def _detail(error: Exception, hidden: tuple[str, ...]) -> str:
    text = _PREAMBLE.sub("", str(getattr(error, "message", None) or error)).split("\n")[0].strip()
    for secret in hidden:
        text = text.replace(secret, "***")
    return _KEY_LIKE.sub("***", text)[:_MOST_DETAIL]
