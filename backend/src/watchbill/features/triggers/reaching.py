"""Who may set a trigger up in which way: it runs its flow without asking anybody again, so it may do no more
than whoever sets it up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from watchbill.features.identity.identity import Identity
from watchbill.features.identity.permissions import Permission
from watchbill.features.triggers.schemas import Schedule, Webhook


def needed(rules: Schedule | Webhook | Mapping[str, Any] | None) -> tuple[Permission, ...]:
    """What it takes, besides triggers:write, to have such a trigger run its flow. A webhook that returns
    results shows executions; one without signing lets anybody at it who learns its address."""
    settings = rules.model_dump() if isinstance(rules, Schedule | Webhook) else rules or {}
    open_hook = settings.get("signing") == "none" or settings.get("answer") not in (None, "at_once")
    return ("flows:execute", "executions:read") if open_hook else ("flows:execute",)


def demand(identity: Identity, rules: Schedule | Webhook | Mapping[str, Any] | None) -> None:
    """Insist on that.

    Raises:
        Forbidden: the key or role that asks may not do what the trigger would do.
    """
    for permission in needed(rules):
        identity.demand(permission)


def may_call(identity: Identity, rules: Mapping[str, Any]) -> bool:
    """Whether somebody may know a webhook's address: it is half of what calling it takes, or all."""
    return identity.may("triggers:write") and all(map(identity.may, needed(rules)))
