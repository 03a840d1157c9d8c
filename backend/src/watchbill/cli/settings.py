"""The settings of a command; one that is not understood ends the program with a sentence about it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import typer
from pydantic import ValidationError

from watchbill.config import Settings
from watchbill.kit.process.logs import configure_logs


def load_settings(data_dir: Path | None = None) -> Settings:
    """The effective settings. Exits with 2 when they are wrong."""
    given: dict[str, Any] = {} if data_dir is None else {"data_dir": data_dir}
    try:
        return Settings(**given)
    except ValidationError as error:
        for problem in error.errors():
            name = "_".join(str(part) for part in problem["loc"]).upper()
            setting = f"WATCHBILL_{name.removeprefix('WATCHBILL_')}: " if name else ""
            typer.echo(f"{setting}{problem['msg'].removeprefix('Value error, ')}", err=True)
        sys.exit(2)


def configured(*, needs_redis: bool = True) -> Settings:
    """Settings of a process that runs alone: the URLs must be set, and logs go where they say."""
    settings = load_settings()
    missing = [] if settings.database_url else ["WATCHBILL_DATABASE_URL"]
    if needs_redis and not settings.redis_url:
        missing.append("WATCHBILL_REDIS_URL")
    if missing:
        typer.echo(
            f"Set {' and '.join(missing)}, or use `watchbill up`, which brings its own servers.", err=True
        )
        sys.exit(2)
    configure_logs(settings.log_level, settings.log_format)
    return settings
