"""No sandbox at all: every program is refused."""

from __future__ import annotations

from typing import Any

from watchbill.core.ports.sandbox import (
    NoTier,
    Printed,
    Program,
    SandboxCaller,
    SandboxLimits,
    SandboxResult,
)


class ClosedSandbox:
    """Implements core.ports.sandbox.Sandbox where the installation has none."""

    async def run(
        self,
        caller: SandboxCaller,
        program: Program,
        input: Any,
        limits: SandboxLimits,
        printed: Printed = lambda _text: None,
    ) -> SandboxResult:
        """Refuse.

        Raises:
            NoTier: always.
        """
        raise NoTier("This installation runs no programs of tenants: its sandbox is switched off.")
