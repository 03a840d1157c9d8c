"""What people read on a web page, without its menus, advertisements and scripts."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
import trafilatura


@dataclass(frozen=True, slots=True)
class Page:
    """A page's title and its text; either may be empty."""

    title: str
    text: str


def readable(html: str) -> Page:
    """The page in this HTML. It takes a time and a memory that grow with it: never on an event loop."""
    found = trafilatura.extract(html, output_format="json", with_metadata=True, include_tables=True)
    said: dict[str, str | None] = orjson.loads(found) if found else {}
    return Page(said.get("title") or "", said.get("text") or "")
