"""What runs inside the interpreter: one program, once. It is built into the component, with the modules
that it imports here, as there are no files to import others from."""

from __future__ import annotations

import importlib
import io
import json
import linecache
import math
import random
import sys
import time
import traceback
import types
import typing

import wit_world
from offered import MODULES

for name in MODULES:
    importlib.import_module(name)

FILE = "tool.py"
_LEAST, _MOST = -(2**63), 2**63 - 1


class _Printed(io.TextIOBase):
    """Standard output and error: what is printed goes to the host, line by line."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._parts.append(text)
        if "\n" in text:
            self.flush()
        return len(text)

    def flush(self) -> None:
        if self._parts:
            text = "".join(self._parts).encode(errors="replace").decode()
            self._parts.clear()
            wit_world.print(text)


class _NoOutput(Exception):
    """What the program gave cannot be an output."""


_sleep = time.sleep


def _sleep_in_pieces(seconds: float) -> None:
    """As time.sleep. The host cannot end a sleep, so none is long."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        _sleep(min(left, 0.02))


time.sleep = _sleep_in_pieces


class WitWorld(wit_world.WitWorld):
    """The component's exports."""

    def call(self, code: str, input: str, key: str) -> str:
        """Run a program; see guest.wit."""
        out = sys.stdout = sys.stderr = _Printed()
        # They were seeded when the component was built.
        random.seed()
        linecache.cache[FILE] = (len(code), None, code.splitlines(True), FILE)
        try:
            said = json.dumps({"output": _run(code, input, key)}, allow_nan=False, ensure_ascii=False)
        except _NoOutput as error:
            said = _failed("output", str(error))
        except MemoryError:
            said = _failed("memory", "")
        except SystemExit as error:
            said = _failed("exit", f"The program ended itself with {error.code!r}.")
        except BaseException as error:  # noqa: BLE001  # whatever a program raises is its own
            said = _failed("error", _told(error))
        out.flush()
        return said


def _run(code: str, input: str, key: str) -> object:
    scope: dict[str, typing.Any] = {"__name__": "tool", "__file__": FILE, "idempotency_key": key}
    exec(compile(code, FILE, "exec"), scope)  # noqa: S102  # what all of this is for
    run = scope.get("run")
    if not callable(run):
        raise _NoOutput("The program defines no function `run`.")
    output = run(**json.loads(input))
    if isinstance(output, types.CoroutineType):
        output = _awaited(output)
    _demand_json(output, "The output")
    return output


def _awaited(coroutine: types.CoroutineType[typing.Any, typing.Any, typing.Any]) -> object:
    """What a coroutine gives that waits for nothing: there is nothing here to wait for."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise _NoOutput("`run` waits for something that the sandbox does not have.")


def _demand_json(value: object, place: str) -> None:
    """Refuse what JSON would change, or could not hold."""
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _NoOutput(f"{place} has half a surrogate pair, which is not a character.") from None
    elif isinstance(value, int):
        if not _LEAST <= value <= _MOST:
            raise _NoOutput(f"{place} has a whole number of more than 64 bits. Give it as text.")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise _NoOutput(f"{place} has {value!r}, which JSON does not know.")
    elif isinstance(value, list | tuple):
        for item in value:
            _demand_json(item, place)
    elif isinstance(value, dict):
        for name, item in value.items():
            if not isinstance(name, str):
                raise _NoOutput(f"{place} has the key {name!r}; keys of JSON are texts.")
            _demand_json(name, place)
            _demand_json(item, place)
    else:
        raise _NoOutput(f"{place} has a value of the type {type(value).__name__}, which JSON does not know.")


def _told(error: BaseException) -> str:
    """The error with the lines of the program's own code."""
    whole = traceback.TracebackException.from_exception(error, limit=-40, compact=True)
    whole.stack = traceback.StackSummary.from_list(
        [frame for frame in whole.stack if frame.filename == FILE][-8:]
    )
    return "".join(whole.format())[-4000:].strip()


def _failed(kind: str, message: str) -> str:
    return json.dumps({"failure": kind, "message": message})
