"""What every tier does with a program: its output, its errors, its limits."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watchbill.adapters.sandbox.wasm.guest.offered import MODULES
from watchbill.core.errors import TooManyRequests
from watchbill.core.ports.sandbox import (
    Exceeded,
    PythonProgram,
    Sandbox,
    SandboxCaller,
    SandboxLimits,
    SandboxResult,
)
from watchbill.core.tenancy import TenantScope

ROOMY = SandboxLimits(timeout_seconds=60)
SHORT = SandboxLimits(timeout_seconds=0.3)


async def call(
    sandbox: Sandbox,
    caller: SandboxCaller,
    code: str,
    limits: SandboxLimits = ROOMY,
    **given: Any,
) -> SandboxResult:
    return await sandbox.run(caller, PythonProgram(code), given, limits)


async def test_the_input_comes_by_name_and_the_output_goes_back(sandbox: Sandbox, caller: SandboxCaller):
    code = "def run(city, days=2):\n    return {'zone': city, 'after': [days, None, True, 1.5]}"
    result = await call(sandbox, caller, code, city="Tromsø")
    assert result.failure is None and result.duration_ms >= 0
    assert result.output == {"zone": "Tromsø", "after": [2, None, True, 1.5]}
    assert list(result.output) == ["zone", "after"]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=JSON)
async def test_values_come_back_as_they_went(sandbox: Sandbox, caller: SandboxCaller, value: Any):
    result = await call(sandbox, caller, "def run(value): return value", value=value)
    assert result.failure is None
    assert repr(result.output) == repr(value)


async def test_what_is_printed_is_heard_while_it_works(sandbox: Sandbox, caller: SandboxCaller):
    heard = asyncio.Event()
    pieces: list[str] = []

    def printed(text: str) -> None:
        pieces.append(text)
        heard.set()

    work = "print('begun'); time.sleep(0.1); print('more'); time.sleep(600)"
    code = f"import time\ndef run(): {work}"
    running = asyncio.create_task(
        sandbox.run(caller, PythonProgram(code), {}, SandboxLimits(timeout_seconds=900), printed)
    )
    await heard.wait()
    assert not running.done() and "".join(pieces).startswith("begun\n")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert running.cancelled()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def run():\n    return 1 / 0", "ZeroDivisionError"),
        ("def run():\n    raise KeyError('x')", "KeyError"),
        ("def run(:", "SyntaxError"),
        ("x = 1", "no function `run`"),
        ("run = 7", "no function `run`"),
        ("def run(needed): ...", "needed"),
        ("import nothing_of_this_name\ndef run(): ...", "No module named"),
        ("import sys\ndef run(): sys.exit(3)", "ended itself"),
        ("import os\ndef run(): os._exit(0)", "ended itself"),
        ("def run(): return float('nan')", "nan"),
        ("def run(): return {1: 2}", "keys of JSON are texts"),
        ("def run(): return {'a': [object()]}", "type object"),
        ("def run(): return 2**63", "more than 64 bits"),
        ("def run(): return '\\ud800'", "surrogate"),
        ("def run(): return 'a\\x00b'", "NUL"),
        ("def run(): return b'bytes'", "type bytes"),
        ("def run():\n    x = []\n    x.append(x)\n    return x", "RecursionError"),
        ("def f(): return f()\ndef run(): return f()", "RecursionError"),
        (
            "async def run():\n    import types\n    @types.coroutine\n    def w(): yield\n    await w()",
            "waits",
        ),
    ],
)
async def test_what_a_program_does_wrong_is_its_own(
    sandbox: Sandbox, caller: SandboxCaller, code: str, said: str
):
    failure = (await call(sandbox, caller, code)).failure
    assert failure is not None and failure.kind == "user" and failure.exceeded is None
    assert said in failure.message


async def test_an_error_shows_lines_of_the_program_alone(sandbox: Sandbox, caller: SandboxCaller):
    code = "def inner(x):\n    return 1 / x\n\ndef run():\n    return inner(0)"
    failure = (await call(sandbox, caller, code)).failure
    assert failure is not None
    assert "line 5, in run" in failure.message and "line 2, in inner" in failure.message
    assert "program.py" not in failure.message and "/" not in failure.message.replace("1 / x", "")


@pytest.mark.parametrize(
    ("code", "limits", "exceeded"),
    [
        ("def run():\n    while True: pass", SHORT, "time"),
        ("import time\ndef run(): time.sleep(600)", SHORT, "time"),
        ("while True: pass", SHORT, "time"),
        (
            "def run():\n    x = []\n    while True: x.append('x' * 10**6)",
            SandboxLimits(memory_mb=32),
            "memory",
        ),
        ("def run(): return len('x' * 10**9)", SandboxLimits(memory_mb=32), "memory"),
        ("def run(): return 'x' * 10**5", SandboxLimits(output_kb=16), "output"),
    ],
)
async def test_limits_hold_and_are_named(
    sandbox: Sandbox, caller: SandboxCaller, code: str, limits: SandboxLimits, exceeded: Exceeded
):
    failure = (await call(sandbox, caller, code, limits)).failure
    assert failure is not None
    assert (failure.kind, failure.exceeded) == ("limit", exceeded)


async def test_an_output_of_the_very_limit_is_kept(sandbox: Sandbox, caller: SandboxCaller):
    limits = SandboxLimits(output_kb=4)
    assert (await call(sandbox, caller, "def run(): return 'x' * 4094", limits)).failure is None
    assert (await call(sandbox, caller, "def run(): return 'x' * 4095", limits)).failure is not None


async def test_logs_are_cut_where_the_limit_is(sandbox: Sandbox, caller: SandboxCaller):
    code = "def run():\n    for _ in range(1000): print('x' * 99)\n    return 1"
    result = await call(sandbox, caller, code, SandboxLimits(output_kb=4))
    assert result.output == 1
    assert 4096 <= len(result.logs) < 4300 and "is not kept" in result.logs


async def test_nothing_of_a_call_is_there_in_the_next(sandbox: Sandbox, caller: SandboxCaller):
    work = "json.dumps = None; builtins.left = 1; random.seed(1)"
    stain = f"import json, builtins, random\ndef run(): {work}"
    assert (await call(sandbox, caller, stain)).failure is None
    look = "import json, builtins\ndef run(): return [json.dumps(1), hasattr(builtins, 'left')]"
    for _ in range(4):
        assert (await call(sandbox, caller, look)).output == ["1", False]


async def test_random_numbers_differ_from_call_to_call(sandbox: Sandbox, caller: SandboxCaller):
    values = "[random.random(), str(uuid.uuid4()), secrets.token_hex()]"
    code = f"import random, uuid, secrets\ndef run(): return {values}"
    found = [(await call(sandbox, caller, code)).output for _ in range(3)]
    assert len({value for some in found for value in some}) == 9


async def test_the_key_of_the_call_can_be_read(sandbox: Sandbox, caller: SandboxCaller):
    assert (await call(sandbox, caller, "def run(): return idempotency_key")).output == "the key"


async def test_many_calls_of_many_tenants_at_once(sandbox: Sandbox):
    async def one(number: int) -> None:
        scope = TenantScope(uuid4())
        code = "import time\ndef run(n):\n    time.sleep(0.01)\n    return n"
        result = await call(sandbox, SandboxCaller(scope), code, n=number)
        assert result.output == number

    await asyncio.gather(*(one(number) for number in range(100)))


async def test_a_tenant_with_endless_programs_leaves_room_for_others(sandbox: Sandbox, caller: SandboxCaller):
    endless = [
        asyncio.create_task(
            call(sandbox, caller, "def run():\n    while True: pass", SandboxLimits(timeout_seconds=900))
        )
        for _ in range(20)
    ]
    other = SandboxCaller(TenantScope(uuid4()))
    for _ in range(3):
        assert (await call(sandbox, other, "def run(): return 1")).output == 1
    for task in endless:
        task.cancel()
    await asyncio.gather(*endless, return_exceptions=True)
    assert all(task.cancelled() for task in endless)
    assert (await call(sandbox, caller, "def run(): return 2")).output == 2


async def test_too_many_that_wait_are_refused(sandbox: Sandbox, caller: SandboxCaller):
    answers = await asyncio.gather(
        *(call(sandbox, caller, "def run(): return 1") for _ in range(1200)), return_exceptions=True
    )
    refused = [one for one in answers if isinstance(one, BaseException)]
    assert refused and all(isinstance(one, TooManyRequests) for one in refused)
    assert sum(isinstance(one, SandboxResult) for one in answers) >= 1000


async def test_what_the_guide_lists_can_be_imported(sandbox: Sandbox, caller: SandboxCaller):
    guide = (Path(__file__).parents[4] / "docs/guides/sandbox.md").read_text("utf-8")
    missing = [name for name in MODULES if f"`{name}`" not in guide]
    assert not missing
    code = "\n".join([*(f"import {name}" for name in MODULES), "def run(): return 1"])
    assert (await call(sandbox, caller, code)).output == 1
