"""Tokens that say a few fixed things, and that only whoever has the installation's secret can make."""

from __future__ import annotations

import base64
import binascii
import hmac


def make(secret: str, purpose: bytes, body: bytes) -> str:
    """A token for URLs and headers of the body and its MAC. One of another purpose is no good."""
    return base64.urlsafe_b64encode(body + _mac(secret, purpose, body)).decode().rstrip("=")


def body_of(secret: str, purpose: bytes, token: str, size: int) -> bytes | None:
    """The body, of that many bytes; None when the token is not ours or was changed."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    body, mac = raw[:size], raw[size:]
    return body if len(body) == size and hmac.compare_digest(mac, _mac(secret, purpose, body)) else None


def _mac(secret: str, purpose: bytes, body: bytes) -> bytes:
    return hmac.digest(secret.encode(), purpose + b"\0" + body, "sha256")
