"""YAML is read as its author wrote it, or refused with line and column."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from watchbill.cli.reading import NotRunnable, read_object
from watchbill.cli.workflow import read_workflow
from watchbill.cli.yaml_text import BadYaml, read_yaml

BOMB = "a: &a [1]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
    for before, name in zip("abcdef", "bcdefg", strict=True)
)
FLOW = """
nodes:
  - {id: start, type: input, config: {fields: [{name: topic, options: [yes, 1, null_]}]}}
  - id: pick
    type: condition
    config:
      cases: [{handle: true, when: "inputs.topic == 'yes'"}]
      else: false
  - {id: one, type: output, label: 2026-01-31, config: {values: {topic: 2026-01-31, no: 12:30}}}
  - {id: two, type: output, config: {values: {on: yes}}}
edges:
  - {id: 1, source: start, target: pick}
  - {id: 2, source: pick, target: one, source_handle: true}
  - {id: 3, source: pick, target: two, source_handle: false}
"""


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("yes", "yes"),
        ("[no, on, off, y, Yes, NO]", ["no", "on", "off", "y", "Yes", "NO"]),
        ("[true, False, TRUE]", [True, False, True]),
        ("[~, null, NULL, '', ]", [None, None, None, ""]),
        ("2026-01-31", "2026-01-31"),
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"),
        ("12:30", "12:30"),
        ("190:20:30", "190:20:30"),
        ("1_000", "1_000"),
        ("0b101", "0b101"),
        ("[0o17, 0xff, 0, -7, +7]", [15, 255, 0, -7, 7]),
        ("[1.5, 1e3, .5, 1., -2.5E-3]", [1.5, 1000.0, 0.5, 1.0, -0.0025]),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("'0123'", "0123"),
        ("!!str 5", "5"),
        ("{1: a, true: b, 2026-01-31: c, null: d}", {"1": "a", "true": "b", "2026-01-31": "c", "null": "d"}),
        ('"\\ud83d\\udea2 \\u2028"', "🚢 \u2028"),
        ("\ufeffa: 1\r\nb: 2\r\n", {"a": 1, "b": 2}),
        ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
        ("'<<': 1", {"<<": 1}),
        ("text: |\n  a\n\tb\n", None),
        ("", None),
        ("# nothing\n", None),
        ("---\n", None),
    ],
)
def test_what_stands_there_is_what_is_read(written: str, value: Any):
    if "\t" in written:
        with pytest.raises(BadYaml, match="tab"):
            read_yaml(written)
        return
    found = read_yaml(written)
    assert found == value and repr(found) == repr(value)


@pytest.mark.parametrize(
    ("written", "line", "column", "why"),
    [
        ("a: 1\nb: 2\na: 3", 3, 1, "the key 'a' appears twice"),
        ("1: a\n'1': b", 2, 1, "appears twice"),
        ("a: 9223372036854775808", 1, 4, "more than 64 bits"),
        ("a: 0x8000000000000000", 1, 4, "more than 64 bits"),
        ("a: " + "1" * 5000, 1, 4, "too long"),
        ("a: .nan", 1, 4, "not a JSON number"),
        ("a: -.inf", 1, 4, "not a JSON number"),
        ("a: 1e400", 1, 4, "inf is not a JSON number"),
        ("a: 1e-400", 1, 4, "too small"),
        ("a: 0777", 1, 4, "begins with a zero"),
        ("a:\n  <<: {b: 1}", 2, 3, "merge keys"),
        ("a: !!python/object/apply:os.system [ls]", 1, 4, "tag"),
        ("a: !!timestamp 2026-01-31", 1, 4, "tag"),
        ("a: !mine x", 1, 4, "tag"),
        ("? [a]\n: 1", 1, 3, "a key must be a text"),
        ("a: 1\n---\nb: 2", 2, 1, "second document"),
        ("a:\n\tb: 1", 2, 1, "tab"),
        ("a: [1", 1, 6, "expected"),
        ("a: *b", 1, 4, "undefined alias"),
        ('a: "\\ud83d"', 1, 4, "surrogate"),
        ('a: "\\0"', 1, 4, "NUL"),
        ("a: x\x00y", 1, 5, "not allowed"),
        ("a: 1\nb: x\u2028y", 2, 5, "line break"),
        ("a: &a [*a]", 1, 4, "200 levels"),
        ("a: " + "[" * 201 + "]" * 201, 1, 203, "200 levels"),
        ("a: " + "[" * 5000 + "]" * 5000, 1, 1, "200 levels"),
        (BOMB, 1, 4, "100,000"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_place(
    written: str, line: int | None, column: int | None, why: str
):
    with pytest.raises(BadYaml, match=why.replace("(", r"\(")) as raised:
        read_yaml(written)
    if line is not None:
        assert (raised.value.line, raised.value.column) == (line, column)


def test_names_in_a_workflow_are_texts(tmp_path: Path):
    file = tmp_path / "flow.yaml"
    file.write_text(FLOW)
    workflow = read_workflow(file, ["topic=yes"], None)
    nodes = {node["id"]: node for node in workflow.definition["nodes"]}
    assert nodes["start"]["config"]["fields"][0]["options"] == ["yes", "1", "null_"]
    assert nodes["one"]["config"]["values"] == {"topic": "2026-01-31", "no": "12:30"}
    assert nodes["two"]["config"]["values"] == {"on": "yes"}
    assert [edge.get("source_handle") for edge in workflow.definition["edges"]] == [None, "true", "false"]
    with pytest.raises(NotRunnable, match="given twice"):
        read_workflow(file, ["topic=yes", "topic=1"], None)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.yaml", b"", "a.yaml is empty."),
        ("a.yaml", b"- 1", "not a list."),
        ("a.yaml", b"yes", "not a single value."),
        ("a.yaml", b"a: 1\nb: \xff", "a.yaml:2: the file is not utf-8 text."),
        ("a.yaml", b"a: 1\na: 2", "a.yaml:2:1: the key 'a' appears twice."),
        ("a.json", b'{"a": 1, "a": 2}', 'a.json cannot be kept as it is: $: the key "a" appears twice.'),
        ("a.json", b'{"a": yes}', "a.json:1:7: Expecting value."),
        (
            "a.yml",
            b'{"a": {"b": 1e999}}',
            "a.yml cannot be kept as it is: $.a.b: the number 1e999 is too large.",
        ),
        ("a.yml", b"x" * (8 * 1024 * 1024 + 1), "a.yml is larger than 8,388,608 bytes."),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, content: bytes, said: str):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(NotRunnable) as raised:
        read_object(tmp_path / name)
    assert str(raised.value).removeprefix(f"{tmp_path}/").endswith(said)


def test_files_of_other_systems(tmp_path: Path):
    for content in ("a: é\r\n".encode("utf-16"), b"\xef\xbb\xbfa: \xc3\xa9\r\n", b'\t{"a":\t"\xc3\xa9"}'):
        (tmp_path / "a.yaml").write_bytes(content)
        assert read_object(tmp_path / "a.yaml") == {"a": "é"}
