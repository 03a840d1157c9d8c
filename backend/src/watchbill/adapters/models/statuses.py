"""What an HTTP status of a provider means: whose fault it is, a code, and a sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence

from watchbill.core.errors import ErrorKind

Meaning = tuple[ErrorKind, str, str]

_USER, _UPSTREAM, _TIMEOUT = ErrorKind.USER, ErrorKind.UPSTREAM, ErrorKind.TIMEOUT
_TOO_LONG = re.compile(
    r"context.{0,3}(?:length|window|size)|maximum.{0,30}tokens|too many tokens|prompt is too long|too long",
    re.IGNORECASE,
)
_CONTENT = re.compile(
    r"content.?(?:policy|filter|management)|responsible.?ai|moderation|safety", re.IGNORECASE
)
_MODEL = re.compile(r"\b(?:model|deployment|engine)\w*\b|model_not_found|DeploymentNotFound", re.IGNORECASE)
# Of proxies and gateways: what stands behind them gave no answer.
_PASSES: Meaning = (_UPSTREAM, "provider_unavailable", "The LLM provider '{provider}' did not get to answer.")
_KEY = re.compile(
    r"API.?key.{0,20}(?:not valid|invalid|expired|incorrect)|(?:invalid|incorrect|wrong).{0,20}API.?key",
    re.IGNORECASE,
)
_UNPAID = re.compile(
    r"(?:credit|balance).{0,30}(?:too low|insufficient|exhausted)|insufficient.?balance", re.I
)
_TABLE: dict[int, Meaning] = {
    401: (
        _USER,
        "provider_key_refused",
        "The LLM provider '{provider}' refused the API key; check it under Models.",
    ),
    402: (
        _USER,
        "provider_unpaid",
        "The LLM provider '{provider}' asks for payment first; check the account there.",
    ),
    403: (
        _USER,
        "provider_forbids",
        "The LLM provider '{provider}' does not allow this call with the given key.",
    ),
    408: (_TIMEOUT, "llm_timeout", "The LLM provider '{provider}' reported that it took too long."),
    409: (
        _UPSTREAM,
        "provider_unavailable",
        "The LLM provider '{provider}' is busy with a conflicting call.",
    ),
    425: (_UPSTREAM, "provider_unavailable", "The LLM provider '{provider}' is not ready yet."),
    **dict.fromkeys((421, 423, 424, 444, 499), _PASSES),
    498: (_UPSTREAM, "rate_limited", "The LLM provider '{provider}' has no capacity for the call."),
    413: (_USER, "request_too_large", "The call is too large for the LLM provider '{provider}'."),
    429: (
        _UPSTREAM,
        "rate_limited",
        "The LLM provider '{provider}' limits the rate of calls or its quota is used up.",
    ),
    529: (_UPSTREAM, "provider_unavailable", "The LLM provider '{provider}' is overloaded."),
}
_UNKNOWN_MODEL: Meaning = (
    _USER,
    "unknown_model",
    "The LLM provider '{provider}' does not know the model '{model}'.",
)
_WRONG_PATH: Meaning = (
    _USER,
    "provider_address_wrong",
    "The LLM provider '{provider}' answers no model calls at its base URL; check it, most end in /v1.",
)
_LONG: Meaning = (_USER, "context_too_long", "The text is too long for the model '{model}'.")
_CONTENT_REFUSED: Meaning = (_USER, "refused", "The LLM provider '{provider}' refused the content.")
_REJECTED: Meaning = (
    _USER,
    "provider_rejected",
    "The LLM provider '{provider}' does not accept the call to '{model}'.",
)
_FAILED: Meaning = (_UPSTREAM, "provider_unavailable", "The LLM provider '{provider}' failed.")


def by_status(status: int, text: str, codes: Sequence[str], model: str) -> Meaning:
    """The meaning of a status and of what was said with it; the sentence has places for provider and model.

    A 404 is of a model only when something in it says so: else the address leads nowhere.
    """
    told = " ".join((text, *codes))
    if status in (404, 405, 410):
        return _UNKNOWN_MODEL if _MODEL.search(told) or model in text else _WRONG_PATH
    if status in (400, 413, 422):
        if "context_length_exceeded" in codes or _TOO_LONG.search(text):
            return _LONG
        if _CONTENT.search(" ".join(codes)) or "content management policy" in text:
            return _CONTENT_REFUSED
        # Some say with a 400 what others have a status for.
        if status == 400 and (_KEY.search(text) or "API_KEY_INVALID" in codes):
            return _TABLE[401]
        if status == 400 and _UNPAID.search(text):
            return _TABLE[402]
    if status in _TABLE:
        return _TABLE[status]
    return _REJECTED if 300 <= status < 500 else _FAILED
