"""What servers turned out not to take: a request is put differently once they said so, and from then on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

from watchbill.adapters.openai_chat import Refused
from watchbill.core.candidates import Candidate

Habit = Literal["schema_in_words", "no_stream_options", "other_token_limit"]
_STATUSES = (400, 404, 405, 415, 422, 501)
_MOST_KNOWN = 10_000


class Habits:
    """Remembers for each provider and model what it refused."""

    def __init__(self) -> None:
        self._known: dict[tuple[UUID, str], frozenset[Habit]] = {}

    def of(self, candidate: Candidate) -> frozenset[Habit]:
        """What is known of it."""
        return self._known.get((candidate.provider.id, candidate.model), frozenset())

    def learn(self, candidate: Candidate, refused: Refused, request: Mapping[str, Any]) -> bool:
        """Whether the refusal names something of the request that can be put differently, and was not yet."""
        habit = _refused(refused, request)
        known = self.of(candidate)
        if habit is None or habit in known:
            return False
        if len(self._known) >= _MOST_KNOWN:
            del self._known[next(iter(self._known))]
        self._known[candidate.provider.id, candidate.model] = frozenset((*known, habit))
        return True


def _refused(refused: Refused, request: Mapping[str, Any]) -> Habit | None:
    if refused.status not in _STATUSES:
        return None
    text = refused.said.text
    if "response_format" in request and ("response_format" in text or "json_schema" in text):
        return "schema_in_words"
    if "stream_options" in request and ("stream_options" in text or "include_usage" in text):
        return "no_stream_options"
    named = "max_tokens" if "max_tokens" in request else "max_completion_tokens"
    if named in request and f"'{named}'" in text.replace('"', "'") and "support" in text.lower():
        return "other_token_limit"
    return None
