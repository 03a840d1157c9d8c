"""JSON values that satisfy a JSON Schema and fit the prompt: categories are chosen by keywords."""

from __future__ import annotations

import math
from typing import Any, cast

from watchbill.testing.llm_server.demo import judge, prose
from watchbill.testing.llm_server.demo.categories import choose_category, evidence
from watchbill.testing.llm_server.demo.reading import Prompt

_FORMATS = {
    "email": "demo@example.com",
    "uri": "https://example.com/",
    "date": "2026-01-15",
    "time": "09:30:00Z",
    "date-time": "2026-01-15T09:30:00Z",
    "uuid": "6f1f9c3e-3f63-4d0a-9a52-0d5f3c1b7a11",
    "ipv4": "192.0.2.1",
}


def instance(schema: dict[str, Any], prompt: Prompt) -> Any:
    """A value for the schema. References, combinations, enums, formats and bounds are honoured."""
    return _Builder(schema, prompt).value(schema, "answer", 0)


class _Builder:
    def __init__(self, root: dict[str, Any], prompt: Prompt):
        self._root, self._prompt = root, prompt

    def value(self, schema: Any, name: str, index: int) -> Any:
        """The value of one (sub-)schema; `name` is its property and `index` its place in a list."""
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return choose_category(schema["enum"], self._prompt.material, self._prompt.seed)
        build = {
            "object": self._object,
            "array": self._array,
            "integer": self._number,
            "number": self._number,
            "boolean": self._boolean,
            "null": self._null,
        }.get(_type(schema), self._string)
        return build(schema, name, index)

    def _resolved(self, schema: Any) -> dict[str, Any]:
        if not isinstance(schema, dict):
            return {}
        return self._whole(cast("dict[str, Any]", schema))

    def _whole(self, schema: dict[str, Any]) -> dict[str, Any]:
        ref: str | None = schema.get("$ref")
        if ref:
            found: Any = self._root
            for part in ref.removeprefix("#").strip("/").split("/"):
                found = found[part] if part else found
            return self._resolved(found)
        options: list[dict[str, Any]] = schema.get("anyOf") or schema.get("oneOf") or []
        for option in options:
            if option.get("type") != "null":
                return self._resolved({**_without(schema, "anyOf", "oneOf"), **option})
        merged = dict(schema)
        parts: list[Any] = schema.get("allOf") or []
        for part in map(self._resolved, parts):
            merged |= part | {"properties": {**merged.get("properties", {}), **part.get("properties", {})}}
        return merged

    def _object(self, schema: dict[str, Any], _name: str, index: int) -> dict[str, Any]:
        properties: dict[str, Any] = schema.get("properties") or {}
        required: list[str] = schema.get("required") or []
        names = [*properties, *(name for name in required if name not in properties)]
        return {name: self.value(properties.get(name, {}), name, index) for name in names}

    def _array(self, schema: dict[str, Any], name: str, _index: int) -> list[Any]:
        size = max(schema.get("minItems", 0), min(3, schema.get("maxItems", 3)))
        return [self.value(schema.get("items", {}), name, i) for i in range(size)]

    def _boolean(self, _schema: dict[str, Any], name: str, _index: int) -> bool:
        return name not in ("spam", "is_spam", "error", "failed")

    def _null(self, _schema: dict[str, Any], _name: str, _index: int) -> None:
        return None

    def _number(self, schema: dict[str, Any], name: str, index: int) -> float | int:
        whole = _type(schema) == "integer"
        step = schema.get("multipleOf", 1 if whole else 0.01)
        low = max(schema.get("minimum", -math.inf), schema.get("exclusiveMinimum", -math.inf) + step)
        high = min(schema.get("maximum", math.inf), schema.get("exclusiveMaximum", math.inf) - step)
        likely = name in ("confidence", "score", "rating", "probability")
        wanted = (high - 0.1 * (high - low) if math.isfinite(high - low) else 0.9) if likely else 3 + index
        number = math.floor(min(max(wanted, low), high) / step + 1e-9) * step
        number = number if number >= low else number + step
        return round(number) if whole else round(number, 6)

    def _string(self, schema: dict[str, Any], name: str, index: int) -> str:
        if (given := _FORMATS.get(schema.get("format", ""))) is not None:
            return given
        text = self._wording(name, index)
        text = text.ljust(schema.get("minLength", 0), ".")
        return text[: schema["maxLength"]] if "maxLength" in schema else text

    def _wording(self, name: str, index: int) -> str:
        prompt, name = self._prompt, name.lower()
        if any(word in name for word in ("summary", "title", "subject", "headline")):
            return prose.summary(prompt)
        if any(word in name for word in ("reply", "response", "letter", "email")):
            return prose.reply(prompt)
        if any(word in name for word in ("reason", "rationale", "explanation", "why")):
            return evidence(prompt.material)
        if any(word in name for word in ("winner", "best")) and (found := judge.candidates(prompt)):
            return max(found, key=lambda candidate: candidate.score).label
        if any(word in name for word in ("topic", "query", "keyword", "name")):
            return prompt.topic
        points = prose.points(prompt, index + 1)
        return points[min(index, len(points) - 1)].replace("**", "")


def _type(schema: dict[str, Any]) -> str:
    kind: Any = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in cast("list[str]", kind) if one != "null"), "null")
    return kind or ("object" if "properties" in schema or "required" in schema else "string")


def _without(schema: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key not in keys}
