"""Writes the reference pages and the OpenAPI document from the code: `generate.py [--check]`.

With --check nothing is written; pages that differ from the code are named, and the exit code is 1.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import typer
from fastapi.routing import iter_route_contexts
from pydantic import AliasChoices, BaseModel, SecretStr

from watchbill.api.app import create_app
from watchbill.api.openapi import document
from watchbill.cli.commands import app
from watchbill.config import Settings
from watchbill.core.computing_budget import full
from watchbill.core.events import DATA_MODELS, JOURNAL_TYPES, Event
from watchbill.core.expressions import parse
from watchbill.core.expressions.functions import LIBRARIES
from watchbill.core.expressions.template import parse_template
from watchbill.core.flow.definition import (
    MAX_BYTES,
    MAX_EDGES,
    MAX_NODES,
    Edge,
    FlowDefinition,
    Node,
    RetryPolicy,
)
from watchbill.features.identity.permissions import RANKS, TABLE
from watchbill.nodes.registry import NODE_TYPES

REFERENCE = Path(__file__).parent / "reference"
TEXTS = Path(__file__).parent / "texts"
NOTE = "<!-- Written by docs/generate.py from the code; change it there. -->\n"


def cli() -> str:
    """Every command with its help, as a terminal shows it."""
    group: Any = typer.main.get_command(app)
    parts = [_text("cli"), _help(group, "watchbill")]
    for name, command in group.commands.items():
        parts.append(f"## {name}\n\n{_help(command, f'watchbill {name}')}")
        for inner, part in getattr(command, "commands", {}).items():
            parts.append(f"### {name} {inner}\n\n{_help(part, f'watchbill {name} {inner}')}")
    return "\n".join(parts)


def _help(command: Any, name: str) -> str:
    context = command.context_class(command, info_name=name, terminal_width=88, max_content_width=88)
    return f"```text\n{click.unstyle(command.get_help(context)).rstrip()}\n```\n"


def settings() -> str:
    """Every setting: names, type, default, meaning."""
    rows = ["| variable | values | default | meaning |", "|---|---|---|---|"]
    schema = Settings.model_json_schema(by_alias=False)["properties"]
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        names = list(alias.choices) if isinstance(alias, AliasChoices) else [f"WATCHBILL_{name.upper()}"]
        variable = f"`{names[0]}`" + "".join(f", or `{other}`" for other in names[1:] if other != names[0])
        default = _default(name, field.default)
        rows.append(f"| {variable} | {_kind(schema[name])} | {default} | {_line(field.description)} |")
    return "\n".join((_text("settings"), *rows, ""))


def _default(name: str, value: Any) -> str:
    if isinstance(value, SecretStr):
        return "for development only"
    return f"`{value}`" if value not in (None, []) else ""


def flow_definition() -> str:
    """The definition's models and the configuration of every node type."""
    limits = f"At most {MAX_NODES:,} nodes, {MAX_EDGES:,} edges and {MAX_BYTES // 2**20} MiB.\n"
    parts = [_text("flow-definition"), limits]
    parts += [_model(model, "###") for model in (FlowDefinition, Node, RetryPolicy, Edge)]
    parts.append("## Node types\n")
    for type_ in NODE_TYPES.values():
        schema = type_.config.model_json_schema()
        parts.append(f"### {type_.kind}\n\n{type_.description} {_line(schema.get('description'))}\n")
        parts.append(_table(schema))
        for name, nested in schema.get("$defs", {}).items():
            if "properties" in nested:
                parts.append(f"**{name}**: {_line(nested.get('description'))}\n\n{_table(nested)}")
    return "\n".join(parts)


def events() -> str:
    """The envelope and every type with its data."""
    parts = [_text("events"), _model(Event, "##")]
    for title, journal in (("Journal", True), ("Trace", False)):
        parts.append(f"## {title}\n")
        for name, model in DATA_MODELS.items():
            if (name in JOURNAL_TYPES) == journal:
                schema = model.model_json_schema()
                schema["properties"].pop("type")
                own = _line(schema.get("description")) if model.__doc__ != BaseModel.__doc__ else ""
                parts.append(
                    f"### {name}\n\n{own}\n\n{_table(schema) if schema['properties'] else 'No data.'}"
                )
    return "\n".join(parts).replace("\n\n\n\n", "\n\n")


SCOPE: dict[str, Any] = {
    "inputs": {"topic": "tides", "count": 3, "tags": ["sea", "moon"]},
    "nodes": {
        "classify": {"output": {"urgency": "high", "score": 0.92}, "status": "completed"},
        "research": {"output": "Two tides a day.", "status": "completed"},
        "answer": {"output": None, "status": "skipped"},
    },
}
EXPRESSIONS = (
    "inputs.count > 2",
    'nodes.classify.output.urgency in ["high", "critical"]',
    "size(nodes.research.output) > 200",
    'inputs.topic.startsWith("ti") && inputs.count < 10',
    'nodes.answer.status == "skipped" ? "none" : nodes.answer.output',
    "inputs.tags.map(tag, size(tag))",
    'inputs.tags.filter(tag, tag != "sea")',
    'inputs.tags.exists(tag, tag.contains("oo"))',
    'has(nodes.classify.output.reason) ? nodes.classify.output.reason : "unknown"',
    "string(nodes.classify.output.score)",
    "inputs.count * 1.5",
    "url.encode(inputs.topic + '?')",
    "json.decode('[1, 2]')[1]",
    "timestamp('2026-03-28', 'Europe/Berlin').addDays(1).format('%A %d %B')",
    "regex.extractAll(nodes.research.output, '[A-Z][a-z]+')",
    '{"topic": inputs.topic, "urgent": nodes.classify.output.score > 0.9}',
)
TEMPLATES = (
    "Research {{ inputs.topic }}.",
    "{{ inputs.tags }}",
    "Tags: {{ inputs.tags }}",
    "{{ nodes.classify.output.score }}",
    "Answer: {{ nodes.answer.output }}",
)


def expressions() -> str:
    """The language, with examples evaluated by the engine itself."""
    sample = f"```json\n{json.dumps(SCOPE, indent=2)}\n```\n"
    rows = ["| expression | value |", "|---|---|"]
    rows += [
        f"| `{_cell(source)}` | `{json.dumps(parse(source).evaluate(SCOPE, full()))}` |"
        for source in EXPRESSIONS
    ]
    shown = ["\n## Templates\n", _text("templates"), "| template | value |", "|---|---|"]
    shown += [
        f"| `{_cell(text)}` | `{json.dumps(parse_template(text).render(SCOPE, full()))}` |"
        for text in TEMPLATES
    ]
    listed = ["\n## Functions\n", _text("functions")]
    for title, library in LIBRARIES.items():
        listed += [f"### {title}\n", "| function | |", "|---|---|"]
        listed += [f"| `{function.name}` | {_cell(function.says)} |" for function in library]
        listed.append("")
    return "\n".join((_text("expressions"), sample, *rows, *shown, *listed))


def functions() -> str:
    """The functions that the editor offers while an expression is typed."""
    rows = [
        {
            "library": title,
            "name": function.name,
            "takes": function.most != 0,
            "needs": function.least,
            "says": function.says,
        }
        for title, library in LIBRARIES.items()
        for function in library
    ]
    return f"{json.dumps(rows, indent=2, ensure_ascii=False)}\n"


def permissions() -> str:
    """The table of roles, and which permission each route needs."""
    roles = list(RANKS)
    rows = [f"| permission | allows | {' | '.join(roles)} |", "|---|---|" + "---|" * len(roles)]
    for rule in TABLE:
        marks = ["yes" if RANKS[role] >= RANKS[rule.least] else "" for role in roles]
        rows.append(f"| `{rule.permission}` | {_cell(rule.allows)} | {' | '.join(marks)} |")
    routes = ["\n## Routes\n", "| route | needs |", "|---|---|"]
    for route in sorted(iter_route_contexts(create_app(Settings(_env_file=None)).routes), key=_place):
        needed = ", ".join(f"`{one}`" for one in _needs(route))
        for method in sorted(getattr(route, "methods", None) or {"WEBSOCKET"}):
            if method != "HEAD" and str(route.path).startswith("/api/v1"):
                routes.append(f"| {method} `{route.path}` | {needed or 'no sign-in'} |")
    return "\n".join((_text("permissions"), *rows, *routes, ""))


def _place(route: Any) -> tuple[str, str]:
    return str(route.path), " ".join(sorted(getattr(route, "methods", None) or ()))


# It asks by itself: a dependency's transaction would last as long as the socket.
SOCKETS = {"/api/v1/ws/executions/{execution_id}": "executions:read"}


def _needs(route: Any) -> Iterator[str]:
    """The permissions that a route demands."""
    if route.path in SOCKETS:
        yield SOCKETS[route.path]
    waiting = [dependant] if (dependant := getattr(route, "dependant", None)) else []
    while waiting:
        dependant = waiting.pop()
        waiting += dependant.dependencies
        if permission := getattr(dependant.call, "permission", None):
            yield permission


def _text(name: str) -> str:
    return (TEXTS / f"{name}.md").read_text("utf-8")


def _model(model: type[BaseModel], level: str) -> str:
    schema = model.model_json_schema(by_alias=True)
    return f"{level} {model.__name__}\n\n{_line(schema.get('description'))}\n\n{_table(schema)}"


def _table(schema: dict[str, Any]) -> str:
    rows = ["| field | values | default | meaning |", "|---|---|---|---|"]
    rows += _rows(schema)
    return "\n".join(rows) + "\n"


def _rows(schema: dict[str, Any]) -> Iterator[str]:
    required = schema.get("required", ())
    for name, field in schema["properties"].items():
        default = "required" if name in required else f"`{_cell(json.dumps(field.get('default')))}`"
        title = field.get("title", "")
        # Pydantic makes titles of names; only those somebody wrote say more than the name.
        own = "" if title.lower() == name.replace("_", " ").strip() else title
        meaning = ". ".join(part.rstrip(".") for part in (own, _line(field.get("description"))) if part)
        yield f"| `{name}` | {_kind(field)} | {default} | {meaning} |"


def _kind(field: dict[str, Any]) -> str:
    """What a JSON Schema accepts, in a few words."""
    if reference := field.get("$ref"):
        return reference.rsplit("/", 1)[1]
    if options := field.get("enum"):
        return ", ".join(f"`{option}`" for option in options)
    if "const" in field:
        return f"`{field['const']}`"
    if choices := field.get("anyOf"):
        return " or ".join(_kind(choice) for choice in choices)
    if field.get("type") == "array":
        return f"list of {_kind(field.get('items', {}))}"
    kind = field.get("type", "anything")
    form = field.get("format")
    bounds = [f"{word} {field[key]:,}".removesuffix(".0") for key, word in _BOUNDS.items() if key in field]
    return " ".join((f"{form}" if form in _FORMATS else kind, *bounds))


_BOUNDS = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "to"}
_FORMATS = ("uuid", "date-time", "template", "cel", "template-map")


def _line(text: str | None) -> str:
    return _cell(" ".join((text or "").split()))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


PAGES = {
    "cli.md": lambda: NOTE + cli(),
    "settings.md": lambda: NOTE + settings(),
    "flow-definition.md": lambda: NOTE + flow_definition(),
    "events.md": lambda: NOTE + events(),
    "expressions.md": lambda: NOTE + expressions(),
    "permissions.md": lambda: NOTE + permissions(),
    "openapi.json": document,
    "../../frontend/src/features/editor/model/functions.json": functions,
}


def main(*, check: bool) -> int:
    """Write the pages, or with `check` name those that are out of date; returns the exit code."""
    stale = []
    for name, build in PAGES.items():
        page, text = REFERENCE / name, build()
        if not page.exists() or page.read_text("utf-8") != text:
            stale.append(name)
            if not check:
                page.write_text(text, "utf-8")
    if check and stale:
        sys.stderr.write(f"Out of date: {', '.join(stale)}. Run `make docs`.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
