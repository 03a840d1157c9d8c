"""The API process: what it loads, what it documents, and how it serves the UI."""

from __future__ import annotations

import base64
import hashlib
import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from httpx import ASGITransport, AsyncClient

from tests.people import refused
from watchbill.api.app import SettingMissing, create_app
from watchbill.api.openapi import document
from watchbill.config import Settings
from watchbill.kit.requests.bodies import BodyRoute

ROOT = Path(__file__).parents[4]
SCRIPT = "window.theme = 'dark'"


def test_the_api_never_loads_crewai_or_litellm():
    heavy = (
        "crewai",
        "litellm",
        "openai",
        "anthropic",
        "lancedb",
        "chromadb",
        "alembic",
        "authlib",
        "pymongo",
        "aiohttp",
    )
    code = (
        "import sys, watchbill.cli.serve, watchbill.cli.schema; from watchbill.api.app import create_app;"
        "from watchbill.config import Settings;"
        "create_app(Settings(env='test', _env_file=None)).openapi();"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def _threaded(dependant: Dependant) -> set[str]:
    """What a route needs, or does, that FastAPI would run in a thread."""
    found = set[str]().union(*map(_threaded, dependant.dependencies))
    call: Any = dependant.call
    waits = [call, getattr(call, "__call__", None)]  # noqa: B004 (a callable object that waits)
    if call and not any(inspect.iscoroutinefunction(f) or inspect.isasyncgenfunction(f) for f in waits):
        found.add(f"{call.__module__}.{call.__qualname__}")
    return found


def test_no_route_sends_what_it_needs_to_a_thread():
    routes = iter_route_contexts(create_app(Settings(env="test", _env_file=None)).routes)
    needs = [_threaded(route.dependant) for route in routes if getattr(route, "dependant", None)]
    assert len(needs) > 100
    assert set[str]().union(*needs) == set()


def test_every_route_takes_its_body_as_it_was_read():
    """Webhooks alone read theirs by themselves."""
    routes = iter_route_contexts(create_app(Settings(env="test", _env_file=None)).routes)
    with_body = [route for route in routes if getattr(route, "body_field", None)]
    assert len(with_body) > 40
    assert {type(route.original_route) for route in with_body} == {BodyRoute}


def test_every_command_may_open_as_many_files_as_the_machine_allows():
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (256, 2000));"
        "from typer.testing import CliRunner; from watchbill.cli.commands import app;"
        "assert CliRunner().invoke(app, ['run', '--help']).exit_code == 0;"
        "print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "2000"


def test_the_published_openapi_document_is_current():
    published = (ROOT / "docs/reference/openapi.json").read_text(encoding="utf-8")
    assert published == document(), "run python -m watchbill.api.openapi > docs/reference/openapi.json"


async def test_starting_without_databases_says_what_to_do():
    app = create_app(Settings(env="test", _env_file=None))
    with pytest.raises(SettingMissing, match="watchbill up"):
        async with app.router.lifespan_context(app):
            pass


@pytest.fixture
def ui(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """An app that serves a small export."""
    pages = {
        "index.html": f"<script>{SCRIPT}</script><script src='/x.js'></script>",
        "login/index.html": "login",
        "flows.html": "flows",
        "404.html": "not here",
        "_next/static/a.js": "code",
    }
    for name, content in pages.items():
        file = tmp_path / "out" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    (tmp_path / "secret.html").write_text("secret")
    monkeypatch.setattr("watchbill.api.app.data_dir", lambda _name: tmp_path / "out")
    app = create_app(Settings(env="test", _env_file=None))
    return AsyncClient(transport=ASGITransport(app), base_url="http://test")


async def test_the_ui_is_served(ui: AsyncClient):
    async with ui:
        home = await ui.get("/")
        assert home.status_code == 200 and home.headers["cache-control"] == "no-cache"
        digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in home.headers["content-security-policy"]
        for path in ("/login", "/login/", "/flows", "/flows/"):
            assert (await ui.get(path)).text in ("login", "flows")
        head = await ui.head("/flows")
        assert (head.status_code, head.text) == (200, "")
        code = await ui.get("/_next/static/a.js")
        assert "immutable" in code.headers["cache-control"]
        missing = await ui.get("/nowhere")
        assert (missing.status_code, missing.text) == (404, "not here")
        assert (await ui.post("/flows")).status_code == 405


async def test_the_ui_does_not_reach_outside_its_folder(ui: AsyncClient):
    async with ui:
        for path in ("/../secret.html", "/%2e%2e/secret.html", "/..%2fsecret", "/login/../../secret"):
            assert (await ui.get(path)).status_code == 404


async def test_the_ui_takes_no_api_path(ui: AsyncClient):
    async with ui:
        missing = await ui.get("/api/v1/nowhere")
        assert missing.headers["content-type"] == "application/problem+json"
        assert (await ui.get("/api/v1/auth/login")).status_code == 405


async def test_the_documentation_needs_no_internet(ui: AsyncClient):
    async with ui:
        page = await ui.get("/api/docs")
        assert "http" not in page.text
        for name in ("start.js", "swagger-ui.css", "swagger-ui-bundle.js"):
            assert f"/api/docs/{name}" in page.text
            assert (await ui.get(f"/api/docs/{name}")).status_code == 200
        assert (await ui.get("/api/openapi.json")).json()["info"]["title"] == "Watchbill"


async def test_without_its_databases_the_api_says_so():
    nowhere = {"database_url": "postgresql://u@127.0.0.1:9/db", "redis_url": "redis://127.0.0.1:9/0"}
    app = create_app(Settings(env="test", _env_file=None, **nowhere))
    client = AsyncClient(transport=ASGITransport(app), base_url="http://test")
    async with app.router.lifespan_context(app), client:
        assert (await client.get("/health/live")).status_code == 200
        ready = await client.get("/health/ready")
        assert ready.status_code == 503
        assert ready.json()["checks"] == {"database": "failing", "redis": "failing", "migrations": "failing"}
        refused(await client.get("/api/v1/auth/me"), 503, "database_unavailable")
