"""Every command with its options. What a command needs is imported when it runs: `--help` must not wait."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watchbill import __version__
from watchbill.cli import executions, operator
from watchbill.kit.process.lazy_imports import late
from watchbill.kit.process.open_files import allow_open_files

if TYPE_CHECKING:
    from watchbill.cli import doctor as examination
    from watchbill.cli import run as running
    from watchbill.cli import schema, serve, settings
    from watchbill.cli import up as supervising
else:
    examination = late("watchbill.cli.doctor")
    running = late("watchbill.cli.run")
    schema = late("watchbill.cli.schema")
    serve = late("watchbill.cli.serve")
    settings = late("watchbill.cli.settings")
    supervising = late("watchbill.cli.up")
# The assemblies do not import each other; a command finds them by name.
worker_process = late("watchbill.worker.main")

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
    given = settings.load_settings(data_dir)
    raise typer.Exit(
        supervising.run_up(given, host or given.api_host, given.api_port if port is None else port)
    )


@app.command()
def api(
    host: Annotated[str | None, typer.Option(help="Address to listen on. [default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="[default: 8000]")] = None,
    fd: Annotated[int | None, typer.Option(hidden=True, help="A listening socket to use.")] = None,
    migrated: Annotated[bool, typer.Option("--migrate", help="Bring the database up to date first.")] = False,
) -> None:
    """Start only the API and the user interface. Needs a database and Redis or Valkey."""
    given = settings.configured()
    if migrated:
        schema.bring_up_to_date_elsewhere(given)
    serve.serve(given, host=host, port=port, fd=fd)


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
    given = settings.configured()
    if wait:
        asyncio.run(schema.until_up_to_date(given))
    worker_process.run(given, health_port=health_port, health_fd=health_fd)


@app.command()
def migrate(
    status: Annotated[
        bool, typer.Option("--status", help="Only show which tenants are not up to date.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Bring the database up to date. Running it again is harmless.

    If the migration of a tenant fails, it is reported and the others go on; the exit code is then 1.
    """
    if status:
        operator.show_behind(data_dir)
    given = settings.configured(needs_redis=False)
    done = asyncio.run(schema.bring_up_to_date(given))
    for tenant_id, error in done.failed.items():
        typer.echo(f"Tenant {tenant_id} could not be brought up to date: {error}", err=True)
    if done.failed:
        typer.echo(f"{done.upgraded} tenants were brought up to date, {len(done.failed)} failed.", err=True)
        raise typer.Exit(1)
    typer.echo(f"The database is up to date; {done.upgraded} tenants needed it.")


@app.command()
def doctor(data_dir: DataDir = None) -> None:
    """Show the effective settings, and check the services that they name. Exits with 1 when something is
    wrong."""
    raise typer.Exit(asyncio.run(examination.examine(settings.load_settings(data_dir))))


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
        typer.Option("--json", help="Print every event, then the result, each as one JSON object a line."),
    ] = False,
    email: Annotated[
        str | None,
        typer.Option("--as", metavar="EMAIL", help="Run it as this person, with their providers and agents."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Run a workflow file and show its progress and result.

    Uses the Watchbill that runs on the data directory, or starts one meanwhile. Ctrl-C cancels the execution.
    """
    raise typer.Exit(
        running.run_file(
            settings.load_settings(data_dir), file, input or [], inputs_file, as_json=json, email=email
        )
    )
