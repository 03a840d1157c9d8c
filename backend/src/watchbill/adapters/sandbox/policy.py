"""Which tier runs a program. Where none fits the answer is no, with what would be needed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal

from watchbill.adapters.sandbox.wasm.guest.offered import MODULES
from watchbill.adapters.sandbox.wasm.sandbox import WasmSandbox
from watchbill.core.ports.sandbox import (
    NoTier,
    Printed,
    Program,
    PythonProgram,
    SandboxCaller,
    SandboxLimits,
    SandboxResult,
    Tier,
    TierAbilities,
)

PYTHON = TierAbilities(
    "wasm",
    "3.14",
    MODULES,
    (
        "There are no files, no network, no threads and no other processes.",
        "Packages cannot be installed.",
    ),
)
Choice = Literal["auto", "off", "wasm"]


def tier_for(program: Program, limits: SandboxLimits, there: Collection[Tier]) -> Tier:
    """The least tier that can run the program.

    Args:
        there: the tiers that the installation has.

    Raises:
        NoTier: none of them can; the detail says what would.
    """
    if not there:
        raise NoTier("This installation runs no programs: WATCHBILL_SANDBOX is `off`.")
    if isinstance(program, PythonProgram) and not program.requirements:
        if not limits.network and "wasm" in there:
            return "wasm"
        why = "It may reach hosts" if limits.network else "The built-in interpreter is switched off"
    elif isinstance(program, PythonProgram):
        why = "It needs packages"
    else:
        why = "It is an image"
    if "docker" in there:
        return "docker"
    text = f"{why}, which takes the sandbox `docker`. This installation has only: {', '.join(sorted(there))}."
    raise NoTier(text)


class PolicySandbox:
    """Implements core.ports.sandbox.Sandbox by the tiers of an installation.

    Args:
        choice: `auto` for all tiers that there are, `off` for none, or the one to use.
        memory_mb: what a program may have at most.
    """

    def __init__(self, choice: Choice, wasm: WasmSandbox, *, memory_mb: int = 2048):
        self._wasm, self._memory_mb = wasm, memory_mb
        self._tiers: frozenset[Tier] = frozenset() if choice == "off" else frozenset(("wasm",))

    def load(self) -> None:
        """Make ready what takes a while."""
        if "wasm" in self._tiers and self._wasm.built:
            self._wasm.load()

    @property
    def abilities(self) -> list[TierAbilities]:
        """What each tier of the installation offers."""
        return [PYTHON] if "wasm" in self._tiers else []

    async def run(
        self,
        caller: SandboxCaller,
        program: Program,
        input: Any,
        limits: SandboxLimits,
        printed: Printed = lambda _text: None,
    ) -> SandboxResult:
        """See core.ports.sandbox.Sandbox."""
        tier_for(program, limits, self._tiers)
        if limits.memory_mb > self._memory_mb:
            most = f"a program has at most {self._memory_mb:,} MB here"
            text = f"It asks for {limits.memory_mb:,} MB of memory; {most}."
            raise NoTier(text, code="sandbox_limit")
        assert isinstance(program, PythonProgram)
        return await self._wasm.run(caller, program, input, limits, printed)

    async def close(self) -> None:
        """End every process."""
        await self._wasm.close()
