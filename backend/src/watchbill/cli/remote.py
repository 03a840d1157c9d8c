"""Does something on a Watchbill that runs somewhere, and says in a sentence why it could not be done."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import typer

from watchbill.cli.client import ApiError, Client
from watchbill.cli.reading import NotRunnable
from watchbill.kit.process.terminal import printable

KEY_VARIABLE = "WATCHBILL_API_KEY"
_LONGEST_KEY = 1000

# What was found or done, one object after the other, and how people see it.
Found = tuple[dict[str, Any], Callable[[dict[str, Any]], list[str]]]
Action = Callable[[Client], AsyncIterator[Found]]


class Misused(RuntimeError):
    """The command was not given what it needs; the message says what."""


def act(url: str, key_file: Path | None, action: Action, *, as_json: bool) -> int:
    """Do it; returns the exit code: 0, 1 when it could not be done, 2 when the command was given wrongly."""
    try:
        asyncio.run(_act(address(url), read_key(key_file), action, as_json))
    except Misused as error:
        return _refused([str(error)], as_json, 2)
    except (ApiError, NotRunnable) as error:
        return _refused(error.lines, as_json, 1)
    return 0


async def _act(url: str, key: str, action: Action, as_json: bool) -> None:
    async with Client(url, key) as client:
        async for found, as_lines in action(client):
            lines = [json.dumps(found, ensure_ascii=False)] if as_json else as_lines(found)
            for line in lines:
                typer.echo(printable(line))


def _refused(lines: list[str], as_json: bool, code: int) -> int:
    if as_json:
        typer.echo(json.dumps({"type": "error", "messages": lines}, ensure_ascii=False))
    for line in lines if not as_json else ():
        typer.echo(printable(line), err=True)
    return code


def read_key(file: Path | None) -> str:
    """The key in the file, or in the environment.

    Raises:
        Misused: there is none, or what is there is none. The message never has any of it.
    """
    if file is None:
        key, place = os.environ.get(KEY_VARIABLE, "").strip(), KEY_VARIABLE
        if not key:
            raise Misused(f"Give an API key: set {KEY_VARIABLE}, or name a file that has it with --key-file.")
    else:
        place = str(file)
        try:
            key = file.read_text("utf-8").strip()
        except OSError as error:
            raise Misused(f"{file} cannot be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise Misused(f"{file} has no API key.") from error
    if not (0 < len(key) <= _LONGEST_KEY and key.isascii() and key.isprintable() and " " not in key):
        raise Misused(f"{place} has no API key: a key is one word.")
    return key


def address(url: str) -> str:
    """The address without a slash at its end.

    Raises:
        Misused: it is none.
    """
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        fits = fits and not (parts.query or parts.fragment or parts.username)
    except ValueError:
        fits = False
    if not fits:
        raise Misused("Give the address of a Watchbill with --url, such as https://watchbill.example.")
    return url.rstrip("/")
