"""`python -m watchbill.testing.llm_server`: the scripted LLM server or the demo provider."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from watchbill.testing.llm_server.server import LlmServer


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="watchbill.testing.llm_server", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9100, help="0 picks a free one (default: 9100)")
    parser.add_argument("--token-ms", type=float, default=15, help="pause between words (default: 15)")
    parser.add_argument("--first-token-ms", type=float, default=250, help="pause before the first word")
    parser.add_argument("--no-script", action="store_true", help="no /_script and /_calls: the demo provider")
    return parser


async def _serve(options: argparse.Namespace) -> None:
    server = LlmServer(
        options.host,
        options.port,
        token_ms=options.token_ms,
        first_token_ms=options.first_token_ms,
        scriptable=not options.no_script,
    )
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with server:
        sys.stdout.write(f"LLM server on {server.base_url}\n")
        sys.stdout.flush()
        await stop.wait()


def main() -> None:
    """Serve until SIGINT or SIGTERM; exits with 1 when the port is taken."""
    try:
        asyncio.run(_serve(_parser().parse_args()))
    except OSError as error:
        sys.exit(f"The LLM server cannot listen: {error.strerror or error}")


if __name__ == "__main__":
    main()
