"""`watchbill up`: runs the stack in the foreground until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
import time

import typer

from watchbill import __version__
from watchbill.config import Settings
from watchbill.embedded.errors import CannotStart
from watchbill.embedded.stack import Stack


def run_up(settings: Settings, host: str, port: int) -> int:
    """Run until Ctrl-C, SIGTERM or the terminal's end; returns the exit code."""
    return asyncio.run(_run(Stack(settings, host=host, port=port, tell=_tell)))


async def _run(stack: Stack) -> int:
    stop = asyncio.Event()
    _on_signals(stop, stack)
    try:
        stack.reserve()
        typer.echo(f"Watchbill {__version__} is starting.")
        await _serve(stack, stop)
    except CannotStart as error:
        typer.echo(str(error), err=True)
        return 1
    finally:
        if stop.is_set():
            typer.echo("\nStopping. Press Ctrl-C again to stop at once.")
        await stack.stop()
        if stop.is_set():
            typer.echo("Stopped.")
    return 0


async def _serve(stack: Stack, stop: asyncio.Event) -> None:
    """Start the stack and wait until `stop`, which may also cut the start short."""
    began = time.monotonic()
    starting, stopping = asyncio.create_task(stack.start()), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            _welcome(stack, time.monotonic() - began)
            await stopping
    finally:
        starting.cancel()
        stopping.cancel()
        await asyncio.gather(starting, stopping, return_exceptions=True)


def _on_signals(stop: asyncio.Event, stack: Stack) -> None:
    def asked() -> None:
        if stop.is_set():
            stack.hurry()
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # `nohup` sets SIGHUP to be ignored, and then it shall be.
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, asked)


def _welcome(stack: Stack, seconds: float) -> None:
    typer.echo(f"Ready after {seconds:.1f} s:\n\n    {stack.url}\n")
    if stack.first_start:
        typer.echo(
            "New here? Open the address, create an account, and run an example:\n"
            "the demo provider answers without any key.\n"
        )
    typer.echo(f"Data:  {stack.folder.path}\nLogs:  {stack.folder.logs}\nStop:  Ctrl-C\n")


def _tell(line: str) -> None:
    typer.echo(f"{time.strftime('%H:%M:%S')}  {line}", err=True)
