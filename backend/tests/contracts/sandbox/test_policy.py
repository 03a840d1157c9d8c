"""Which tier runs what, and what is said where none does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.adapters.sandbox.policy import PolicySandbox, tier_for
from watchbill.core.ports.sandbox import (
    ImageProgram,
    NoTier,
    Program,
    PythonProgram,
    SandboxCaller,
    SandboxLimits,
    Tier,
)

PLAIN = PythonProgram("def run(): ...")
PACKAGES = PythonProgram("def run(): ...", ("httpx==0.28.1",))
IMAGE = ImageProgram("sha256:0")
OUTSIDE = SandboxLimits(network=("example.com",))
TIERS = st.sets(st.sampled_from(["wasm", "docker"]))
PROGRAMS = st.sampled_from([PLAIN, PACKAGES, IMAGE])
LIMITS = st.sampled_from([SandboxLimits(), OUTSIDE])


@pytest.mark.parametrize(
    ("program", "limits", "there", "tier"),
    [
        (PLAIN, SandboxLimits(), {"wasm"}, "wasm"),
        (PLAIN, SandboxLimits(), {"wasm", "docker"}, "wasm"),
        (PLAIN, SandboxLimits(), {"docker"}, "docker"),
        (PLAIN, OUTSIDE, {"wasm", "docker"}, "docker"),
        (PACKAGES, SandboxLimits(), {"wasm", "docker"}, "docker"),
        (IMAGE, SandboxLimits(), {"wasm", "docker"}, "docker"),
    ],
)
def test_the_least_tier_that_can(program: Program, limits: SandboxLimits, there: set[Tier], tier: Tier):
    assert tier_for(program, limits, there) == tier


@pytest.mark.parametrize(
    ("program", "limits", "said"),
    [
        (PLAIN, OUTSIDE, "may reach hosts"),
        (PACKAGES, SandboxLimits(), "needs packages"),
        (IMAGE, SandboxLimits(), "is an image"),
    ],
)
def test_where_none_can_it_says_what_would(program: Program, limits: SandboxLimits, said: str):
    with pytest.raises(NoTier) as caught:
        tier_for(program, limits, {"wasm"})
    assert said in caught.value.detail and "`docker`" in caught.value.detail


async def test_more_memory_than_the_installation_gives_is_refused(wasm: PolicySandbox, caller: SandboxCaller):
    with pytest.raises(NoTier, match="at most 2,048 MB"):
        await wasm.run(caller, PLAIN, {}, SandboxLimits(memory_mb=2049))


@given(PROGRAMS, LIMITS, TIERS)
def test_nothing_runs_in_a_tier_that_is_not_there_or_too_small(
    program: Program, limits: SandboxLimits, there: set[Tier]
):
    try:
        tier = tier_for(program, limits, there)
    except NoTier as refusal:
        assert refusal.detail and "docker" not in there
        return
    assert tier in there
    if tier == "wasm":
        assert program is PLAIN and not limits.network
