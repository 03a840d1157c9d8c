"""The tiers of the sandbox, one after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from watchbill.adapters.sandbox.policy import PolicySandbox
from watchbill.adapters.sandbox.wasm.sandbox import WasmSandbox
from watchbill.core.ports.sandbox import Sandbox, SandboxCaller
from watchbill.core.tenancy import TenantScope


@pytest.fixture(scope="session")
async def wasm(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Sandbox]:
    """The built-in interpreter. What is compiled is shared by all tests that run beside these."""
    tier = WasmSandbox(tmp_path_factory.getbasetemp().parent / "sandbox", processes=3)
    sandbox = PolicySandbox("wasm", tier)
    yield sandbox
    await sandbox.close()


@pytest.fixture(params=["wasm"])
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    return request.getfixturevalue(request.param)


@pytest.fixture
def caller() -> SandboxCaller:
    return SandboxCaller(TenantScope(uuid4()), key="the key")
