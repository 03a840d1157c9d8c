"""Bodies whose parts fit together, which are hardly ever made up: a crew's tasks name agents of the crew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from tests.people import new_email
from watchbill.testing.oidc import CLIENT_ID, CLIENT_SECRET

# Every so many cases with a valid body get a fitting one, the first among them.
EVERY = 3
_TASK = {"name": "say", "description": "Say something.", "expected_output": "A word."}


def fitting(operation: str, own: Mapping[str, Sequence[Any]], issuer: str) -> dict[str, Any] | None:
    """A body that the operation accepts; None for those that made-up bodies suit, or when what it should name
    is gone. `own` has the ids of what exists, and `issuer` is a provider for single sign-on."""
    if operation in ("POST /api/v1/crews", "PUT /api/v1/crews/{crew_id}"):
        return crew(own["agent"][-1]) if own["agent"] else None
    if operation == "POST /api/v1/notifications":
        return {"name": f"Told {uuid4()}", **mails()}
    if operation == "POST /api/v1/auth/switch":
        return {"tenant": own["tenant"][-1]} if own["tenant"] else None
    if operation == "PUT /api/v1/sso":
        return sso(issuer)
    return None


def crew(agent: str) -> dict[str, Any]:
    """A crew of one agent, which does its task."""
    return {"name": f"Crew {uuid4()}", "agent_ids": [agent], "tasks": [_TASK | {"agent_id": agent}]}


def mails() -> dict[str, Any]:
    """What tells by mail only: a webhook needs a host that can be found."""
    return {"channel": "email", "recipients": ["someone@example.com"], "statuses": ["completed"]}


def sso(issuer: str) -> dict[str, Any]:
    """A provider that answers, for a domain that nobody has."""
    client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    return {"issuer": issuer, "domains": [f"{new_email().partition('@')[0]}.example.com"], **client}
