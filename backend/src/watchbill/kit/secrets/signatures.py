"""Signed requests: HMAC-SHA256 over `timestamp.body`, the same for hooks that come in and calls that go out.

X-Watchbill-Timestamp: 1767225600
X-Watchbill-Signature: v1=<hex of HMAC-SHA256(secret, "1767225600." + body)>
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence

TIMESTAMP_HEADER = "X-Watchbill-Timestamp"
SIGNATURE_HEADER = "X-Watchbill-Signature"
_VERSION = "v1="
_MOST_DIGITS = 12


class BadSignature(ValueError):
    """The request is not signed as it must be. `code` is signature_missing, signature_expired or
    signature_invalid; the message says what to do."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


def new_secret() -> str:
    """A secret of 256 random bits."""
    return f"whs_{secrets.token_urlsafe(32)}"


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """The signature header's value; `timestamp` is in seconds since 1970."""
    text = str(timestamp).encode() + b"." + body
    return _VERSION + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def verify(
    known: Sequence[str],
    timestamp: str | None,
    signature: str | None,
    body: bytes,
    *,
    now: float,
    window: float,
) -> None:
    """Check that one of the known secrets signed the body at most `window` seconds before or after `now`.

    Raises:
        BadSignature: it is not so.
    """
    if not timestamp or not signature:
        text = f"Sign the request: send {TIMESTAMP_HEADER} and {SIGNATURE_HEADER}."
        raise BadSignature("signature_missing", text)
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= _MOST_DIGITS):
        raise BadSignature("signature_invalid", f"{TIMESTAMP_HEADER} must be in seconds since 1970.")
    if abs(now - int(timestamp)) > window:
        text = f"{TIMESTAMP_HEADER} is more than {window:g} seconds away from now. Check the sender's clock."
        raise BadSignature("signature_expired", text)
    given = signature.encode()
    matches = [hmac.compare_digest(sign(secret, int(timestamp), body).encode(), given) for secret in known]
    if not any(matches):
        text = f"{SIGNATURE_HEADER} does not fit the secret, the timestamp and the body."
        raise BadSignature("signature_invalid", text)
