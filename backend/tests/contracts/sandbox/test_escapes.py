"""The escape suite: on every tier each attempt is kept in, and nobody else notices."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.contracts.sandbox.escapes import ESCAPES
from watchbill.core.ports.sandbox import PythonProgram, Sandbox, SandboxCaller, SandboxLimits
from watchbill.core.tenancy import TenantScope

LIMITS = SandboxLimits(timeout_seconds=1.0, memory_mb=64, output_kb=64)


def test_there_are_enough():
    assert len(ESCAPES) >= 80


@pytest.mark.parametrize("name", ESCAPES)
async def test_an_attempt_is_kept_in(sandbox: Sandbox, caller: SandboxCaller, name: str):
    result = await sandbox.run(caller, PythonProgram(ESCAPES[name]), {}, LIMITS)
    if result.failure is None:
        assert not result.output, "it got something"
    else:
        assert result.failure.message and result.failure.kind in ("user", "limit")
    assert len(result.logs) <= LIMITS.output_kb * 1024 + 200
    other = SandboxCaller(TenantScope(uuid4()))
    after = await sandbox.run(other, PythonProgram("def run(): return 'well'"), {}, SandboxLimits())
    assert after.output == "well", "another tenant noticed"
