"""/health: whether this process lives, and whether it can do its work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from watchbill import __version__
from watchbill.core.ports.documents import DocumentStore
from watchbill.kit.database import revisions
from watchbill.kit.database.transactions import Database
from watchbill.kit.process.supervision import Supervisor

router = APIRouter(tags=["health"])
Check = Literal["ok", "failing", "behind"]
_PATIENCE = 3.0


class Health(BaseModel):
    """`status` is ok when every check but `documents` is ok. `documents` is present if they are in MongoDB;
    without them traces are missing, and executions go on. `migrations` is behind until `watchbill migrate`
    has run."""

    status: Literal["ok", "failing"]
    version: str
    checks: dict[str, Check]


@router.get("/health/live", responses={503: {"model": Health}})
async def live(request: Request, response: Response) -> Health:
    """Whether the process answers and its own tasks run; 503 when it has to be restarted. It does not ask the
    database, so trouble there restarts nothing."""
    supervisor: Supervisor = request.app.state.supervisor
    checks: dict[str, Check] = dict.fromkeys(supervisor.troubles(), "failing")
    response.status_code = 503 if checks else 200
    return Health(status="failing" if checks else "ok", version=__version__, checks=checks)


@router.get("/health", responses={503: {"model": Health}})
@router.get("/health/ready", responses={503: {"model": Health}})
async def ready(request: Request, response: Response) -> Health:
    """Whether the database and Redis answer and all migrations have run; 503 when not."""
    database: Database = request.app.state.database
    redis: Redis = request.app.state.redis
    documents: DocumentStore = request.app.state.executions.documents
    asked = {"database": _check(database.ping()), "redis": _check(redis.ping())}
    asked["migrations"] = _migrations(database)
    if documents.outside:
        asked["documents"] = _check(documents.ping())
    checks: dict[str, Check] = dict(zip(asked, await asyncio.gather(*asked.values()), strict=True))
    fine = all(result == "ok" for name, result in checks.items() if name != "documents")
    response.status_code = 200 if fine else 503
    return Health(status="ok" if fine else "failing", version=__version__, checks=checks)


async def _check(sign_of_life: Awaitable[object]) -> Check:
    try:
        await asyncio.wait_for(sign_of_life, _PATIENCE)
    except (SQLAlchemyError, RedisError, OSError, TimeoutError):
        return "failing"
    return "ok"


async def _migrations(database: Database) -> Check:
    try:
        return "ok" if await asyncio.wait_for(revisions.current(database), _PATIENCE) else "behind"
    except (SQLAlchemyError, OSError, TimeoutError):
        return "failing"
