"""Every way in refuses the same values, in the same words, with their place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from httpx import AsyncClient, Response

from tests.features.flows.test_flows import make_flow
from tests.features.triggers.firing import make_trigger
from tests.people import Person, refused
from watchbill.cli.reading import NotRunnable, read_object
from watchbill.cli.workflow import read_workflow
from watchbill.core.answers import AnswerMismatch, parse_answer
from watchbill.core.json.text import NotExact
from watchbill.nodes.http_request import parsed

# As JSON, why it is refused, and the place within the value.
VALUES = {
    "2**63": (str(2**63), "has more than 64 bits", ""),
    "-2**63-1": (str(-(2**63) - 1), "has more than 64 bits", ""),
    "5000 digits": ("7" * 5000, "has more than 64 bits", ""),
    "1e400": ("1e400", "is too large", ""),
    "1e-400": ("1e-400", "is too small", ""),
    "NaN": ("NaN", "is not a JSON number", ""),
    "-Infinity": ("[-Infinity]", "is not a JSON number", "[0]"),
    "NUL": ('{"a": "\\u0000"}', "contains NUL", ".a"),
    "a key with NUL": ('{"a": {"\\u0000": 1}}', "contains NUL", ".a"),
    "lone surrogate": ('[1, "\\ud800"]', "half a surrogate pair", "[1]"),
    "duplicate keys": ('{"b": [{"a": 1, "a": 1}]}', "appears twice", ".b[0]"),
    "depth 201": ("[" * 201 + "]" * 201, "more than 200 levels deep", None),
}
JSON = {"Content-Type": "Application/JSON; charset=utf-8"}


@dataclass
class Ground:
    """What the entrances lead to."""

    member: Person
    visitor: AsyncClient


Send = Callable[[Ground, str], Awaitable[Response]]


async def post(ground: Ground, path: str, body: str) -> Response:
    return await ground.member.http.post(path, content=body.encode(), headers=JSON)


async def execute(ground: Ground, value: str) -> Response:
    flow = await make_flow(ground.member)
    return await post(ground, f"flows/{flow['id']}/execute", '{"inputs": {"topic": ?}}'.replace("?", value))


async def save(ground: Ground, value: str) -> Response:
    return await post(ground, "flows", '{"name": "f", "definition": {"x": ?}}'.replace("?", value))


async def run_by_hand(ground: Ground, value: str) -> Response:
    hook = await make_trigger(ground.member, webhook={})
    return await post(ground, f"triggers/{hook['id']}/run", '{"body": {"topic": ?}}'.replace("?", value))


async def fork(ground: Ground, value: str) -> Response:
    return await post(
        ground, f"executions/{uuid4()}/fork", '{"from_node": "a", "outputs": {"b": ?}}'.replace("?", value)
    )


async def approve(ground: Ground, value: str) -> Response:
    return await post(
        ground, f"approvals/{uuid4()}/answer", '{"approved": true, "values": {"b": ?}}'.replace("?", value)
    )


async def webhook(ground: Ground, value: str) -> Response:
    hook = await make_trigger(ground.member, webhook={"signing": "none"})
    body = ('{"topic": ?}'.replace("?", value)).encode()
    return await ground.visitor.post(f"http://test{hook['path']}", content=body, headers=JSON)


async def untyped_webhook(ground: Ground, value: str) -> Response:
    hook = await make_trigger(ground.member, webhook={"signing": "none"})
    return await ground.visitor.post(
        f"http://test{hook['path']}", content=('{"topic": ?}'.replace("?", value)).encode()
    )


SERVED: dict[str, tuple[Send, str]] = {
    "an execution's inputs": (execute, ".inputs.topic"),
    "a flow": (save, ".definition.x"),
    "a trigger run by hand": (run_by_hand, ".body.topic"),
    "outputs of a fork": (fork, ".outputs.b"),
    "an approval's answer": (approve, ".values.b"),
    "a webhook": (webhook, ".topic"),
    "a webhook without a type": (untyped_webhook, ".topic"),
}


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("entrance", SERVED)
async def test_the_server_refuses(member: Person, visitor: AsyncClient, entrance: str, value: str):
    send, place = SERVED[entrance]
    raw, why, within = VALUES[value]
    problem = refused(await send(Ground(member, visitor), raw), 422, "not_exact")
    assert why in problem["detail"]
    if within is not None:
        assert f"cannot be kept as it is: ${place}{within}: " in problem["detail"]
        assert problem["errors"][0]["loc"][0] == "body"


def from_json_file(raw: str, folder: Path) -> None:
    (folder / "a.json").write_text('{"x": ?}'.replace("?", raw))
    read_object(folder / "a.json")


def from_yaml_file(raw: str, folder: Path) -> None:
    (folder / "a.yaml").write_text('{"x": ?}'.replace("?", raw))
    read_object(folder / "a.yaml")


def from_the_command_line(raw: str, folder: Path) -> None:
    (folder / "f.yaml").write_text(
        "nodes: [{id: a, type: input, config: {fields: [{name: x, type: object}]}}]\nedges: []\n"
    )
    read_workflow(folder / "f.yaml", [f"x={raw}"], None)


def from_a_service(raw: str, folder: Path) -> None:
    parsed("application/json", raw.encode())


def from_a_model(raw: str, folder: Path) -> None:
    parse_answer(raw, {})


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize(
    "read", [from_json_file, from_yaml_file, from_the_command_line, from_a_service, from_a_model]
)
def test_files_services_and_models_are_refused_alike(
    read: Callable[[str, Path], None], value: str, tmp_path: Path
):
    raw, why, within = VALUES[value]
    with pytest.raises((NotRunnable, NotExact, AnswerMismatch)) as raised:
        read(raw, tmp_path)
    assert why in str(raised.value)
    if within:
        assert f"{within}: " in str(raised.value)


@pytest.mark.parametrize(
    ("template", "code", "why"),
    [
        ("{{ 0.0 / 0.0 }}", "evaluation_failed", ""),
        ("{{ [1.0 / 0.0] }}", "evaluation_failed", ""),
        ("{{ 'a\\u0000' }}", "not_exact", "$.topic: the text contains NUL"),
    ],
)
async def test_what_a_mapping_gives_is_refused_alike(
    member: Person, visitor: AsyncClient, template: str, code: str, why: str
):
    hook = await make_trigger(member, webhook={"signing": "none"}, inputs={"topic": template})
    answer = await visitor.post(f"http://test{hook['path']}", json={"b": 1})
    problem = refused(answer, 422, "mapping_failed")
    [error] = problem["errors"]
    assert error["loc"][:2] == ["inputs", "topic"]
    assert error["code"] == code and why in problem["detail"]
