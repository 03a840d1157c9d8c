"""Rules of the house that imports do not tell: who writes which table, and who waits for what."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import watchbill
from watchbill.features.tables import PUBLIC_TABLES, TENANT_TABLES
from watchbill.kit.database.tables import PublicTable, TenantTable

SOURCE = Path(watchbill.__file__).parent
ROOT = SOURCE.parents[2]
TABLES = {table.name for tables in (PUBLIC_TABLES, TENANT_TABLES) for table in tables.tables.values()}
CLASSES = {
    mapper.class_.__name__: mapper.class_.__tablename__
    for base in (PublicTable, TenantTable)
    for mapper in base.registry.mappers
}
STATEMENT = re.compile(
    r"\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+(?:ONLY\s+)?(?:[\w\"{}.]*\.)?\"?(\w+)",
)
# The journal is written by the port's adapter, behind the epoch of whoever has the execution. Before the
# first claim, and when nobody has it, the feature does: it starts, asks, continues and removes.
JOURNAL = {"active_executions", "approvals", "executions", "execution_events", "execution_snapshots"}

# Migrations note how far they are.
BESIDES = {"tenants": {"kit/database"}}


def written(module: ast.Module) -> Iterator[str]:
    """The tables that a module writes: by name in SQL, by class in a statement, or with new rows."""
    imported = {
        alias.asname or alias.name: CLASSES[alias.name]
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[-1] in ("tables", "table")
        for alias in node.names
        if alias.name in CLASSES
    }
    for node in ast.walk(module):
        if isinstance(node, ast.JoinedStr):
            parts = (str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
            yield from named("".join(parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from named(node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in imported:
                yield imported[node.func.id]
            first = node.args[0] if node.args else None
            if node.func.id in ("insert", "update", "delete") and isinstance(first, ast.Name):
                yield from filter(None, [imported.get(first.id)])


def named(sql: str) -> Iterator[str]:
    return (name for name in STATEMENT.findall(sql) if name in TABLES)


def package(path: Path) -> str:
    """A feature or an adapter is one; a module of the other layers too, or its folder."""
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return "/".join(parts[:2])


def writers() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path in SOURCE.rglob("*.py"):
        module = ast.parse(path.read_text())
        for table in (*written(module), *changed(module)):
            found.setdefault(table, set()).add(package(path))
    return found


def changed(module: ast.Module) -> Iterator[str]:
    """The tables whose rows a function changes that it was given, or got by their key."""
    for function in ast.walk(module):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        arguments = (*function.args.args, *function.args.kwonlyargs)
        rows = {
            argument.arg: CLASSES[argument.annotation.id]
            for argument in arguments
            if isinstance(argument.annotation, ast.Name) and argument.annotation.id in CLASSES
        }
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
                rows |= {name: CLASSES[got(node.value)]} if got(node.value) else {}
        for node in ast.walk(function):
            targets = node.targets if isinstance(node, ast.Assign) else ()
            for target in targets:
                parts = target.elts if isinstance(target, ast.Tuple) else [target]
                for part in parts:
                    if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
                        yield from filter(None, [rows.get(part.value.id)])


def got(value: ast.expr) -> str:
    """The class in `await session.get(Class, key)`, or nothing."""
    call = value.value if isinstance(value, ast.Await) else value
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "get":
        first = call.args[0] if call.args else None
        if isinstance(first, ast.Name) and first.id in CLASSES:
            return first.id
    return ""


def test_each_table_is_written_by_one_module() -> None:
    found = writers()
    assert found["due_work"] == {"kit/due_work"} and found["triggers"] == {"features/triggers"}
    assert {table for table, who in found.items() if len(who) > 1} <= JOURNAL | set(BESIDES)
    for table in JOURNAL:
        assert found[table] <= {"adapters/journal", "features/executions", "features/approvals"}, table
    for table, who in BESIDES.items():
        assert len(found[table] - who) == 1, table


def test_one_way_to_wait_for_an_end_and_one_to_watch() -> None:
    uses: dict[str, set[str]] = {"ending": set(), "doorbell": set()}
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                name = node.func.attr
                of_live = name in uses and "live" in ast.unparse(node.func.value)
                if of_live:
                    uses[name].add(str(path.relative_to(SOURCE)))
    assert uses == {
        "ending": {"features/executions/waiting.py"},
        "doorbell": {"features/executions/watching/events.py"},
    }


def test_modules_that_the_documentation_names_are_there() -> None:
    """As paths or with dots, in backticks; the last part of a dotted name may be what a module has."""
    roots = (ROOT, SOURCE, ROOT / "backend")
    named_paths = re.compile(r"`((?:core|engine|features|kit|adapters|api|bench|frontend|tests)/[\w/.-]+)`")
    dotted = re.compile(r"`((?:core|engine|features|kit|adapters)(?:\.[a-z_]+)+)`")
    missing: list[str] = []
    for page in [*ROOT.glob("docs/**/*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]:
        text = page.read_text("utf-8")
        for name in named_paths.findall(text):
            # `make bench` writes there.
            if name != "bench/results" and not any((root / name).exists() for root in roots):
                missing.append(f"{page.name}: {name}")
        for name in dotted.findall(text):
            places = (name.split("."), name.split(".")[:-1])
            if not any(SOURCE.joinpath(*p).with_suffix(s).exists() for p in places for s in ("", ".py")):
                missing.append(f"{page.name}: {name}")
    assert not missing
