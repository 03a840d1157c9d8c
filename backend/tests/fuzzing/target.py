"""The API to be tried: a process of its own on real PostgreSQL and Valkey, and a person who is signed in."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.e2e.running import until
from tests.fuzzing.place import Place
from tests.fuzzing.stock import join
from tests.people import PASSWORD, checked, new_email
from tests.services import Services
from watchbill.kit.process.free_port import free_port

_READY_SECONDS = 60
_STOP_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Target:
    """Where the API answers, the file that its processes write their logs to, the folder where they put
    mails, and a provider for single sign-on beside it."""

    url: str
    log: Path
    mailbox: Path
    issuer: str


@contextmanager
def serving(services: Services, folder: Path, *, worker: bool, port: int | None = None) -> Iterator[Target]:
    """Start the API, and a worker if wanted; both are gone after the block."""
    port = port or free_port()
    environment = _environment(services, folder)
    with _provider() as issuer, (folder / "processes.log").open("wb") as log:
        target = Target(f"http://127.0.0.1:{port}", folder / "processes.log", folder / "data/mails", issuer)
        commands = [("api", "--port", str(port)), *([("worker",)] if worker else [])]
        processes = [
            subprocess.Popen(
                [sys.executable, "-m", "watchbill.cli", *command],
                env=environment,
                stdout=log,
                stderr=log,
                cwd=folder,
            )
            for command in commands
        ]
        try:
            _wait(target, processes)
            yield target
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(_STOP_SECONDS)


@contextmanager
def _provider() -> Iterator[str]:
    """A provider of single sign-on, which is gone after the block; its address."""
    command = [sys.executable, "-m", "watchbill.testing.oidc"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()


async def settle(target: Target, services: Services) -> tuple[Place, str, str]:
    """A tenant with somebody to be an admin and somebody to be a viewer, one more tenant of theirs, and
    another tenant."""
    (keeper, tenant_id), (stranger, elsewhere) = _sign_up(target), _sign_up(target)
    second = _sign_up(target)[1]
    admin, viewer = _sign_up(target)[0], _sign_up(target)[0]
    people = {admin: "admin", viewer: "viewer"}
    place = Place(
        url=target.url,
        database_url=services.database_url,
        tenant_id=tenant_id,
        keeper=keeper,
        people=people,
        elsewhere=elsewhere,
        stranger=stranger,
        second=second,
        issuer=target.issuer,
        mailbox=str(target.mailbox),
    )
    for id_ in (tenant_id, second):
        await join(services.database_url, id_, people)
    return place, admin, viewer


def _sign_up(target: Target) -> tuple[str, str]:
    """Register somebody with a tenant; returns their address and the tenant's id. All have one password."""
    form = {"email": new_email(), "password": PASSWORD, "tenant_name": "Fuzzed"}
    answer = checked(httpx.post(f"{target.url}/api/v1/auth/register", json=form), 201)
    return form["email"], answer["tenant"]["id"]


def _environment(services: Services, folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WATCHBILL_")}
    return kept | {
        "WATCHBILL_ENV": "test",
        "WATCHBILL_DATABASE_URL": services.database_url,
        "WATCHBILL_REDIS_URL": services.redis_url,
        "WATCHBILL_DATA_DIR": str(folder / "data"),
        "WATCHBILL_BCRYPT_COST": "4",
        "WATCHBILL_RATE_LIMIT_USER": "0",
        "WATCHBILL_RATE_LIMIT_TENANT": "0",
        "WATCHBILL_RATE_LIMIT_AUTH": "0",
        "WATCHBILL_LOG_FORMAT": "json",
    }


def _wait(target: Target, processes: list[subprocess.Popen[bytes]]) -> None:
    def ready() -> bool:
        dead = any(process.poll() is not None for process in processes)
        assert not dead, target.log.read_text()[-3000:]
        return _answers(f"{target.url}/health/ready")

    until(ready, _READY_SECONDS, f"the API is ready; its log is {target.log}")


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False
