"""Reads YAML as its version 1.2 means it, so that nothing becomes what its author did not write.

`yes`, `no` and `on` are texts, and so are dates and `12:30`; only what JSON has too is anything else. What
cannot be kept, or could be meant in two ways, is refused with its line and column.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.nodes import MappingNode, Node, ScalarNode
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from watchbill.core.json.text import MAX_DEPTH, inexact

# What aliases stand for counts each time.
MAX_VALUES = 100_000
Path = tuple[str, ...]

_PLAIN = "plain"
_TEXT_TAG = "tag:yaml.org,2002:str"
_KIND_TAGS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_OTHER_BASE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+(\.[0-9]*)?")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NO_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
# YAML 1.1 takes these for line breaks, and 1.2 does not.
_OLD_BREAK = re.compile("[\x85\u2028\u2029]")
_LONGEST_NUMBER = 400


class BadYaml(ValueError):
    """The text cannot be read. `line` and `column` count from 1."""

    def __init__(self, line: int, column: int, why: str):
        super().__init__(why)
        self.line, self.column, self.why = line, column, why


def read_yaml(text: str, texts: Collection[Path] = ()) -> Any:
    """The value of a YAML document; None when it is empty.

    Args:
        texts: paths at which a plain scalar is a text whatever it looks like; `*` stands for each item of a
            list. Null stays null.

    Raises:
        BadYaml: it is not YAML, holds several documents, tags, merge keys, or keys that stand twice, is
            nested too deeply or too large once its aliases are followed, or has numbers that JSON has not.
    """
    text = text.removeprefix("\ufeff")
    if found := _OLD_BREAK.search(text):
        raise _at(
            text, found.start(), "write this line break as an escape, such as \\u2028, in double quotes"
        )
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
    except ReaderError as error:
        raise _at(
            text, int(error.position), "this character is not allowed; write it as an escape"
        ) from error
    except yaml.MarkedYAMLError as error:
        raise _marked(error) from error
    except RecursionError:
        raise BadYaml(1, 1, f"it is nested more than {MAX_DEPTH} levels deep") from None
    return None if root is None else _Reading(frozenset(texts)).value(root, (), 0)


class _Loader(Reader, Scanner, Parser, Composer, BaseResolver):
    """Makes nodes of a text, and tells plain scalars from others; what they mean is said below."""

    def __init__(self, text: str):
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        BaseResolver.__init__(self)

    def resolve(self, kind: type[Node], value: str | None, implicit: Any) -> str:
        """The tag of a node without one."""
        if kind is ScalarNode:
            return _PLAIN if implicit[0] else _TEXT_TAG
        return _KIND_TAGS[0] if kind is MappingNode else _KIND_TAGS[1]


class _Reading:
    """Makes values of nodes."""

    def __init__(self, texts: frozenset[Path]):
        self._texts = texts
        self._values = 0

    def value(self, node: Node, path: Path, depth: int) -> Any:
        self._values += 1
        if self._values > MAX_VALUES:
            raise _bad(node, f"with its aliases, the file has more than {MAX_VALUES:,} values")
        if isinstance(node, ScalarNode):
            return self._scalar(node, path)
        if depth == MAX_DEPTH:
            raise _bad(node, f"it is nested more than {MAX_DEPTH} levels deep")
        if node.tag not in _KIND_TAGS:
            raise _tagged(node)
        if isinstance(node, MappingNode):
            return self._mapping(node, path, depth)
        return [self.value(item, (*path, "*"), depth + 1) for item in node.value]

    def _mapping(self, node: MappingNode, path: Path, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, item in node.value:
            if not isinstance(key, ScalarNode):
                raise _bad(key, "a key must be a text")
            name = self._text(key)
            if name == "<<" and key.tag == _PLAIN:
                raise _bad(key, "merge keys (<<) are not supported; write the fields out, or quote the key")
            if name in found:
                raise _bad(key, f"the key {name[:80]!r} appears twice")
            found[name] = self.value(item, (*path, name), depth + 1)
        return found

    def _scalar(self, node: ScalarNode, path: Path) -> Any:
        text = self._text(node)
        if node.tag != _PLAIN or (text not in _NULL and path in self._texts):
            return text
        if text in _NULL:
            return None
        if text in _BOOLEANS:
            return _BOOLEANS[text]
        return _number(node, text)

    def _text(self, node: ScalarNode) -> str:
        if node.tag not in (_PLAIN, _TEXT_TAG):
            raise _tagged(node)
        # A pair of escapes is one character, as in JSON.
        text = str(node.value).encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
        if fault := inexact(text):
            raise _bad(node, fault.why)
        return text


def _number(node: ScalarNode, text: str) -> Any:
    """The number that a plain scalar is, or else the text."""
    if _LEADING_ZERO.fullmatch(text):
        raise _bad(node, f"{text[:40]} begins with a zero: quote it if it is a text, else leave the zero out")
    if _NO_NUMBER.fullmatch(text):
        raise _bad(node, f"{text} is not a JSON number; quote it if it is a text")
    whole, other = _DECIMAL.fullmatch(text), _OTHER_BASE.fullmatch(text)
    if not (whole or other or _FLOAT.fullmatch(text)):
        return text
    if len(text) > _LONGEST_NUMBER:
        raise _bad(node, "the number is too long; quote it if it is a text")
    number = int(text, 10 if whole else 0) if whole or other else float(text)
    if fault := inexact(number):
        raise _bad(node, fault.why)
    if not (whole or other) and number == 0 and re.search("[1-9]", re.split("[eE]", text)[0]):
        raise _bad(node, f"the number {text[:40]} is too small")
    if isinstance(number, float) and not math.isfinite(number):
        raise _bad(node, f"the number {text[:40]} is too large")
    return number


def _tagged(node: Node) -> BadYaml:
    return _bad(node, f"the tag {str(node.tag)[:80]} is not supported; remove it")


def _bad(node: Node, why: str) -> BadYaml:
    return BadYaml(node.start_mark.line + 1, node.start_mark.column + 1, why)


def _marked(error: yaml.MarkedYAMLError) -> BadYaml:
    mark = error.problem_mark or error.context_mark
    why = error.problem or error.context or "this is not valid YAML"
    if "'\\t'" in why:
        why = "a tab cannot stand here; indent with spaces"
    elif "another document" in why:
        why = "a second document begins here; a file has one"
    return BadYaml(mark.line + 1, mark.column + 1, why) if mark else BadYaml(1, 1, why)


def _at(text: str, index: int, why: str) -> BadYaml:
    before = text[:index]
    return BadYaml(before.count("\n") + 1, index - before.rfind("\n"), why)
