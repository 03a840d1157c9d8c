"""Commands of an installation's operator: `watchbill tenants`, `watchbill keys` and `watchbill audit`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from watchbill.cli.installation import Installation

T = TypeVar("T")
tenants = typer.Typer(help="List, suspend, limit, export and delete tenants.", no_args_is_help=True)
keys = typer.Typer(help="Change the keys that seal secrets.", no_args_is_help=True)
audit = typer.Typer(help="Prove that nobody changed the audit log.", no_args_is_help=True)
DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Where everything is kept. [default: .watchbill]")
]
Who = Annotated[str, typer.Argument(help="The tenant's short name (slug) or id.", show_default=False)]


@tenants.command("list")
def list_tenants(data_dir: DataDir = None) -> None:
    """Show every tenant: short name, id, state, members, name."""
    from watchbill.cli import tenants as work

    _run(data_dir, work.show_all)


@tenants.command()
def suspend(tenant: Who, data_dir: DataDir = None) -> None:
    """Let nobody into a tenant, and stop what runs there."""
    from watchbill.cli import tenants as work

    _run(data_dir, lambda installation: work.suspend(installation, tenant))


@tenants.command()
def activate(tenant: Who, data_dir: DataDir = None) -> None:
    """Let people into a suspended tenant again."""
    from watchbill.cli import tenants as work

    _run(data_dir, lambda installation: work.activate(installation, tenant))


@tenants.command()
def limit(
    tenant: Who,
    user: Annotated[
        int | None, typer.Option(min=0, help="Requests a minute of each person or key; 0 is no limit.")
    ] = None,
    total: Annotated[int | None, typer.Option(min=0, help="Requests a minute of all together.")] = None,
    running: Annotated[
        int | None, typer.Option(min=0, max=1_000_000, help="Executions that run at a time; 0 is any number.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Give a tenant limits of its own; without options, the installation's again."""
    from watchbill.cli import tenants as work

    _run(data_dir, lambda installation: work.limit(installation, tenant, user, total, running))


@tenants.command()
def export(
    tenant: Who,
    file: Annotated[Path, typer.Option(help="Where to write the ZIP file.", show_default=False)],
    data_dir: DataDir = None,
) -> None:
    """Write all of a tenant's data, without secrets, as JSON lines into a ZIP file."""
    from watchbill.cli import tenants as work

    _run(data_dir, lambda installation: work.export(installation, tenant, file))


@tenants.command()
def delete(
    tenant: Who,
    confirm: Annotated[str, typer.Option(help="The tenant's short name once more.", show_default=False)],
    data_dir: DataDir = None,
) -> None:
    """Delete a tenant with everything in it, and check that nothing is left. It cannot be undone."""
    from watchbill.cli import tenants as work

    _run(data_dir, lambda installation: work.delete(installation, tenant, confirm))


@keys.command()
def new(data_dir: DataDir = None) -> None:
    """Make a new key.

    With embedded services it is put in front of the data directory's keys; otherwise it is printed, to be put
    in front of WATCHBILL_ENCRYPTION_KEYS. Then restart, and run `watchbill keys rotate`.
    """
    from watchbill.cli.commands import load_settings
    from watchbill.cli.keys import make_key

    raise typer.Exit(make_key(load_settings(data_dir)))


@keys.command("status")
def key_status(data_dir: DataDir = None) -> None:
    """Show how many secrets each key has sealed."""
    from watchbill.cli import keys as work

    _run(data_dir, work.show)


@keys.command()
def rotate(data_dir: DataDir = None) -> None:
    """Seal every secret again with the first key, while Watchbill runs. Old keys keep working until they are
    removed, which is safe when `watchbill keys status` shows nothing of theirs."""
    from watchbill.cli import keys as work

    _run(data_dir, work.rotate_all)


@audit.command()
def verify(
    tenant: Annotated[
        str | None, typer.Argument(help="A tenant's short name or id; without it, every tenant.")
    ] = None,
    expect: Annotated[
        str | None,
        typer.Option(metavar="NUMBER:HASH", help="An entry as this command showed it before."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Compute the audit log's chain of hashes again. Exits with 1 when an entry was changed or removed.

    Keep the number and hash it prints somewhere else: with --expect they prove later that the entries up to
    there are still the same.
    """
    from watchbill.cli import audit as work

    _run(data_dir, lambda installation: work.verify(installation, tenant, expect))


def show_behind(data_dir: Path | None) -> None:
    """Show what a migration would change; the exit code is 1 when something is behind."""
    from watchbill.cli.commands import load_settings
    from watchbill.cli.schema import report, report_named

    settings = load_settings(data_dir)
    if settings.database_url:
        raise typer.Exit(asyncio.run(report_named(settings)))
    _run(data_dir, lambda installation: report(installation.database), migrated=False)


def _run(
    data_dir: Path | None,
    action: Callable[[Installation], Awaitable[int | None]],
    *,
    migrated: bool = True,
) -> None:
    """Open the installation, do it, and exit with its code; what is refused is one sentence."""
    from watchbill.cli.commands import load_settings
    from watchbill.cli.installation import open_installation
    from watchbill.core.errors import WatchbillError
    from watchbill.core.ports.documents import DocumentsUnavailable
    from watchbill.embedded.errors import CannotStart
    from watchbill.kit.crypto import BadKeys
    from watchbill.kit.db import DatabaseUnavailable
    from watchbill.kit.logs import configure_logs

    settings = load_settings(data_dir)
    configure_logs("warning", settings.log_format)

    async def act() -> int:
        async with open_installation(settings, migrated=migrated) as installation:
            return await action(installation) or 0

    try:
        raise typer.Exit(asyncio.run(act()))
    except (WatchbillError, CannotStart, BadKeys, DatabaseUnavailable, DocumentsUnavailable) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
