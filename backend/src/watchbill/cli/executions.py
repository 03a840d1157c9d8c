"""Commands about executions on a Watchbill that runs somewhere: `watchbill executions`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from watchbill.kit.process.lazy_imports import late

if TYPE_CHECKING:
    from watchbill.cli import control, remote
    from watchbill.cli.remote import Action
else:
    control = late("watchbill.cli.control")
    remote = late("watchbill.cli.remote")

commands = typer.Typer(
    help="Show and control executions on a running Watchbill, with an API key.", no_args_is_help=True
)
Url = Annotated[
    str,
    typer.Option(
        envvar="WATCHBILL_URL", help="Where Watchbill answers.", show_default=True, show_envvar=True
    ),
]
KeyFile = Annotated[
    Path | None,
    typer.Option(help="A file with the API key. [default: the key is in WATCHBILL_API_KEY]"),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object a line, for programs.")]
Which = Annotated[UUID, typer.Argument(help="The execution's id.", show_default=False)]
HERE = "http://127.0.0.1:8000"


@commands.command("list")
def list_executions(
    flow: Annotated[UUID | None, typer.Option(help="Only executions of this flow.")] = None,
    status: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STATUS",
            help="Only executions that are pending, running, waiting, completed, failed or cancelled; may be"
            " repeated.",
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="The most to show.")] = 20,
    url: Url = HERE,
    key_file: KeyFile = None,
    json: Json = False,
) -> None:
    """Show executions, the newest first: id, status, begin, duration, flow."""
    _act(url, key_file, json, control.listed(flow, status or [], limit))


@commands.command()
def show(execution: Which, url: Url = HERE, key_file: KeyFile = None, json: Json = False) -> None:
    """Show an execution with its nodes, what it cost, why it failed, and its outputs."""
    _act(url, key_file, json, control.shown(execution))


@commands.command()
def cancel(execution: Which, url: Url = HERE, key_file: KeyFile = None, json: Json = False) -> None:
    """Stop an execution, also in the middle of a model call."""
    _act(url, key_file, json, control.asked(execution, "cancel"))


@commands.command()
def pause(execution: Which, url: Url = HERE, key_file: KeyFile = None, json: Json = False) -> None:
    """Pause an execution: running nodes finish, and no other node starts."""
    _act(url, key_file, json, control.asked(execution, "pause"))


@commands.command()
def resume(execution: Which, url: Url = HERE, key_file: KeyFile = None, json: Json = False) -> None:
    """Resume a paused execution."""
    _act(url, key_file, json, control.resumed(execution))


@commands.command()
def retry(execution: Which, url: Url = HERE, key_file: KeyFile = None, json: Json = False) -> None:
    """Run a failed or cancelled execution again from there. Finished nodes are not run again."""
    _act(url, key_file, json, control.retried(execution))


@commands.command()
def fork(
    execution: Which,
    from_node: Annotated[
        str, typer.Option("--from", metavar="NODE", help="The node to begin at.", show_default=False)
    ],
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="NODE=VALUE",
            help="Use this instead of the node's output: JSON or text. May be repeated.",
        ),
    ] = None,
    outputs_file: Annotated[
        Path | None, typer.Option(help="Outputs from a YAML or JSON file, by the nodes' ids.")
    ] = None,
    url: Url = HERE,
    key_file: KeyFile = None,
    json: Json = False,
) -> None:
    """Start a new execution that takes over what another one did before a node."""
    _act(url, key_file, json, control.forked(execution, from_node, output or [], outputs_file))


def _act(url: str, key_file: Path | None, as_json: bool, action: Action) -> None:
    raise typer.Exit(remote.act(url, key_file, action, as_json=as_json))
