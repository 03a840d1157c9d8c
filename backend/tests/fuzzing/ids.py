"""Ids of what exists, by entity, and which of them a case takes in place of made-up ones."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

# What is left takes an id that nothing has.
_OWN, _FOREIGN = 0.6, 0.15
# Of each entity the newest are taken: old ones may have been deleted by what else happens to a tenant.
_NEWEST = 20
# The parameters and fields that are not named after the entity whose id they hold.
_NAMED = {
    "manager_agent_id": "agent",
    "actor_id": "user",
    "target_id": "flow",
    "number": "version",
    "version": "version",
    "from_node": "node",
    "node_id": "node",
    "token": "token",
}
_ENTITIES = (
    *("flow", "execution", "agent", "crew", "provider", "trigger", "notification", "delivery"),
    *("user", "invitation", "key", "session", "approval", "entry", "cron", "timezone"),
)


def entity(name: str) -> str | None:
    """The entity whose id a parameter or field holds: `flow_id` and `flow_ids` hold a flow's."""
    if name in _NAMED:
        return _NAMED[name]
    bare = name.removesuffix("s").removesuffix("_id")
    return bare if bare in _ENTITIES else None


@dataclass(slots=True)
class Ids:
    """What is known to exist: in the tenant that is tried, and in another one."""

    own: defaultdict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    foreign: defaultdict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))

    def learn(self, entity: str, id_: Any) -> None:
        """Remember something of the tenant's own."""
        known = self.own[entity]
        if id_ not in known:
            known.append(id_)

    def forget(self, id_: Any) -> None:
        """It was deleted."""
        for known in self.own.values():
            if id_ in known:
                known.remove(id_)

    def strange(self, text: str) -> list[str]:
        """The other tenant's ids that occur in a text."""
        return [id_ for known in self.foreign.values() for id_ in known if str(id_) in text]

    def choose(self, entity: str, made_up: Any, seed: str) -> Any:
        """An existing id, or the made-up one; the same seed always chooses alike.

        Raises:
            KeyError: nothing of the entity is left in the tenant.
        """
        number = int.from_bytes(sha256(f"{seed} {entity}".encode()).digest()[:8], "big")
        share, number = (number % 1000) / 1000, number // 1000
        if share < _OWN:
            known = self.own[entity][-_NEWEST:]
            if not known:
                raise KeyError(entity)
        elif share < _OWN + _FOREIGN:
            known = self.foreign[entity]
        else:
            known = []
        return known[number % len(known)] if known else made_up
