"""Commands of an installation's operator: `watchbill tenants`, `watchbill keys` and `watchbill audit`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watchbill.kit.process.lazy_imports import late

if TYPE_CHECKING:
    from watchbill.cli import audit as audit_log
    from watchbill.cli import installation, schema, settings
    from watchbill.cli import keys as sealing_keys
    from watchbill.cli import tenants as tenants_work
    from watchbill.cli.installation import Installation
else:
    audit_log = late("watchbill.cli.audit")
    installation = late("watchbill.cli.installation")
    schema = late("watchbill.cli.schema")
    sealing_keys = late("watchbill.cli.keys")
    settings = late("watchbill.cli.settings")
    tenants_work = late("watchbill.cli.tenants")
tenants = typer.Typer(help="List, suspend, limit, export and delete tenants.", no_args_is_help=True)
keys = typer.Typer(help="Change the keys that encrypt secrets.", no_args_is_help=True)
audit = typer.Typer(help="Check that nobody changed the audit log.", no_args_is_help=True)
DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Where everything is kept. [default: .watchbill]")
]
Who = Annotated[str, typer.Argument(help="The tenant's short name (slug) or id.", show_default=False)]


@tenants.command("list")
def list_tenants(data_dir: DataDir = None) -> None:
    """Show every tenant: short name, id, state, members, name."""
    _run(data_dir, tenants_work.show_all)


@tenants.command()
def suspend(tenant: Who, data_dir: DataDir = None) -> None:
    """Suspend a tenant: nobody can sign in, and its executions are cancelled."""
    _run(data_dir, lambda opened: tenants_work.suspend(opened, tenant))


@tenants.command()
def activate(tenant: Who, data_dir: DataDir = None) -> None:
    """End the suspension of a tenant."""
    _run(data_dir, lambda opened: tenants_work.activate(opened, tenant))


@tenants.command()
def limit(
    tenant: Who,
    user: Annotated[
        int | None, typer.Option(min=0, help="Requests a minute of each person or key; 0 is no limit.")
    ] = None,
    total: Annotated[
        int | None, typer.Option(min=0, help="Requests a minute of the whole tenant; 0 is no limit.")
    ] = None,
    running: Annotated[
        int | None, typer.Option(min=0, max=1_000_000, help="Executions that run at a time; 0 is no limit.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Give a tenant its own limits; without options, it gets the installation's limits again."""
    _run(data_dir, lambda opened: tenants_work.limit(opened, tenant, user, total, running))


@tenants.command()
def export(
    tenant: Who,
    file: Annotated[Path, typer.Option(help="Where to write the ZIP file.", show_default=False)],
    data_dir: DataDir = None,
) -> None:
    """Write all of a tenant's data, without secrets, as JSON lines into a ZIP file."""
    _run(data_dir, lambda opened: tenants_work.export(opened, tenant, file))


@tenants.command()
def delete(
    tenant: Who,
    confirm: Annotated[str, typer.Option(help="The tenant's short name again.", show_default=False)],
    data_dir: DataDir = None,
) -> None:
    """Delete a tenant with everything in it, and check that nothing is left. It cannot be undone."""
    _run(data_dir, lambda opened: tenants_work.delete(opened, tenant, confirm))


@keys.command()
def new(data_dir: DataDir = None) -> None:
    """Make a new key.

    With embedded services it is added to the data directory. Otherwise it is printed; put it in front of
    WATCHBILL_ENCRYPTION_KEYS. Then restart Watchbill and run `watchbill keys rotate`.
    """
    raise typer.Exit(sealing_keys.make_key(settings.load_settings(data_dir)))


@keys.command("status")
def key_status(data_dir: DataDir = None) -> None:
    """Show how many secrets are encrypted with each key."""
    _run(data_dir, sealing_keys.show)


@keys.command()
def rotate(data_dir: DataDir = None) -> None:
    """Encrypt every secret again with the first key, while Watchbill runs. Old keys work until you remove
    them, which is safe when `watchbill keys status` shows no secrets of theirs."""
    _run(data_dir, sealing_keys.rotate_all)


@audit.command()
def verify(
    tenant: Annotated[
        str | None, typer.Argument(help="A tenant's short name or id; without it, every tenant.")
    ] = None,
    expect: Annotated[
        str | None,
        typer.Option(metavar="NUMBER:HASH", help="An entry that this command showed before."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Check the audit log's chain of hashes. Exits with 1 if an entry was changed or removed.

    Store the number and hash that it prints somewhere else: with --expect they prove later that the entries
    up to there are the same.
    """
    _run(data_dir, lambda opened: audit_log.verify(opened, tenant, expect))


def show_behind(data_dir: Path | None) -> None:
    """Show what a migration would change; the exit code is 1 when something is behind."""
    given = settings.load_settings(data_dir)
    if given.database_url:
        raise typer.Exit(asyncio.run(schema.report_named(given)))
    _run(data_dir, lambda opened: schema.report(opened.database), migrated=False)


def _run(
    data_dir: Path | None,
    action: Callable[[Installation], Awaitable[int | None]],
    *,
    migrated: bool = True,
) -> None:
    given = settings.load_settings(data_dir)
    raise typer.Exit(installation.perform(given, action, migrated=migrated))
