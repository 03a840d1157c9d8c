"""A server that takes its time: `python -m bench.slow --port 8600` answers /wait after two seconds, and
what is below /silent never."""

from __future__ import annotations

import argparse
import asyncio

from aiohttp import web

SECONDS = 2.0


async def _wait(_request: web.Request) -> web.Response:
    await asyncio.sleep(SECONDS)
    return web.json_response({"waited": SECONDS})


async def _silent(_request: web.Request) -> web.Response:
    await asyncio.Event().wait()
    return web.Response()


async def _ready(_request: web.Request) -> web.Response:
    return web.Response()


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m bench.slow", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    app = web.Application()
    app.add_routes(
        [web.get("/", _ready), web.get("/wait", _wait), web.route("*", "/silent/{rest:.*}", _silent)]
    )
    web.run_app(app, host="127.0.0.1", port=parser.parse_args().port, print=None, backlog=2048)


if __name__ == "__main__":
    main()
