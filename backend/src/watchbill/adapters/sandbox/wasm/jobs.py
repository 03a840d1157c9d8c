"""What the child processes do: each call gets an interpreter of its own, which is gone afterwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any, cast

from wasmtime import Config, Engine, ExitTrap, Store, WasiConfig, WasmtimeError
from wasmtime.component import Component, Linker

from watchbill.adapters.compute.serving import Talking, Tell
from watchbill.core.json.text import NotExact, read_exactly

_TICK_SECONDS = 0.02
_MIB = 1024 * 1024
# What the interpreter has before a program's first line.
_OWN_BYTES = 48 * _MIB
# What is printed goes on together, unless this much has gathered or this long has passed.
# Of an answer, around the output.
_OF_THE_ANSWER = 12
_TOLD_CHARACTERS = 8_192
_TOLD_SECONDS = 0.05


def engine() -> Engine:
    """The engine that components are compiled for, and run by."""
    config = Config()
    config.epoch_interruption = True
    return Engine(config)


class _Ready:
    """The compiled component and what links it to its host, shared by all children as they are forked."""

    def __init__(self, path: str):
        self.engine = engine()
        self.component = Component.deserialize_file(self.engine, path)
        self.ticking = False

    def tick(self) -> None:
        """Let time pass for programs, in a thread that this process has from its first call on."""
        if self.ticking:
            return
        self.ticking = True

        def run() -> None:
            while True:
                # It is all that this thread does: wasmtime counts epochs, and somebody has to let them pass.
                time.sleep(_TICK_SECONDS)
                self.engine.increment_epoch()

        threading.Thread(target=run, name="epochs", daemon=True).start()


_ready: list[_Ready] = []


def prepare(path: str) -> None:
    """Load the compiled component, before any child is forked."""
    _ready[:] = [_Ready(path)]


class _Printed:
    """What a program prints, up to its limit, in pieces that are worth sending."""

    def __init__(self, tell: Tell, most: int):
        self._tell, self._left = tell, most
        self._parts: list[str] = []
        self._size, self._since = 0, time.monotonic()

    def hear(self, _store: object, text: str) -> None:
        """The program printed something."""
        if self._left <= 0:
            return
        text = text[: self._left]
        self._left -= len(text)
        self._parts.append(text)
        self._size += len(text)
        if self._left <= 0:
            self._parts.append("\n(The rest is not kept: it is more than the limit.)\n")
        if (
            self._size >= _TOLD_CHARACTERS
            or time.monotonic() - self._since >= _TOLD_SECONDS
            or not self._left
        ):
            self.flush()

    def flush(self) -> None:
        """Send what has gathered."""
        if self._parts:
            self._tell("".join(self._parts))
        self._parts.clear()
        self._size, self._since = 0, time.monotonic()


def call(argument: Any, tell: Tell) -> Mapping[str, Any]:
    """{output} of a program, or the {failure, message} it ended with: `time`, `memory`, `size`, `output`,
    `exit` or `error`."""
    (ready,) = _ready
    ready.tick()
    store = Store(ready.engine)
    store.set_limits(memory_size=argument["memory_mb"] * _MIB + _OWN_BYTES)
    store.set_epoch_deadline(max(1, round(argument["seconds"] / _TICK_SECONDS)))
    # No files, no network, no arguments, no environment: only clocks and random numbers.
    store.set_wasi(WasiConfig())
    linker = Linker(ready.engine)
    linker.add_wasip2()
    most = argument["output_kb"] * 1024
    printed = _Printed(tell, most)
    with linker.root() as root:
        root.add_func("print", printed.hear)
    try:
        instance = linker.instantiate(store, ready.component)
        run: Any = instance.get_func(store, "call")
        said = run(store, argument["code"], argument["input"], argument["key"])
    except ExitTrap:
        return {"failure": "exit", "message": "The program ended itself."}
    except WasmtimeError as error:
        return _trapped(str(error))
    finally:
        printed.flush()
    if len(said.encode(errors="replace")) > most + _OF_THE_ANSWER:
        return {"failure": "size", "message": ""}
    return _answer(said)


def _answer(said: str) -> Mapping[str, Any]:
    """What the interpreter says. The program shares it, and may have made it say anything."""
    try:
        answer = read_exactly(said)
    except NotExact as error:
        return {"failure": "output", "message": f"The output cannot be kept as it is: {error}."}
    except ValueError:
        answer = None
    if isinstance(answer, dict):
        found = cast("dict[str, Any]", answer)
        if found.keys() == {"output"} or (found.keys() == {"failure", "message"} and _are_texts(found)):
            return found
    return {"failure": "error", "message": "The program broke the interpreter that it ran in."}


def _are_texts(found: Mapping[str, Any]) -> bool:
    return all(isinstance(value, str) for value in found.values())


def _trapped(text: str) -> Mapping[str, Any]:
    if "wasm trap: interrupt" in text:
        return {"failure": "time", "message": ""}
    if "call stack exhausted" in text:
        return {"failure": "error", "message": "The program calls itself too deeply."}
    # The interpreter ends itself where it cannot even make the error.
    return {"failure": "memory", "message": ""}


JOBS = {"call": Talking(call)}
