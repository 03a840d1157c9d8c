"""Chooses among given values by the words of a text, the way a classifier would."""

from __future__ import annotations

import re
from typing import Any

_SIGNS = {
    "billing": "invoice charge charged refund payment paid card billed price subscription money twice bill",
    "technical": "error crash crashes bug broken fails failing slow timeout install api 500 exception",
    "bug": "error crash crashes bug broken fails exception wrong freezes",
    "account": "password login log-in signin account username locked profile access reset email",
    "sales": "pricing quote demo upgrade seats plan enterprise buy purchase trial discount",
    "shipping": "delivery delivered package parcel shipping tracking arrived courier",
    "delivery": "delivery delivered package parcel shipping tracking arrived courier",
    "feature": "feature wish add support suggest idea would roadmap missing",
    "feedback": "feedback suggest love idea improve",
    "cancel": "cancel cancellation terminate unsubscribe close",
    "security": "hacked breach phishing leak vulnerability stolen suspicious",
    "urgent": "urgent asap immediately down outage production emergency critical now lost",
    "critical": "urgent down outage production emergency critical breach stolen",
    "high": "urgent asap immediately down outage twice cannot can't blocked angry refund",
    "low": "minor curious wondering question idea someday suggest",
    "negative": "angry terrible unacceptable disappointed worst annoyed broken twice refund bad",
    "positive": "thanks thank love great happy wonderful excellent amazing",
    "question": "how what where can could when wondering",
    "complaint": "unacceptable disappointed angry terrible refund complain",
    "spam": "winner lottery viagra crypto prize",
}
_NEUTRAL = ("other", "general", "neutral", "normal", "medium", "none", "unknown")


def choose_category(values: list[Any], text: str, seed: int) -> Any:
    """The value the text speaks for most; a neutral one, else one picked by the seed, when nothing does."""
    words = re.findall(r"[a-z0-9'-]+", text.lower())
    scores = [_score(str(value).lower(), words) for value in values]
    if max(scores) > 0:
        return values[scores.index(max(scores))]
    neutral = [value for value in values if str(value).lower() in _NEUTRAL]
    return neutral[0] if neutral else values[seed % len(values)]


def evidence(text: str) -> str:
    """One sentence that names the telling words of the text."""
    known = {word for signs in _SIGNS.values() for word in signs.split()}
    found = list(
        dict.fromkeys(w for w in re.findall(r"[a-z0-9'-]+", text.lower()) if w in known and len(w) > 3)
    )
    if not found:
        return "The message names no specific problem, so the general case applies."
    return "The message mentions " + ", ".join(f"'{word}'" for word in found[:4]) + "."


def _score(value: str, words: list[str]) -> int:
    groups = [signs.split() for name, signs in _SIGNS.items() if name in value or value in name]
    signs = {word for group in groups for word in group}
    return sum(word in signs for word in words) + 2 * words.count(value)
