"""The examples that come with Watchbill compile without a problem and are drawn readably."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from watchbill.core.plan import compile_flow
from watchbill.kit.process.resources import data_dir
from watchbill.nodes.input import Config, check_inputs
from watchbill.nodes.registry import NODE_TYPES

FOLDER = data_dir("examples") or Path("examples")
NAMES = ("parallel-comparison", "research-brief", "support-triage")


@pytest.fixture(params=NAMES)
def example(request: pytest.FixtureRequest) -> dict[str, Any]:
    return yaml.safe_load((FOLDER / f"{request.param}.yaml").read_text())


def test_every_file_is_known() -> None:
    assert tuple(sorted(path.stem for path in FOLDER.glob("*.yaml"))) == NAMES


def test_compiles_without_problems_or_warnings(example: dict[str, Any]) -> None:
    compilation = compile_flow(example["definition"], NODE_TYPES)
    assert list(compilation.problems) == []
    assert compilation.plan is not None


def test_has_what_the_gallery_shows(example: dict[str, Any]) -> None:
    assert set(example) == {"name", "title", "description", "inputs_example", "definition"}
    assert (FOLDER / f"{example['name']}.yaml").exists()
    assert example["title"]
    assert example["description"].endswith(".")


def test_its_example_inputs_are_accepted(example: dict[str, Any]) -> None:
    (entry,) = (node for node in example["definition"]["nodes"] if node["type"] == "input")
    _values, errors = check_inputs(Config.model_validate(entry["config"]), example["inputs_example"])
    assert errors == []


def test_is_drawn_without_overlap(example: dict[str, Any]) -> None:
    nodes = {node["id"]: node for node in example["definition"]["nodes"]}
    layout = example["definition"]["layout"]
    assert layout.keys() == nodes.keys()
    assert all(node["label"] for node in nodes.values())
    for one, other in combinations(layout.values(), 2):
        assert abs(one["x"] - other["x"]) >= 300 or abs(one["y"] - other["y"]) >= 140
    for edge in example["definition"]["edges"]:
        assert layout[edge["source"]]["x"] < layout[edge["target"]]["x"]
