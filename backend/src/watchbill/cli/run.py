"""`watchbill run`: runs a workflow file on a local Watchbill, starting one when none is running."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import typer

from watchbill.cli.client import COMMAND_LINE_EMAIL, ApiError, Client
from watchbill.cli.reading import NotRunnable
from watchbill.cli.screen import JsonScreen, PeopleScreen, Screen
from watchbill.cli.workflow import Workflow, read_workflow
from watchbill.config import Settings
from watchbill.embedded.errors import AlreadyRunning, CannotStart
from watchbill.embedded.folder import DataFolder
from watchbill.embedded.stack import Stack
from watchbill.features.identity import tokens

_STARTING_SECONDS = 90
_CANCEL_SECONDS = 20


def run_file(
    settings: Settings,
    file: Path,
    pairs: Sequence[str],
    inputs_file: Path | None,
    *,
    as_json: bool,
    email: str | None,
) -> int:
    """Run the file; returns 0 when the execution completed, else 1.

    Args:
        pairs: inputs as `name=value`.
        as_json: for programs rather than people.
        email: the account to run as; None for the command line's own.
    """
    screen: Screen = JsonScreen() if as_json else PeopleScreen()
    try:
        workflow = read_workflow(file, pairs, inputs_file)
        password = _password(email) if email else None
        return asyncio.run(_run(settings, workflow, screen, email, password))
    except NotRunnable as error:
        screen.refuse(error.lines)
    except ApiError as error:
        screen.refuse(error.lines)
    except CannotStart as error:
        screen.refuse([str(error)])
    return 1


async def _run(
    settings: Settings, workflow: Workflow, screen: Screen, email: str | None, password: str | None
) -> int:
    stop, stop_now = asyncio.Event(), asyncio.Event()

    def asked() -> None:
        (stop_now if stop.is_set() else stop).set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, asked)
    async with _watchbill(settings, screen, stop) as url, Client(url) as client:
        if stop.is_set():
            return 1
        if email and password is not None:
            await client.sign_in(email, password)
        else:
            secrets, _ = DataFolder(settings.data_dir).secrets()
            token = tokens.registration(_signing(settings, secrets), COMMAND_LINE_EMAIL, seconds=60)
            await client.sign_in_as_command_line(secrets["command_line_password"], token)
        flow_id = await client.store_flow(workflow.name, workflow.description, workflow.definition)
        execution_id = await client.execute(flow_id, workflow.inputs)
        screen.begin(workflow.labels, workflow.outputs)
        cancelling = asyncio.create_task(_cancel_on(stop, stop_now, client, execution_id, screen))
        showing = asyncio.create_task(_show(client, execution_id, screen))
        try:
            await asyncio.wait({cancelling, showing}, return_when=asyncio.FIRST_COMPLETED)
            if showing.done():
                showing.result()
        finally:
            cancelling.cancel()
            showing.cancel()
            execution = await client.execution(execution_id)
            screen.finish(execution)
    return 0 if execution["status"] == "completed" else 1


async def _show(client: Client, execution_id: str, screen: Screen) -> None:
    async for event in client.follow(execution_id):
        screen.show(event)


async def _cancel_on(
    stop: asyncio.Event, stop_now: asyncio.Event, client: Client, execution_id: str, screen: Screen
) -> None:
    """Cancel when asked; ends when the execution should have stopped by then, or at a second Ctrl-C."""
    await stop.wait()
    screen.note("Cancelling the execution. Press Ctrl-C again to leave at once.")
    await client.cancel(execution_id)
    with suppress(TimeoutError):
        await asyncio.wait_for(stop_now.wait(), _CANCEL_SECONDS)


@asynccontextmanager
async def _watchbill(settings: Settings, screen: Screen, stop: asyncio.Event) -> AsyncGenerator[str]:
    """The URL of the Watchbill that runs on the data directory, or of one that lives as long as this."""
    stack = Stack(settings, host="127.0.0.1", port=0, tell=screen.note)
    starting = asyncio.create_task(stack.start())
    stopping = asyncio.create_task(stop.wait())
    running: str | None = None
    try:
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            try:
                starting.result()
            except AlreadyRunning as busy:
                running = await _url_of(busy, stack.folder)
        yield running or stack.url
    finally:
        for task in (starting, stopping):
            task.cancel()
        await asyncio.gather(starting, stopping, return_exceptions=True)
        await stack.stop()


async def _url_of(busy: AlreadyRunning, folder: DataFolder) -> str:
    """Where the other one listens; one that is just starting is waited for."""
    url = busy.url
    try:
        async with asyncio.timeout(_STARTING_SECONDS):
            while url is None:
                await asyncio.sleep(0.1)
                holder = folder.holder()
                url = holder.url if holder and holder.pid == busy.pid else url
    except TimeoutError:
        raise busy from None
    return url


def _signing(settings: Settings, secrets: dict[str, str]) -> str:
    """What the Watchbill on that data directory signs with."""
    if "jwt_secret" in settings.model_fields_set:
        return settings.jwt_secret.get_secret_value()
    return secrets["jwt_secret"]


def _password(email: str) -> str:
    given = os.environ.get("WATCHBILL_PASSWORD")
    return given or str(typer.prompt(f"Password of {email}", hide_input=True, err=True))
