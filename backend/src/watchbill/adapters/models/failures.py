"""Turns what a call failed with into a NodeError whose message a user can act on, never with a key in it."""

from __future__ import annotations

import os
import re
import socket
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import aiohttp

from watchbill.adapters.models.connection import secrets
from watchbill.adapters.models.patience import TimeLimits, Waited
from watchbill.adapters.models.statuses import by_status
from watchbill.adapters.openai_chat import BrokenOff, Fault, NotAnAnswer, Refused, TooLarge
from watchbill.core.candidates import Candidate
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.kit.outbound.way_out import RefusedConnection
from watchbill.kit.secrets.masking import MASK, Masking

# Codes after which the provider is left alone for a while, and another one may well answer.
FAILOVER_CODES = frozenset(
    {
        "rate_limited",
        "provider_unavailable",
        "provider_unreachable",
        "provider_certificate",
        "provider_hung_up",
        "not_an_answer",
        "llm_timeout",
        "llm_stalled",
        "stream_broken",
    }
)
_AWAY_SECONDS = 15.0
_LONGEST_AWAY_SECONDS = 300.0
_MOST_DETAIL = 500
_MOST_TEXT = 20_000
_KEY_LIKE = re.compile(r"\b(?:sk|pk|key|rk)-[\w*-]{4,}|\bAIza[\w-]{10,}|Bearer\s+\S+", re.IGNORECASE)
_PREAMBLE = re.compile(r"^(?:(?:litellm\.)?\w+(?:Error|Exception|Timeout)\s*[:-]\s*)+")

_WITHIN = "The LLM provider '{provider}' reported an error in the middle of its answer."
_UPSTREAM, _USER, _TIMEOUT, _LIMIT = ErrorKind.UPSTREAM, ErrorKind.USER, ErrorKind.TIMEOUT, ErrorKind.LIMIT


class ProviderFailure(NodeError):
    """A provider failed. It is left alone for `away_seconds`; None where it is not to blame."""

    def __init__(self, kind: ErrorKind, detail: str, *, code: str, away_seconds: float | None = None):
        super().__init__(kind, detail, code=code)
        self.away_seconds = (away_seconds or _AWAY_SECONDS) if code in FAILOVER_CODES else None


def of(
    error: Exception, candidate: Candidate, *, began: bool, now: datetime | None = None
) -> ProviderFailure:
    """The failure for anything that a call raised. `began` tells whether some of the answer had arrived."""
    if refused := _refused_connection(error):
        detail = f"The base URL of the LLM provider '{candidate.provider.name}' is not allowed: {refused}"
        return ProviderFailure(_USER, detail, code="provider_address_refused")
    if isinstance(error, Refused):
        return _refused(error, candidate, began, now or datetime.now(UTC))
    if isinstance(error, Fault):
        return _fault(error, candidate)
    if isinstance(error, aiohttp.ClientError | OSError):
        return _no_connection(error, candidate)
    status = getattr(error, "status_code", None)
    said = _hidden(_PREAMBLE.sub("", str(getattr(error, "message", None) or error)).split("\n")[0], candidate)
    kind, code, sentence = by_status(status if isinstance(status, int) else 500, said, (), candidate.model)
    if began and kind is _UPSTREAM:
        sentence, code = _WITHIN, "stream_broken"
    return _failure(kind, code, sentence, said, candidate)


def too_late(candidate: Candidate, limits: TimeLimits, waited: Waited, *, began: bool) -> ProviderFailure:
    """The failure of a call that one of the time limits ended."""
    name = f"The LLM provider '{candidate.provider.name}'"
    if waited == "silence":
        detail = f"{name} stopped in the middle of its answer: nothing came for {limits.silence:g} s."
        return ProviderFailure(_TIMEOUT, detail, code="llm_stalled")
    if waited == "first":
        detail = f"{name} sent no part of its answer within {limits.first_token:g} s."
        return ProviderFailure(_TIMEOUT, detail, code="llm_timeout")
    detail = f"{name} did not finish its answer within {limits.total:g} s."
    # While tokens flow the provider is not to blame.
    return ProviderFailure(_TIMEOUT, detail, code="answer_took_too_long" if began else "llm_timeout")


def unsendable(error: ValueError, candidate: Candidate) -> ProviderFailure:
    """The failure of a request that cannot be made of what was entered."""
    told = _hidden(str(error), candidate)
    detail = f"The base URL or the key of the LLM provider '{candidate.provider.name}' cannot be sent: {told}"
    return ProviderFailure(_USER, _sentence(detail), code="provider_address_wrong")


def away_seconds(retry_after: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for, between 1 and 300; it may be a number or a date. None when
    it says nothing."""
    if not retry_after:
        return None
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            until = parsedate_to_datetime(retry_after)
        except ValueError:
            return None
        seconds = (until if until.tzinfo else until.replace(tzinfo=UTC)).timestamp() - now.timestamp()
    return min(_LONGEST_AWAY_SECONDS, max(1.0, seconds)) if seconds == seconds else None


def _refused_connection(error: BaseException | None) -> RefusedConnection | None:
    """The guard's refusal, wherever in the chain of causes it stands."""
    while error is not None:
        for candidate in (error, getattr(error, "os_error", None)):
            if isinstance(candidate, RefusedConnection):
                return candidate
        error = error.__cause__ or error.__context__
    return None


def _refused(error: Refused, candidate: Candidate, began: bool, now: datetime) -> ProviderFailure:
    said = _hidden(error.said.text, candidate)
    if error.redirect is not None and error.status is not None and 300 <= error.status < 400:
        detail = (
            f"The LLM provider '{candidate.provider.name}' answers with a redirect, which model calls do not"
            f" follow: {_hidden(error.redirect, candidate)}. Enter the address that answers itself as the"
            " base URL, under Models."
        )
        return ProviderFailure(_USER, detail, code="provider_redirects")
    status = error.status or 500
    kind, code, sentence = by_status(status, error.said.text, error.said.codes, candidate.model)
    if began:
        sentence = _WITHIN
        code = "stream_broken" if kind is _UPSTREAM else code
    elif error.within and error.status is None:
        sentence = "The LLM provider '{provider}' reported an error instead of an answer."
    away = away_seconds(error.retry_after, now)
    return _failure(kind, code, sentence, said or f"status {status}", candidate, away)


def _fault(error: Fault, candidate: Candidate) -> ProviderFailure:
    name, told = f"The LLM provider '{candidate.provider.name}'", _hidden(str(error), candidate)
    if isinstance(error, TooLarge):
        detail = f"{name} sent {told}, which is more than an answer may have. It was cut off there."
        return ProviderFailure(_LIMIT, detail, code="answer_too_large")
    if isinstance(error, NotAnAnswer):
        detail = f"{name} did not answer as a model does; check its base URL and type. It sent {told}"
        return ProviderFailure(_UPSTREAM, _sentence(detail), code="not_an_answer")
    detail = f"{name} broke off its answer. {told}"
    assert isinstance(error, BrokenOff)
    return ProviderFailure(_UPSTREAM, _sentence(detail), code="stream_broken")


def _no_connection(error: Exception, candidate: Candidate) -> ProviderFailure:
    name = f"The LLM provider '{candidate.provider.name}'"
    where = _place(candidate)
    if isinstance(error, aiohttp.InvalidURL):
        detail = f"The base URL of the LLM provider '{candidate.provider.name}' cannot be read."
        return ProviderFailure(_USER, detail, code="provider_address_wrong")
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        detail = f"{name} has no certificate that can be trusted: {error.certificate_error}"
        return ProviderFailure(_UPSTREAM, _sentence(detail), code="provider_certificate")
    if isinstance(error, aiohttp.ClientSSLError):
        detail = f"{name} does not speak TLS as https needs it{where}: {getattr(error, 'os_error', error)}"
        return ProviderFailure(_UPSTREAM, _sentence(detail), code="provider_certificate")
    if (reason := _unreached(error, where)) is not None:
        return ProviderFailure(_UPSTREAM, f"{name} cannot be reached{reason}.", code="provider_unreachable")
    if isinstance(error, aiohttp.ClientResponseError | aiohttp.ClientPayloadError):
        told = _hidden(str(getattr(error, "message", "") or error), candidate)
        detail = f"{name} sent something that is not valid HTTP: {told}"
        return ProviderFailure(_UPSTREAM, _sentence(detail), code="not_an_answer")
    detail = f"{name} closed the connection before it answered{where}."
    return ProviderFailure(_UPSTREAM, detail, code="provider_hung_up")


def _unreached(error: Exception, where: str) -> str | None:
    """Why there is no connection; None when there was one."""
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f": the proxy of this installation answered {error.status}"
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return ": the proxy of this installation does not answer"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f": its name cannot be found{where}"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"{where}: {_reason(error.os_error)}"
    if isinstance(error, aiohttp.ServerTimeoutError):
        return f"{where}: nothing accepted the connection within 10 s"
    return None


def _reason(error: OSError) -> str:
    """The system's words for an error number, "Connection refused" say."""
    if isinstance(error, socket.gaierror) or not error.errno or error.errno < 0:
        return error.strerror or str(error)
    return os.strerror(error.errno)


def _place(candidate: Candidate) -> str:
    """Host and port, as people entered them."""
    try:
        parts = urlsplit(candidate.provider.base_url or "")
        return (
            f" ({parts.hostname}:{parts.port})"
            if parts.port
            else f" ({parts.hostname})"
            if parts.hostname
            else ""
        )
    except ValueError:
        return ""


def _failure(
    kind: ErrorKind,
    code: str,
    sentence: str,
    said: str,
    candidate: Candidate,
    away: float | None = None,
) -> ProviderFailure:
    message = sentence.format(provider=candidate.provider.name, model=candidate.model)
    return ProviderFailure(
        kind, f"{message} It said: {said}" if said else message, code=code, away_seconds=away
    )


def _hidden(text: str, candidate: Candidate) -> str:
    """The text without secrets, of a sane length."""
    known = secrets(candidate.provider)
    # Servers give back what they got, and in the spelling in which they got it.
    text = Masking(known, longest=_MOST_TEXT).text(text)
    for secret in known:
        text = text.replace(secret, MASK)
    text = " ".join(_KEY_LIKE.sub(MASK, text).split())
    return text if len(text) <= _MOST_DETAIL else f"{text[:_MOST_DETAIL]}…"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
