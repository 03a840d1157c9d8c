"""Builds the component: CPython with the guest's program and modules in it. Run it as a module; it needs
componentize-py, which is there for building alone.

    python -m watchbill.adapters.sandbox.wasm.building PATH
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

GUEST = Path(__file__).parent / "guest"


def build(target: Path) -> None:
    """Write the component.

    Raises:
        RuntimeError: componentize-py is missing or failed; the message has what it said.
    """
    # Beside this Python, where a virtual environment that is not activated has it.
    tool = shutil.which("componentize-py", path=str(Path(sys.executable).parent)) or "componentize-py"
    made = target.with_suffix(".part")
    command = [tool, "-d", str(GUEST / "guest.wit"), "-w", "guest", "componentize", "program"]
    command += ["-p", str(GUEST), "-o", str(made)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError as error:
        raise RuntimeError(f"componentize-py cannot be started: {error}") from error
    if done.returncode != 0:
        raise RuntimeError(f"componentize-py failed: {done.stderr or done.stdout}")
    made.replace(target)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
