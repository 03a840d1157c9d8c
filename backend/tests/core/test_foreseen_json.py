"""What lies within a value is judged as the JSON that later nodes read, by no more than its schema says."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.flows import transform
from tests.core.foreseen import asked, of, said
from watchbill.core.plan import compile_flow
from watchbill.nodes.registry import NODE_TYPES

FINE: dict[str, tuple[dict[str, Any], ...]] = {
    "times in a map have become texts": (
        transform("a", "{{ {'at': now(), 'all': [duration('1s')]} }}"),
        transform("b", "{{ nodes.a.output.value.at.startsWith('2') }}"),
        transform("c", "{{ nodes.a.output.value.all[0] + 1 }}"),
    ),
    "times in a list have become texts": (
        transform("a", "{{ [now()].map(t, {'at': t}) }}"),
        transform("b", "{{ nodes.a.output.value[0].at.lower() }}"),
    ),
    "first elements are of another kind": asked(
        {"type": "array", "prefixItems": [{"type": "string"}], "items": {"type": "integer"}},
        "{{ nodes.ask.output[0].lower() }}",
    ),
    "what stands beside a reference does not count": asked(
        {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "definitions": {"text": {"type": "string"}},
            "properties": {"a": {"$ref": "#/definitions/text", "type": "integer"}},
            "type": "object",
        },
        "{{ nodes.ask.output.a.lower() }}",
    ),
}


@pytest.mark.parametrize("name", FINE)
def test_what_may_succeed_is_not_refused(name: str) -> None:
    assert said(of(*FINE[name])) == []
    assert compile_flow(of(*FINE[name]), NODE_TYPES).valid
