"""Where any error may be caught: at borders, each of which is named here with its reason."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import watchbill

SOURCE = Path(watchbill.__file__).parent
# What is caught there ends what it belongs to, is told to whoever waits for it, and stops nobody else.
BORDERS = {
    "api/middleware.py": 1,  # of a request
    "kit/process/supervision.py": 1,  # of a background task
    "kit/process/setbacks.py": 1,  # of a tenant, for loops over all of them
    "kit/database/faults.py": 1,  # of a try: what may pass is tried again
    "kit/database/upgrading.py": 1,  # of a tenant's migration
    "features/executions/cancelling.py": 1,  # of an execution of a tenant that is to be deleted
    "features/notifications/notifier.py": 1,  # of a delivery
    "kit/due_work/loop.py": 3,  # of due work: in its own transaction, under a lease, and of the whole
    "adapters/documents/mongo.py": 1,  # of the question whether MongoDB is back
    "adapters/compute/serving.py": 1,  # of a job in a child process
    "adapters/sandbox/wasm/guest/program.py": 1,  # of a program, inside the sandbox
    "adapters/crewai/loop.py": 1,  # of a step: it goes to whoever awaits it
    "adapters/crewai/runner.py": 1,  # of a crew
    "adapters/models/through_litellm/library_call.py": 1,  # of a call that LiteLLM makes
    "engine": 18,  # of a node, an iteration, an execution, and of those that are written together
}


def is_broad(handler: ast.ExceptHandler) -> bool:
    """Whether it catches everything and does not always raise it again: who cleans up, may."""
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {None if each is None else ast.unparse(each) for each in caught}
    last = handler.body[-1]
    again = isinstance(last, ast.Raise) and last.exc is None
    return bool(names & {None, "Exception", "BaseException"}) and not again


def test_everything_is_caught_only_at_borders():
    found: Counter[str] = Counter()
    for path in SOURCE.rglob("*.py"):
        name = path.relative_to(SOURCE).as_posix()
        handlers = [
            node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ExceptHandler)
        ]
        found["engine" if name.startswith("engine/") else name] += sum(map(is_broad, handlers))
    more = {name: count for name, count in found.items() if count > BORDERS.get(name, 0)}
    assert not more, "catch what can be met there, or name the border in this file"
    fewer = {name: count for name, count in BORDERS.items() if found[name] < count}
    assert not fewer, "there are fewer now: lower the number here"
