from __future__ import annotations

from uuid import uuid4

from watchbill.core.tenancy import TenantScope
from watchbill.engine.slices import Slices


async def test_who_has_much_to_do_pauses_for_other_tenants_only() -> None:
    now, waits = 0.0, list[float]()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    slices = Slices(clock=lambda: now, sleep=sleep)
    much, small, third = (TenantScope(uuid4()) for _ in range(3))

    async def paused(scope: TenantScope = much) -> bool:
        async with slices.turn(scope):
            return waits[-1] > 0

    assert not await paused(), "alone"
    slices.small(much)
    assert not await paused(), "an execution of one's own"
    slices.small(small)
    assert await paused()
    slices.small(much)
    assert await paused(), "the other one was there a moment ago"
    assert await paused(small)
    now += 0.1
    slices.small(third)
    slices.small(much)
    now += 0.15
    assert await paused(), "the third one was"
    now += 1.0
    assert not await paused(), "they are gone"
