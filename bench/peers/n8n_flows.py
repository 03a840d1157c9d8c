"""The three flows as n8n has them: a webhook that answers when the last node has finished, and what follows.

The nodes that only compute are Edit Fields (Set) nodes, each with one expression, as our transforms have one
template: they run in n8n's own process, where a Code node's work goes through its task runner.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class Drawing:
    """A workflow while it is drawn."""

    def __init__(self, path: str):
        self._path = path
        self._nodes: list[Json] = []
        self._connections: dict[str, Json] = {}
        trigger = {"httpMethod": "POST", "path": path, "responseMode": "lastNode"}
        self.trigger = self._add("Webhook", "webhook", 2.1, trigger)

    def compute(self, name: str, after: str) -> str:
        """A node that only computes; returns its name."""
        topic = {"id": name, "name": "body.topic", "type": "string", "value": "={{ $json.body.topic }}"}
        self._add(name, "set", 3.4, {"assignments": {"assignments": [topic]}})
        return self._connect(after, name)

    def call(self, name: str, after: str, url: str) -> str:
        """A node that calls a server."""
        self._add(name, "httpRequest", 4.3, {"url": url})
        return self._connect(after, name)

    def join(self, name: str, after: list[str]) -> str:
        """A node that waits for all of these; the editor offers ten inputs, the node takes any number."""
        self._add(name, "merge", 3.2, {"mode": "append", "numberInputs": len(after)})
        for number, source in enumerate(after):
            self._connect(source, name, number)
        return name

    def workflow(self) -> Json:
        """What n8n's editor sends."""
        return {
            "name": self._path,
            "nodes": self._nodes,
            "connections": self._connections,
            "settings": {"executionOrder": "v1"},
        }

    def _add(self, name: str, kind: str, version: float, parameters: Json) -> str:
        place = [200 * len(self._nodes), 0]
        node = {"id": name, "name": name, "type": f"n8n-nodes-base.{kind}", "typeVersion": version}
        self._nodes.append(node | {"position": place, "parameters": parameters})
        if kind == "webhook":
            self._nodes[-1]["webhookId"] = self._path
        return name

    def _connect(self, source: str, target: str, number: int = 0) -> str:
        outputs = self._connections.setdefault(source, {"main": [[]]})
        outputs["main"][0].append({"node": target, "type": "main", "index": number})
        return target


def line(path: str, nodes: int) -> Json:
    """So many nodes, one after another."""
    drawing = Drawing(path)
    last = drawing.trigger
    for number in range(nodes):
        last = drawing.compute(f"Step {number}", last)
    return drawing.workflow()


def fan(path: str, width: int) -> Json:
    """One node, so many side by side, one that joins them."""
    drawing = Drawing(path)
    first = drawing.compute("First", drawing.trigger)
    drawing.join("Join", [drawing.compute(f"Side {number}", first) for number in range(width)])
    return drawing.workflow()


def waiting(path: str, url: str) -> Json:
    """One call."""
    drawing = Drawing(path)
    drawing.call("Call", drawing.trigger, url)
    return drawing.workflow()
