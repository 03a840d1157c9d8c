"""Every command with its options. Each imports what it needs when it runs: `--help` must not wait for it."""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from watchbill import __version__
from watchbill.cli import executions, operator
from watchbill.kit.open_files import allow_open_files

if TYPE_CHECKING:
    from watchbill.config import Settings

app = typer.Typer(
    name="watchbill",
    help="Draw, run and watch AI agent workflows built on CrewAI, on your own machines.",
    no_args_is_help=True,
    add_completion=False,
    # Importing rich for coloured help would double the time that `--help` takes.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.add_typer(executions.commands, name="executions")
app.add_typer(operator.tenants, name="tenants")
app.add_typer(operator.keys, name="keys")
app.add_typer(operator.audit, name="audit")
DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Where everything is kept. [default: .watchbill]")
]


def main() -> None:
    """Run the command line; exits with 1 when something went wrong and with 2 when it was asked wrongly."""
    app()


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        typer.echo(f"watchbill {__version__}")
        raise typer.Exit
    allow_open_files()


@app.command()
def up(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; 0.0.0.0 for all. [default: 127.0.0.1]")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="[default: 8000; 0 picks a free one]")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Start everything on this machine: databases, API, worker and user interface."""
    from watchbill.cli.up import run_up

    settings = load_settings(data_dir)
    raise typer.Exit(run_up(settings, host or settings.api_host, settings.api_port if port is None else port))


@app.command()
def api(
    host: Annotated[str | None, typer.Option(help="Address to listen on. [default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="[default: 8000]")] = None,
    fd: Annotated[int | None, typer.Option(hidden=True, help="A listening socket to use.")] = None,
    migrated: Annotated[bool, typer.Option("--migrate", help="Bring the database up to date first.")] = False,
) -> None:
    """Start only the API and the user interface. Needs a database and Redis or Valkey."""
    from watchbill.cli.serve import serve

    settings = _configured()
    if migrated:
        from watchbill.cli.schema import bring_up_to_date_elsewhere

        bring_up_to_date_elsewhere(settings)
    serve(settings, host=host, port=port, fd=fd)


@app.command()
def worker(
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until somebody has brought the database up to date.")
    ] = False,
    health_port: Annotated[
        int | None,
        typer.Option(
            min=1, max=65535, help="Answer /health/live, /health/ready and /metrics here. [default: nowhere]"
        ),
    ] = None,
    health_fd: Annotated[int | None, typer.Option(hidden=True, help="A listening socket for it.")] = None,
) -> None:
    """Start only a worker, which runs executions. Needs a database and Redis or Valkey."""
    settings = _configured()
    # The assemblies do not import each other; a command finds them by name.
    assembly = import_module("watchbill.worker.main")
    if wait:
        from watchbill.cli.schema import until_up_to_date

        asyncio.run(until_up_to_date(settings))
    assembly.run(settings, health_port=health_port, health_fd=health_fd)


@app.command()
def migrate(
    status: Annotated[bool, typer.Option("--status", help="Only show what is behind.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Bring the database up to date. Running it again is harmless.

    A tenant whose migration fails is reported and stops no other one; the exit code is then 1.
    """
    from watchbill.cli.schema import bring_up_to_date

    if status:
        operator.show_behind(data_dir)
    settings = _configured(needs_redis=False)
    done = asyncio.run(bring_up_to_date(settings))
    for tenant_id, error in done.failed.items():
        typer.echo(f"Tenant {tenant_id} could not be brought up to date: {error}", err=True)
    if done.failed:
        typer.echo(f"{done.upgraded} tenants were brought up to date, {len(done.failed)} failed.", err=True)
        raise typer.Exit(1)
    typer.echo(f"The database is up to date; {done.upgraded} tenants were behind.")


@app.command()
def doctor(data_dir: DataDir = None) -> None:
    """Show the effective settings, and check what they point at. Exits with 1 when something is wrong."""
    from watchbill.cli.doctor import examine

    raise typer.Exit(asyncio.run(examine(load_settings(data_dir))))


@app.command()
def run(
    file: Annotated[Path, typer.Argument(help="A workflow file, YAML or JSON.", show_default=False)],
    input: Annotated[
        list[str] | None,
        typer.Option("--input", "-i", metavar="NAME=VALUE", help="An input; may be repeated."),
    ] = None,
    inputs_file: Annotated[Path | None, typer.Option(help="Inputs from a YAML or JSON file.")] = None,
    json: Annotated[
        bool,
        typer.Option("--json", help="Print every event, and at last the result, as one JSON object a line."),
    ] = False,
    email: Annotated[
        str | None,
        typer.Option("--as", metavar="EMAIL", help="Run as this person, with their providers and agents."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Run a workflow file and show its progress and result.

    Uses the Watchbill that runs on the data directory, or starts one for the run. Ctrl-C cancels the run.
    """
    from watchbill.cli.run import run_file

    raise typer.Exit(
        run_file(load_settings(data_dir), file, input or [], inputs_file, as_json=json, email=email)
    )


def load_settings(data_dir: Path | None = None) -> Settings:
    """The effective settings; one that is not understood ends the program with a sentence about it."""
    from pydantic import ValidationError

    from watchbill.config import Settings

    given: dict[str, Any] = {} if data_dir is None else {"data_dir": data_dir}
    try:
        return Settings(**given)
    except ValidationError as error:
        for problem in error.errors():
            name = "_".join(str(part) for part in problem["loc"]).upper()
            setting = f"WATCHBILL_{name.removeprefix('WATCHBILL_')}: " if name else ""
            typer.echo(f"{setting}{problem['msg'].removeprefix('Value error, ')}", err=True)
        sys.exit(2)


def _configured(*, needs_redis: bool = True) -> Settings:
    """Settings of a process that runs alone: the URLs must be set, and logs go where they say."""
    from watchbill.kit.logs import configure_logs

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
