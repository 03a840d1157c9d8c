"""The forms of node types can be drawn from their schemas: what the hints name is there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from watchbill.core.form_hints import KEY
from watchbill.features.flows.node_types import describe
from watchbill.nodes.registry import NODE_TYPES

EDITOR = Path(__file__).parents[3] / "frontend/src/features/editor/testing/node-types.json"


def objects(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The configuration itself and the objects within it."""
    yield schema
    yield from (inner for inner in schema.get("$defs", {}).values() if "properties" in inner)


@pytest.mark.parametrize("kind", NODE_TYPES)
def test_hints_name_fields_and_choices_that_are_there(kind: str) -> None:
    for schema in objects(NODE_TYPES[kind].config.model_json_schema(by_alias=True)):
        properties: dict[str, Any] = schema["properties"]
        places = [field[KEY]["order"] for field in properties.values() if "order" in field.get(KEY, {})]
        assert len(places) == len(set(places)), (kind, schema["title"])
        for field in properties.values():
            hints = field.get(KEY, {})
            named = [*hints.get("when", {}), hints.get("inline"), hints.get("order_in")]
            assert {name for name in named if name} <= properties.keys()
            assert hints.get("labels", {}).keys() <= set(field.get("enum", ()))
            for name, values in hints.get("when", {}).items():
                assert values is None or set(values) <= set(properties[name]["enum"])


def test_the_editor_is_tested_with_the_types_as_they_are() -> None:
    """To bring its file up to date, write what this compares with into it."""
    known = json.loads(EDITOR.read_text("utf-8"))
    assert known == [describe(node_type).model_dump(mode="json") for node_type in NODE_TYPES.values()]
