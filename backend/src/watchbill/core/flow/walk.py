"""Going through every node of a definition that was not checked yet, those in bodies and sub-flows too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

# Where a node's configuration may hold further nodes.
_HOLDERS = ("body", "flow")
Raw = Mapping[str, Any]


def nodes_in(definition: object, path: str = "") -> Iterator[tuple[str, Raw]]:
    """Each node that looks like one, with its path such as `each.write`."""
    for node in _list(definition):
        if not isinstance(node, Mapping):
            continue
        found = cast("Raw", node)
        yield f"{path}{found.get('id')}", found
        config = config_of(found)
        for holder in _HOLDERS:
            yield from nodes_in(config.get(holder), f"{path}{found.get('id')}.")


def mapped(definition: object, change: Callable[[str, Raw], Raw], path: str = "") -> Any:
    """The definition with each node changed, inner ones first; whatever is malformed stays as it is."""
    nodes = _list(definition)
    if not nodes:
        return definition
    whole = cast("Raw", definition)
    return {**whole, "nodes": [_changed(node, change, path) for node in nodes]}


def config_of(node: Raw) -> Raw:
    """The node's configuration, empty when it has none that is an object."""
    config = node.get("config")
    return cast("Raw", config) if isinstance(config, Mapping) else {}


def _changed(node: Any, change: Callable[[str, Raw], Raw], path: str) -> Any:
    if not isinstance(node, Mapping):
        return node
    found = cast("Raw", node)
    config, own = config_of(found), f"{path}{found.get('id')}"
    inner = {key: mapped(config[key], change, f"{own}.") for key in _HOLDERS if _list(config.get(key))}
    return change(own, {**found, "config": {**config, **inner}} if inner else found)


def _list(definition: object) -> list[Any]:
    if not isinstance(definition, Mapping):
        return []
    nodes = cast("Raw", definition).get("nodes")
    return cast("list[Any]", nodes) if isinstance(nodes, list) else []
