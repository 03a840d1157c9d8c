"""Challenges: what services send to an address to see that it is their user's. Nothing is started by one."""

from __future__ import annotations

import hmac
from typing import Any, cast
from uuid import UUID

from watchbill.core.errors import Forbidden, InvalidInput, NotFound, WatchbillError
from watchbill.features.triggers import service
from watchbill.features.triggers.bodies import read_body, read_pairs
from watchbill.features.triggers.schemas import StoredChallenge
from watchbill.kit.outbound.charsets import media_type

_MOST_CHARACTERS = 1_000
_MOST_BYTES = 10_000


def answer(
    trigger_id: UUID, rules: StoredChallenge | None, method: str, query: bytes, content_type: str, body: bytes
) -> str | None:
    """What a challenge is answered with, or None for any other POST.

    Raises:
        NotFound: a GET that is none, and none is expected.
        InvalidInput: a GET without a challenge, or a challenge that is too long.
        Forbidden: the token is missing or wrong.
    """
    if rules is None:
        if method == "GET":
            raise NotFound("This webhook does not answer challenges. Call it with POST.", code="no_challenge")
        return None
    if method == "GET" or not body:
        fields = read_pairs(query, ("query",))
        if rules.query not in fields and method != "GET":
            return None
        if rules.query not in fields:
            text = f"The query parameter `{rules.query}` is missing. A GET is answered with its value."
            raise InvalidInput(text, code="challenge_missing")
        challenge, token = fields[rules.query], fields.get(rules.token_query)
    else:
        fields = _body(content_type, body) if rules.json_body else None
        if fields is None:
            return None
        challenge, token = fields.get("challenge"), fields.get("token")
    _verify(trigger_id, rules, token)
    if not isinstance(challenge, str) or len(challenge) > _MOST_CHARACTERS:
        text = f"A challenge must be one text of at most {_MOST_CHARACTERS:,} characters."
        raise InvalidInput(text, code="challenge_invalid")
    return challenge


def _body(content_type: str, body: bytes) -> dict[str, Any] | None:
    """The fields of a body that says it is a challenge."""
    if len(body) > _MOST_BYTES or not media_type(content_type).endswith("json"):
        return None
    try:
        value = read_body(content_type, body)
    except WatchbillError:
        # Told like any other body that cannot be read, once it is known who calls.
        return None
    if not isinstance(value, dict) or cast("dict[str, Any]", value).get("type") != "url_verification":
        return None
    return cast("dict[str, Any]", value)


def _verify(trigger_id: UUID, rules: StoredChallenge, token: object) -> None:
    if rules.token_digest is None:
        return
    said = service.challenge_digest(trigger_id, token) if isinstance(token, str) else ""
    if not hmac.compare_digest(said, rules.token_digest):
        raise Forbidden("The challenge does not have the token of this webhook.", code="challenge_refused")
