"""The tenant that is tried, as Schemathesis's process sees it: kept stocked, and looked up for each case."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from tests.fuzzing import bodies, spares, stock
from tests.fuzzing.ids import Ids, entity
from tests.fuzzing.place import Place

# After so many calls there is something new of everything; when it runs out, after so many at the earliest.
_EVERY, _AT_EARLIEST = 500, 150
_SPARE_PEOPLE = 5
# What users write is theirs: ids in it are just text.
_FREE = frozenset({"inputs", "outputs", "definition", "config", "body"})
_LISTS = {
    "flows": "flow",
    "executions": "execution",
    "agents": "agent",
    "crews": "crew",
    "llm-providers": "provider",
    "triggers": "trigger",
    "notifications": "notification",
    "notification-deliveries": "delivery",
    "invitations": "invitation",
    "api-keys": "key",
    "sessions": "session",
    "approvals": "approval",
    "audit-log": "entry",
}
_ENDED = ("completed", "failed", "cancelled")


@dataclass(slots=True)
class Ground:
    """What exists at a place."""

    place: Place
    ids: Ids = field(default_factory=Ids)
    _cases: Counter[str] = field(default_factory=Counter[str])
    _whole: Counter[str] = field(default_factory=Counter[str])
    _calls: int = 0
    _stocked: int = -_EVERY

    @staticmethod
    def from_environment() -> Ground:
        return Ground(Place.from_environment())

    def before(self, case: Any, valid: set[str]) -> None:
        """Put ids that exist into the valid parts of a case, always the same into the same."""
        self._calls += 1
        if self._calls - self._stocked > _EVERY:
            self._stock()
        operation = f"{case.method} {case.path}"
        self._cases[operation] += 1
        seed = f"{operation} {self._cases[operation]}"
        if "path" in valid and case.path_parameters:
            case.path_parameters = self._filled(case.path_parameters, seed)
            if case.path.endswith("/stream"):
                self._end(case.path_parameters, seed)
        if "query" in valid and case.query:
            case.query = self._filled(case.query, seed)
        if "body" in valid and isinstance(case.body, dict):
            case.body = self._filled(case.body, seed)
            self._fit(case, operation, valid)
        if case.meta and valid.issuperset(location.value for location in case.meta.components):
            self._spare(case, operation)

    def _spare(self, case: Any, operation: str) -> None:
        """Now and then a valid case gets what works once."""
        make = spares.MAKERS.get(operation)
        if make is None:
            return
        self._whole[operation] += 1
        if self._whole[operation] % bodies.EVERY == 1:
            make(case, self.place)

    def _fit(self, case: Any, operation: str, valid: set[str]) -> None:
        """Now and then a body is put in whose parts fit together, for something that exists."""
        body = bodies.fitting(operation, self.ids.own, self.place.issuer)
        if body is None or (case.path_parameters and "path" not in valid):
            return
        self._whole[operation] += 1
        if self._whole[operation] % bodies.EVERY != 1:
            return
        case.body = body
        for name in case.path_parameters or ():
            known = self.ids.own[entity(name) or name]
            case.path_parameters[name] = known[-1] if known else case.path_parameters[name]

    def after(self, method: str, path: str, response: Any) -> None:
        """Notice what an answer says of what exists."""
        if response.status_code == 204 and method.upper() == "DELETE":
            self.ids.forget(response.request.path_url.partition("?")[0].rpartition("/")[2])
            if "/members/" in path:
                asyncio.run(self._readmit())
        if not 200 <= response.status_code < 300 or not response.content.startswith(b"{"):
            return
        answer = response.json()
        collection = path.removeprefix("/api/v1/").removeprefix("auth/").split("/")
        # What an operation on one thing gives is another kind of thing, but for executions.
        kind = _LISTS.get(collection[0]) if len(collection) == 1 else None
        items = answer.get("items")
        for item in items if isinstance(items, list) else [answer]:
            if kind and "id" in item:
                self.ids.learn(kind, item["id"])
            if (kind == "execution" or collection[-1] in ("execute", "test", "fork")) and "status" in item:
                self._learn_execution(item)

    def _learn_execution(self, item: dict[str, Any]) -> None:
        if "id" not in item:
            return
        self.ids.learn("execution", item["id"])
        if item["status"] in _ENDED:
            self.ids.learn("ended", item["id"])

    def _filled(self, values: dict[str, Any], seed: str) -> dict[str, Any]:
        filled: dict[str, Any] = {}
        for name, value in values.items():
            filled[name] = self._value(name, value, f"{seed} {name}")
        return filled

    def _value(self, name: str, value: Any, seed: str) -> Any:
        if name in _FREE or value is None:
            return value
        kind = entity(name)
        if isinstance(value, list):
            return [self._value(name, part, f"{seed} {index}") for index, part in enumerate(value)]
        if isinstance(value, dict):
            return self._filled(value, seed)
        return value if kind is None else self._chosen(kind, value, seed)

    def _chosen(self, kind: str, made_up: Any, seed: str) -> Any:
        try:
            chosen = self.ids.choose(kind, made_up, seed)
        except KeyError:
            if self._calls - self._stocked > _AT_EARLIEST:
                self._stock()
            known = self.ids.own[kind]
            chosen = known[-1] if known else made_up
        # A version may be a word or a number.
        return chosen if type(chosen) is type(made_up) else made_up

    def _end(self, parameters: dict[str, Any], seed: str) -> None:
        """What streams must end: nobody may be there to execute what is pending."""
        if parameters.get("execution_id") in self.ids.own["execution"]:
            known = self.ids.own["ended"]
            parameters["execution_id"] = known[len(seed) % len(known)]

    def _stock(self) -> None:
        # Once also where it fails: that fails the run, and the rest of it need not wait for more attempts.
        place, self._stocked = self.place, self._calls
        asyncio.run(self._readmit())
        with stock.sign_in(place.url, place.keeper, place.tenant_id) as http:
            made = stock.stock(http)
            if not self.ids.own["ended"]:
                made["ended"] = [stock.ended(http, made["flow"][0])]
                made["execution"] += made["ended"]
        made["user"] = asyncio.run(stock.people(place.database_url, place.tenant_id, _SPARE_PEOPLE))
        made["tenant"] = [place.second]
        for kind, ids in made.items():
            for id_ in ids:
                self.ids.learn(kind, id_)
        if not self.ids.foreign:
            with stock.sign_in(place.url, place.stranger, place.elsewhere) as http:
                self.ids.foreign = defaultdict(list, stock.foreign(stock.stock(http)))

    async def _readmit(self) -> None:
        place = self.place
        await stock.join(place.database_url, place.tenant_id, {place.keeper: "admin"} | place.people)
        await stock.join(place.database_url, place.second, place.people)
