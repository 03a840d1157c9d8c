"""Shows an execution: live on a terminal, as lines elsewhere, or as JSON for programs."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass, field
from typing import Any, Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.markdown import Markdown
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

_MARKS = {
    "pending": ("·", "dim"),
    "running": ("▸", "cyan"),
    "waiting": ("◦", "yellow"),
    "completed": ("✓", "green"),
    "failed": ("✗", "red"),
    "skipped": ("–", "dim"),
    "cancelled": ("■", "yellow"),
}
_STATUS_OF_EVENT = {
    "node_started": "running",
    "node_completed": "completed",
    "node_failed": "failed",
    "node_retrying": "waiting",
    "node_waiting": "waiting",
    "node_skipped": "skipped",
}
_TAIL_CHARACTERS = 1200


class Screen(Protocol):
    """What an execution is shown on."""

    def begin(self, labels: dict[str, str], outputs: list[str]) -> None: ...
    def show(self, event: dict[str, Any]) -> None: ...
    def note(self, line: str) -> None: ...
    def finish(self, execution: dict[str, Any]) -> None: ...
    def refuse(self, lines: list[str]) -> None: ...


@dataclass(slots=True)
class Row:
    """One node on the screen."""

    label: str
    status: str = "pending"
    began: float = 0.0
    seconds: float | None = None
    detail: str = ""


class JsonScreen:
    """One JSON object a line on standard output: the events, and at last the result."""

    def begin(self, labels: dict[str, str], outputs: list[str]) -> None:
        """Nothing to prepare."""

    def show(self, event: dict[str, Any]) -> None:
        """Print the event as it came."""
        self._print(event)

    def note(self, line: str) -> None:
        """Notes are for people."""
        sys.stderr.write(f"{line}\n")

    def finish(self, execution: dict[str, Any]) -> None:
        """Print the result: an object of type `result`."""
        names = ("id", "status", "outputs", "error", "usage", "created_at", "started_at", "finished_at")
        self._print({"type": "result", **{name: execution[name] for name in names}})

    def refuse(self, lines: list[str]) -> None:
        """Print why nothing ran: an object of type `error`."""
        self._print({"type": "error", "messages": lines})

    def _print(self, value: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
        sys.stdout.flush()


@dataclass(slots=True)
class PeopleScreen:
    """Progress on standard error, the result alone on standard output."""

    out: Console = field(default_factory=Console)
    err: Console = field(default_factory=lambda: Console(stderr=True, highlight=False))
    rows: dict[str, Row] = field(default_factory=dict[str, Row])
    outputs: list[str] = field(default_factory=list[str])
    live: Live | None = None
    text: str = ""

    def begin(self, labels: dict[str, str], outputs: list[str]) -> None:
        """List the nodes; `outputs` is the order of the result."""
        self.outputs = outputs
        self.rows = {id_: Row(label) for id_, label in labels.items()}
        if self.err.is_terminal:
            self.live = Live(console=self.err, get_renderable=self._picture, refresh_per_second=12)
            self.live.start()

    def show(self, event: dict[str, Any]) -> None:
        """Fold one event into the picture, or print it as a line."""
        kind, data = event["type"], event["data"]
        if kind == "llm_token":
            self.text = (self.text + data["text"])[-_TAIL_CHARACTERS:]
        elif kind in ("llm_started", "execution_completed"):
            self.text = ""
        row = self.rows.get(event["node_id"] or "")
        status = _STATUS_OF_EVENT.get(kind)
        if row is None or status is None:
            return
        self._change(row, status, data)
        if self.live is None and status != "pending":
            self.err.print(self._line(row))

    def note(self, line: str) -> None:
        """Print a line above the picture."""
        self.err.print(line)

    def finish(self, execution: dict[str, Any]) -> None:
        """Print how it ended, what it cost, and the result."""
        for row in self.rows.values():
            if row.status in ("running", "waiting"):
                self._change(row, "cancelled", {})
        if self.live is not None:
            self.text = ""
            self.live.stop()
        usage = execution["usage"]
        cost = f"${usage['cost_usd']:.4f}" if usage["cost_usd"] else "no cost"
        calls = f"{usage['llm_calls']} model calls, {usage['total_tokens']:,} tokens, {cost}"
        _, style = _MARKS[execution["status"]]
        self.err.print(f"\n[{style}]{execution['status'].capitalize()}[/]  {calls}\n")
        if error := execution.get("error"):
            where = f" at `{error['node_id']}`" if error.get("node_id") else ""
            self.err.print(Text(f"{error['message']} ({error['kind']}{where})", style="red"))
        given: dict[str, Any] = execution.get("outputs") or {}
        for name in self.outputs:
            if name in given:
                self._result(name, given[name])

    def refuse(self, lines: list[str]) -> None:
        """Print why nothing ran."""
        for line in lines:
            self.err.print(Text(line, style="red"), soft_wrap=True)

    def _change(self, row: Row, status: str, data: dict[str, Any]) -> None:
        if status == "running":
            row.began = time.monotonic()
        elif row.began:
            row.seconds = time.monotonic() - row.began
        row.status = status
        failure = data.get("error")
        row.detail = failure["message"] if failure else f"→ {data['handle']}" if data.get("handle") else ""

    def _line(self, row: Row) -> Text:
        mark, style = _MARKS[row.status]
        seconds = f"  {row.seconds:.1f} s" if row.seconds is not None and row.status != "running" else ""
        return Text.assemble((f"{mark} ", style), row.label, (f"{seconds}  {row.detail}", "dim"))

    def _picture(self) -> Group:
        table = Table.grid(padding=(0, 1))
        for row in self.rows.values():
            running = row.status == "running"
            spinner = Spinner("dots", self._line(row), style="cyan") if running else self._line(row)
            table.add_row(spinner)
        tail = "\n".join(self.text.splitlines()[-6:])
        return Group(table, Text(f"\n{tail}", style="dim")) if tail else Group(table)

    def _result(self, name: str, value: Any) -> None:
        is_text = isinstance(value, str)
        text = value if is_text else json.dumps(value, indent=2, ensure_ascii=False)
        if self.out.is_terminal:
            self.out.rule(name, align="left", style="dim")
            self.out.print(Markdown(text if is_text else f"```json\n{text}\n```"))
        else:
            sys.stdout.write(f"# {name}\n\n{text}\n\n")
