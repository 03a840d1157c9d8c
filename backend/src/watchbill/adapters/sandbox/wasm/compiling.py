"""Compiles the component for this machine, once: a process of its own, as it takes seconds of all cores.

python -m watchbill.adapters.sandbox.wasm.compiling COMPONENT TARGET
"""

from __future__ import annotations

import hashlib
import os
import sys
from importlib.metadata import version
from pathlib import Path

from wasmtime.component import Component

from watchbill.adapters.sandbox.wasm.jobs import engine


def compiled_name(component: bytes) -> str:
    """What the compiled form of a component is called: another one for another component or wasmtime."""
    digest = hashlib.sha256(component)
    digest.update(version("wasmtime").encode())
    digest.update(os.uname().machine.encode())
    return f"python-{digest.hexdigest()[:24]}.cwasm"


def compile_component(component: Path, target: Path) -> None:
    """Write the compiled form; whoever reads the target meanwhile sees all of it or nothing."""
    made = target.with_name(f".{target.name}.{os.getpid()}")
    made.write_bytes(Component(engine(), component.read_bytes()).serialize())
    made.replace(target)


if __name__ == "__main__":
    os.nice(10)
    compile_component(Path(sys.argv[1]), Path(sys.argv[2]))
