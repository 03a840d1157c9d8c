"""What `watchbill keys` does."""

from __future__ import annotations

import typer

from watchbill.cli.installation import Installation
from watchbill.config import Settings
from watchbill.embedded.errors import CannotStart
from watchbill.embedded.folder import DataFolder
from watchbill.features.tables import PUBLIC_TABLES, TENANT_TABLES
from watchbill.kit.secrets.crypto import KeyRing, new_key
from watchbill.kit.secrets.key_rotation import count_by_key, rotate, sealed_columns

_COLUMNS = sealed_columns(PUBLIC_TABLES, TENANT_TABLES)


def make_key(settings: Settings) -> int:
    """Make a key; returns the exit code."""
    if settings.database_url or "encryption_keys" in settings.model_fields_set:
        taken = KeyRing.parse(settings.encryption_keys.get_secret_value()).ids
        typer.echo(new_key(taken))
        typer.echo(
            "Put it and a comma in front of WATCHBILL_ENCRYPTION_KEYS, restart every process, and run"
            " `watchbill keys rotate`.",
            err=True,
        )
        return 0
    try:
        made = DataFolder(settings.data_dir).add_encryption_key()
    except CannotStart as error:
        typer.echo(str(error), err=True)
        return 1
    typer.echo(f"Key {made} is added. Restart Watchbill, then run `watchbill keys rotate`.")
    return 0


async def show(installation: Installation) -> None:
    """Print how many secrets each key has sealed."""
    counts = await count_by_key(installation.database, _COLUMNS)
    for name in [*installation.keys.ids, *sorted(counts.keys() - set(installation.keys.ids))]:
        missing = name not in installation.keys.ids
        first = name == installation.keys.first
        note = " (its key is missing: they cannot be opened)" if missing else " (seals)" if first else ""
        typer.echo(f"{name}: {counts[name]} secrets{note}")


async def rotate_all(installation: Installation) -> int:
    """Seal everything with the first key; returns the exit code."""
    if installation.restart_needed:
        typer.echo("Restart Watchbill first: until then it does not know the new key.", err=True)
        return 1
    done = await rotate(installation.database, installation.keys, _COLUMNS)
    typer.echo(f"{done.resealed} secrets were sealed again with key {installation.keys.first}.")
    for row in done.unsealable:
        typer.echo(f"{row} could not be opened: its key is missing.", err=True)
    for tenant_id, why in done.unreadable.items():
        typer.echo(f"The tables of tenant {tenant_id} could not be read: {why}", err=True)
    return 1 if done.unsealable or done.unreadable else 0
