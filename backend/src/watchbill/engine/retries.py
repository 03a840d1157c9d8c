"""How long a node that failed waits before it is tried again."""

from __future__ import annotations

from datetime import timedelta

from watchbill.core.flow.definition import RetryPolicy


def backoff(policy: RetryPolicy, failures: int, chance: float) -> timedelta:
    """How long to wait after so many failures (1 or more); `chance` is between 0 and 1."""
    whole = min(policy.backoff_seconds * policy.multiplier ** (failures - 1), policy.max_backoff_seconds)
    return timedelta(seconds=whole * (1 - policy.jitter * chance))
