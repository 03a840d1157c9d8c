"""Reads the files that commands are given."""

from __future__ import annotations

import codecs
import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, cast

from watchbill.cli.yaml_text import BadYaml, read_yaml
from watchbill.core.json.text import NotExact, read_exactly

MAX_BYTES = 8 * 1024 * 1024
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


class NotRunnable(RuntimeError):
    """The file or the inputs cannot be run. `lines` say why, one sentence each."""

    def __init__(self, lines: Sequence[str]):
        super().__init__("\n".join(lines))
        self.lines = list(lines)


def read_object(file: Path, texts: Collection[tuple[str, ...]] = ()) -> dict[str, Any]:
    """The fields of a YAML or JSON file. For `texts` see cli.yaml_text.

    Raises:
        NotRunnable: it cannot be read, has no fields, or holds what could not be kept as it is.
    """
    content = _value(file, _text(file), texts)
    if content is None:
        raise NotRunnable([f"{file} is empty."])
    if not isinstance(content, dict):
        kind = "a list" if isinstance(content, list) else "a single value"
        raise NotRunnable([f"{file} must contain an object with named fields, not {kind}."])
    return cast("dict[str, Any]", content)


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            raw = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise NotRunnable([f"{file} cannot be read: {error.strerror}."]) from error
    if len(raw) > MAX_BYTES:
        raise NotRunnable([f"{file} is larger than {MAX_BYTES:,} bytes."])
    encoding = next((name for mark, name in _MARKS.items() if raw.startswith(mark)), "utf-8")
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise NotRunnable([f"{file}:{line}: the file is not {encoding[:6].strip('-')} text."]) from error


def _value(file: Path, text: str, texts: Collection[tuple[str, ...]]) -> Any:
    is_json = file.suffix.lower() == ".json"
    if is_json or text.lstrip().startswith("{"):
        try:
            return read_exactly(text)
        except NotExact as fault:
            raise NotRunnable([f"{file} cannot be kept as it is: {fault}."]) from fault
        except json.JSONDecodeError as error:
            if is_json:
                raise NotRunnable([f"{file}:{error.lineno}:{error.colno}: {error.msg}."]) from error
    try:
        return read_yaml(text, texts)
    except BadYaml as error:
        raise NotRunnable([f"{file}:{error.line}:{error.column}: {error.why}."]) from error
