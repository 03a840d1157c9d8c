"""What a request costs before its route begins: credentials, tenant and role, and limits counted in Redis."""

from __future__ import annotations

import time
from typing import Any
from uuid import uuid4

from httpx import ASGITransport, AsyncClient

from bench.figures import Figure, percentile
from bench.stack import Stack
from watchbill.api.app import create_app
from watchbill.config import Settings
from watchbill.features.identity import access

_REQUESTS = 300
_WARM = 30


async def measure(stack: Stack) -> list[Figure]:
    """In this process, on the stack's databases: a clock around the one function that lets requests in."""
    times: list[float] = []
    real: Any = access.enter

    async def timed(*args: Any) -> Any:
        started = time.perf_counter()
        entered = await real(*args)
        times.append(time.perf_counter() - started)
        return entered

    access.enter = timed
    try:
        await _ask(stack)
    finally:
        access.enter = real
    milliseconds = [seconds * 1000 for seconds in times[_WARM:]]
    name = "letting a request in: credentials, tenant, limits"
    return [
        Figure(f"{name}, median", percentile(milliseconds, 50), "ms", 3),
        Figure(f"{name}, p95", percentile(milliseconds, 95), "ms"),
    ]


async def _ask(stack: Stack) -> None:
    app = create_app(
        Settings(
            env="test",
            database_url=stack.environment["WATCHBILL_DATABASE_URL"],
            redis_url=stack.environment["WATCHBILL_REDIS_URL"],
            data_dir=stack.folder / "letting-in",
            bcrypt_cost=4,
            rate_limit_user=1_000_000,
            rate_limit_tenant=1_000_000,
            _env_file=None,
        )
    )
    email = f"{uuid4().hex}@example.com"
    form = {"email": email, "password": "correct horse battery", "tenant_name": "Bench"}
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="http://bench/api/v1/") as http,
    ):
        session = (await http.post("auth/register", json=form)).raise_for_status().json()
        http.headers["Authorization"] = f"Bearer {session['access_token']}"
        for _ in range(_REQUESTS + _WARM):
            (await http.get("flows")).raise_for_status()
