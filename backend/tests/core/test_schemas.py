"""JSON Schemas are checked whole: nothing is fetched, and none costs more than it may."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core.flows import edge, flow, input_node, node, output
from watchbill.core.plan import Problem, compile_flow
from watchbill.core.schemas import Matcher, check_schema, is_quick, json_path, told
from watchbill.nodes.registry import NODE_TYPES

DRAFTS = {
    "https://json-schema.org/draft/2020-12/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "http://json-schema.org/draft-07/schema#",
    "http://json-schema.org/draft-06/schema#",
    "http://json-schema.org/draft-04/schema#",
}
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "boss": {"$ref": "#"}, "tags": {"$ref": "#/$defs/a~1b"}},
    "$defs": {"a/b": {"type": "array", "items": {"pattern": "^[a-z]+$"}}, "x": {"$anchor": "x"}},
    "required": ["name"],
}
GOOD: list[Any] = [
    {},
    True,
    False,
    PERSON,
    {"$ref": "#/$defs/%61", "$defs": {"a": {}}},
    {"$ref": "#x", "$defs": {"x": {"$anchor": "x"}}},
    {"$dynamicRef": "#x", "$defs": {"x": {"$dynamicAnchor": "x"}}},
    {"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "#x", "definitions": {"x": {"$id": "#x"}}},
    {"$schema": "https://json-schema.org/draft/2019-09/schema", "not": {"$recursiveRef": "#"}},
    {"$id": "https://nowhere.test/person", "$ref": "#/$defs/a", "$defs": {"a": {}}},
    {"$id": "file:///etc/passwd", "properties": {"a": {"$ref": "#"}}},
    # These only look like references.
    {"const": {"$ref": "http://127.0.0.1/"}},
    {"enum": [{"$ref": "other.json"}], "default": {"$ref": "x"}, "examples": [{"$ref": "y"}]},
    {"properties": {"$ref": {"type": "string"}, "$id": {}, "id": {"type": "integer"}}},
]
# Where a reference may stand, and every way in which it may leave the document.
PLACES: list[Any] = [
    lambda inner: inner,
    lambda inner: {"properties": {"a": inner}},
    lambda inner: {"patternProperties": {"a": inner}},
    lambda inner: {"$defs": {"a": inner}},
    lambda inner: {"definitions": {"a": inner}},
    lambda inner: {"dependentSchemas": {"a": inner}},
    lambda inner: {"allOf": [{}, inner]},
    lambda inner: {"prefixItems": [inner]},
    lambda inner: {"items": inner},
    lambda inner: {"not": {"contains": {"propertyNames": inner}}},
    lambda inner: {"if": inner, "then": {}, "else": inner},
    lambda inner: {"unevaluatedProperties": inner, "unevaluatedItems": inner},
    lambda inner: {"additionalProperties": inner},
    lambda inner: {"contentSchema": inner},
    lambda inner: {"$ref": "#/elsewhere/0", "elsewhere": [inner]},
]
AWAY = [
    "http://127.0.0.1:{port}/s",
    "https://127.0.0.1:{port}/s#/a",
    "//127.0.0.1:{port}/s",
    "{file}",
    "{path}",
]
AWAY += ["other.json", "../s.json#/a", "s", "", "?x", "urn:x:y", "data:application/json,{{}}", "#/$defs/none"]
AWAY += ["#none", "#/", "https://json-schema.org/draft/2020-12/schema", "FILE:{path}", " #"]
KEYWORDS = ["$ref", "$dynamicRef", "$recursiveRef"]


@pytest.fixture(scope="module", name="listening")
def _listening() -> Any:
    """A server that notes what is asked of it."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1], asked
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("schema", GOOD, ids=range(len(GOOD)))
def test_a_sound_schema_has_no_problems(schema: Any):
    assert check_schema(schema) == ()
    Matcher(schema)


@pytest.mark.parametrize("draft", sorted(DRAFTS))
def test_every_published_draft_is_known(draft: str):
    assert check_schema({"$schema": draft, "type": "object"}) == ()


@pytest.mark.parametrize("place", PLACES, ids=range(len(PLACES)))
def test_a_reference_never_leaves_its_schema(place: Any, listening: tuple[int, list[str]], tmp_path: Path):
    port, asked = listening
    file = tmp_path / "secret.json"
    file.write_text('{"type": "integer"}')
    for keyword in KEYWORDS:
        for given_ in AWAY:
            reference = given_.format(port=port, file=file.as_uri(), path=file)
            if reference == "#/" or (reference == "" and keyword != "$ref"):
                continue
            schema = place({keyword: reference})
            problems = check_schema(schema)
            assert problems and problems[0].code == "schema_reference", (schema, problems)
            assert problems[0].path[-1] == keyword
            # Nor would it be followed, had nobody checked.
            try:
                assert Matcher(schema).mismatches({"a": "text"}) is not None
            except ValueError as error:
                assert "secret" not in str(error) or "secret.json" in str(error)
    assert asked == []


@pytest.mark.parametrize(
    ("schema", "path", "code"),
    [
        ([], (), "schema_invalid"),
        ("x", (), "schema_invalid"),
        (None, (), "schema_invalid"),
        ({"type": "strange"}, ("type",), "schema_invalid"),
        ({"properties": {"a": {"minimum": "1"}}}, ("properties", "a", "minimum"), "schema_invalid"),
        ({"allOf": [{}, {"required": "a"}]}, ("allOf", 1, "required"), "schema_invalid"),
        ({"properties": {"a": 1}}, ("properties", "a"), "schema_invalid"),
        ({"enum": [float("nan")]}, (), "schema_invalid"),
        ({"const": "\ud800"}, (), "schema_invalid"),
        ({1: 2}, (), None),
        ({"$schema": "http://127.0.0.1/meta"}, ("$schema",), "schema_reference"),
        ({"$schema": "file:///etc/passwd"}, ("$schema",), "schema_reference"),
        ({"$schema": 5}, ("$schema",), "schema_invalid"),
        ({"$ref": 5}, ("$ref",), "schema_reference"),
        ({"$ref": "#/enum/0", "enum": [1]}, ("$ref",), "schema_reference"),
        (
            {"properties": {"a": {"$id": "http://127.0.0.1/", "$ref": "#"}}},
            ("properties", "a", "$id"),
            "schema_reference",
        ),
        (
            {"$schema": "http://json-schema.org/draft-04/schema#", "not": {"id": "http://127.0.0.1/"}},
            ("not", "id"),
            "schema_reference",
        ),
        ({"not": {"$schema": "http://127.0.0.1/meta"}}, ("not", "$schema"), "schema_reference"),
        ({"pattern": "^(?=a)"}, ("pattern",), "schema_pattern"),
        ({"items": {"pattern": "(?<!a)b"}}, ("items", "pattern"), "schema_pattern"),
        ({"pattern": r"(a)\1"}, ("pattern",), "schema_pattern"),
        ({"pattern": "("}, ("pattern",), "schema_pattern"),
        ({"pattern": "((a{100}){100}){100}"}, ("pattern",), "schema_pattern"),
        ({"patternProperties": {"(?!x)": {}}}, ("patternProperties", "(?!x)"), "schema_pattern"),
        ({"pattern": "a" * 1001}, ("pattern",), "schema_too_large"),
        ({"allOf": [{"pattern": "a"}] * 51}, (), "schema_too_large"),
        ({"allOf": [{}] * 2000}, (), "schema_too_large"),
        ({"description": "x" * 65_536}, (), "schema_too_large"),
    ],
    ids=range(28),
)
def test_what_is_wrong_with_a_schema_and_where(schema: Any, path: tuple[Any, ...], code: str | None):
    problems = check_schema(schema)
    assert (problems[0].path, problems[0].code) == (path, code) if code else True


@pytest.mark.parametrize("opening", [{"not": None}, {"items": None}, {"allOf": [None]}, {"default": None}])
def test_deep_schemas_are_refused(opening: dict[str, Any]):
    text = "{}"
    for _ in range(5_000):
        text = json.dumps(opening).replace("null", text)
    deep: Any = {}
    for _ in range(5_000):
        deep = {key: [deep] if isinstance(held, list) else deep for key, held in opening.items()}
    assert check_schema(deep)[0].code == "schema_too_large"


def doubling(levels: int) -> dict[str, Any]:
    """A small schema that is enormous once its references are followed."""
    steps = {f"a{i}": {"allOf": [{"$ref": f"#/$defs/a{i + 1}"}] * 2} for i in range(levels)}
    return {"$ref": "#/$defs/a0", "$defs": {**steps, f"a{levels}": {"type": "integer"}}}


def test_references_may_not_multiply():
    assert check_schema(doubling(3)) == ()
    for levels in (25, 300):
        assert check_schema(doubling(levels))[0].code == "schema_too_large"


def test_long_chains_and_circles_of_references_are_no_trouble():
    chain = {f"a{i}": {"$ref": f"#/$defs/a{i + 1}"} for i in range(1_500)}
    assert check_schema({"$ref": "#/$defs/a0", "$defs": {**chain, "a1500": {}}}) == ()
    circle = {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}
    assert check_schema(circle) == ()
    assert Matcher(circle).mismatches(1) == []


def test_what_is_cheap_is_known_beforehand():
    assert is_quick(PERSON | {"properties": {"name": {"pattern": "^a+$"}}}, 500)
    assert not is_quick(PERSON, 500), "it is recursive"
    assert not is_quick({"pattern": "^a{1,500}$"}, 10)
    assert not is_quick({"enum": list(range(5_000))}, 100)
    assert not is_quick({"type": "string"}, 100_000)
    assert is_quick({"type": "strange"}, 100_000), "it is refused before anything is compared"


def test_patterns_take_linear_time():
    matcher = Matcher({"pattern": "^(a+)+$"})
    assert matcher.mismatches("a" * 100_000 + "!") != []
    assert matcher.mismatches("a" * 100_000) == []


def test_formats_are_notes_in_every_draft():
    for draft in DRAFTS:
        matcher = Matcher({"$schema": draft, "type": "string", "format": "date-time"})
        assert matcher.mismatches("tomorrow") == []


def test_numbers_are_compared_exactly():
    assert Matcher({"maximum": 9007199254740992}).mismatches(9007199254740993) != []
    assert Matcher({"multipleOf": 0.01}).mismatches(0.07) == []
    assert Matcher({"type": "integer"}).mismatches(1.0) == [], "as JSON Schema says since draft 6"
    assert Matcher({"type": "integer"}).mismatches(1.5) != []
    assert Matcher({"type": "integer"}).mismatches(True) != []


def test_mismatches_name_the_place():
    wrong = {"name": 1, "tags": ["ok", "Not ok"], "boss": {}}
    found = Matcher({**PERSON, "properties": {**PERSON["properties"], "boss": {"minProperties": 1}}})
    assert {entry.split(":")[0] for entry in found.mismatches(wrong)} == {"$.name", "$.boss", "$.tags[1]"}
    assert len(Matcher(PERSON).mismatches(wrong)) == 1, "where references lead back, the first place will do"


def test_paths_are_written_as_jsonpath():
    assert json_path(("items", 0, "a name", "$ref")) == '$.items[0]["a name"].$ref'


def test_problems_are_told_in_one_text():
    problems = check_schema({"allOf": [{"$ref": "a"}, {"$ref": "b"}, {"$ref": "c"}, {"$ref": "d"}]})
    assert told(problems).startswith("$.allOf[0].$ref: The reference `a` leaves this document.")
    assert told(problems).endswith("(1 more.)")


def _nested(field: str, schema: Any) -> dict[str, Any]:
    """A configuration with this schema at a dotted path."""
    config: dict[str, Any] = {"prompt": "Hi"} if field == "output_schema" else {}
    agent = {"role": "r", "goal": "g"}
    task = {"description": "d", "expected_output": "e", "output_schema": schema}
    if field == "output_schema":
        return config | {"output_schema": schema}
    if field == "task.output_schema":
        return {"agent": agent, "task": task}
    named = [{"name": "t", "agent": "a", **task}]
    return {"crew": {"agents": [{"name": "a", **agent}], "tasks": named}}


def compiled_problems(kind: str, config: dict[str, Any]) -> list[Problem]:
    nodes = [input_node("topic"), node("step", kind, config), output()]
    return list(compile_flow(flow(nodes, [edge("in", "step"), edge("step", "out")]), NODE_TYPES).problems)


@pytest.mark.parametrize(
    ("kind", "field"),
    [("llm", "output_schema"), ("agent", "task.output_schema"), ("crew", "crew.tasks.0.output_schema")],
)
def test_a_flow_with_a_wrong_schema_has_a_problem_at_its_node_and_field(kind: str, field: str):
    for schema, code in (
        ({"$ref": "http://127.0.0.1/"}, "schema_reference"),
        ({"properties": {"a{b}": {"type": "strange"}}}, "schema_invalid"),
        ({"pattern": "(?=a)"}, "schema_pattern"),
        ({"enum": ["x" * 70_000]}, "schema_too_large"),
    ):
        [problem] = compiled_problems(kind, _nested(field, schema))
        assert (problem.node_id, problem.field, problem.code) == ("step", f"config.{field}", code)
    assert "$.properties" in compiled_problems(kind, _nested(field, {"properties": {"{x}": 1}}))[0].message


parts = st.recursive(
    st.sampled_from(
        [True, {}, {"$ref": "#"}, {"type": "integer"}, {"$ref": "#/a"}, {"enum": [1]}, 1, None, "x"]
    ),
    lambda inner: st.dictionaries(
        st.sampled_from(["properties", "allOf", "items", "not", "a", "$defs", "$ref", "$id", "pattern"]),
        inner | st.lists(inner, max_size=3),
        max_size=3,
    ),
    max_leaves=10,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(parts)
def test_whatever_a_schema_is_checking_it_tells_and_never_raises(schema: Any):
    if not check_schema(schema):
        Matcher(schema).mismatches({"a": [1]})
