"""What one execution uses in all: iterations, events, and bytes of what its nodes gave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import orjson

from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.events import ExecutionFailure
from watchbill.core.execution import ExecutionState
from watchbill.core.node_types import IterationRules
from watchbill.engine.limits import MAX_OUTPUT_BYTES, refuse_large
from watchbill.engine.settings import EngineSettings


class Totals:
    """Counts for one claim. What earlier claims counted is taken from the state, as far as it tells."""

    def __init__(self, state: ExecutionState, settings: EngineSettings, known: int):
        self._state = state
        self._settings = settings
        self._bytes = known
        self._sizes: dict[str, int] = {}
        # By node, what its iterations gave together.
        self._results: Counter[str] = Counter()

    def note(self, path: str, size: int) -> None:
        """A node or iteration gave so many bytes, as JSON."""
        self._bytes += size - self._sizes.get(path, 0)
        self._sizes[path] = size

    def gathered(self, owner: str, size: int) -> NodeError | None:
        """One more iteration of a node gave so many bytes; returns why the node cannot go on, if it cannot:
        all of them together would be too large an output."""
        self._results[owner] += size + 1
        try:
            refuse_large(self._results[owner])
        except NodeError as error:
            return error
        return None

    def of_output(self, owner: str, results: int, *, all_: bool) -> int:
        """The bytes of a node's output that holds what its iterations gave: all of them, or the last.

        Raises:
            NodeError: kind limit: too many.
        """
        indexes = range(results) if all_ else range(max(0, results - 1), results)
        paths = [path for path in (f"{owner}[{index}]" for index in indexes) if path in self._state.nodes]
        size = 2 + sum(1 + self._size(path) for path in paths)
        refuse_large(size)
        return size

    def admit(self, state: ExecutionState, rules: IterationRules) -> None:
        """Let so many more iterations begin.

        Raises:
            NodeError: kind limit: all bodies of the execution together would have too many.
        """
        most = self._settings.max_iterations
        if state.iterations + rules.total > most:
            text = (
                f"One execution may have {most:,} iterations in all; it had {state.iterations:,},"
                f" and this node asks for {rules.total:,} more."
            )
            raise NodeError(ErrorKind.LIMIT, text, code="too_many_iterations")

    def size_of(self, rules: IterationRules) -> int:
        """The bytes of what iterations work on.

        Raises:
            NodeError: kind limit: too many.
        """
        size = len(orjson.dumps([rules.items, rules.inputs])) if rules.items or rules.inputs else 0
        refuse_large(size, "input")
        return size

    def exceeded(self, events: int) -> ExecutionFailure | None:
        """Why the execution must end after so many events, if it must."""
        settings = self._settings
        if events > settings.max_events:
            text = f"The execution has more than {settings.max_events:,} events. Do less in one execution."
            return ExecutionFailure(kind=ErrorKind.LIMIT, code="too_many_events", message=text)
        if self._bytes > settings.max_output_bytes:
            text = (
                f"The outputs of all nodes have more than {settings.max_output_bytes:,} bytes together."
                " Return less from the nodes, or do less in one execution."
            )
            return ExecutionFailure(kind=ErrorKind.LIMIT, code="execution_too_large", message=text)
        return None

    def too_large(self, outputs: dict[str, Any], places: Iterable[str]) -> ExecutionFailure | None:
        """Why these outputs of the execution, which the nodes at these places gave, cannot be kept."""
        size = sum(self._size(path) for path in places if self._state.nodes[path].output is not None)
        if size <= MAX_OUTPUT_BYTES or (size := len(orjson.dumps(outputs))) <= MAX_OUTPUT_BYTES:
            return None
        text = f"The outputs have {size:,} bytes together; at most {MAX_OUTPUT_BYTES:,} are allowed."
        return ExecutionFailure(kind=ErrorKind.LIMIT, code="outputs_too_large", message=text)

    def _size(self, path: str) -> int:
        if path not in self._sizes:
            self._sizes[path] = len(orjson.dumps(self._state.nodes[path].output))
        return self._sizes[path]
