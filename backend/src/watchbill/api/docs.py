"""The OpenAPI document, and /api/docs: Swagger UI from files of our own, since a machine without internet
reaches no CDN."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse, HTMLResponse, Response

from watchbill.kit.process.resources import data_dir

router = APIRouter(prefix="/api", include_in_schema=False)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Watchbill API</title>
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/api/docs/swagger-ui-bundle.js"></script>
<script src="/api/docs/start.js"></script>
</body>
</html>
"""
# A file, not an inline script: the security policy allows no inline scripts but the UI's own.
_START = """SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "none",
  validatorUrl: null,
});
"""


@router.get("/openapi.json")
async def document() -> Response:
    """The document as it was generated from the routes: to do that again here would take seconds, and 15 MB
    of memory for as long as the process lives."""
    folder = data_dir("reference")
    if folder is None:
        raise RuntimeError("The OpenAPI document is neither in the package nor in the checkout.")
    return FileResponse(folder / "openapi.json", media_type="application/json")


@router.get("/docs")
async def docs() -> Response:
    """Every route, to read and to try."""
    return HTMLResponse(_PAGE)


@router.get("/docs/start.js")
async def start() -> Response:
    return Response(_START, media_type="text/javascript")


@router.get("/docs/swagger-ui.css")
async def style() -> Response:
    return FileResponse(_assets() / "swagger-ui.css")


@router.get("/docs/swagger-ui-bundle.js")
async def script() -> Response:
    return FileResponse(_assets() / "swagger-ui-bundle.js")


@lru_cache
def _assets() -> Path:
    # Only the package's files are wanted; importing it would patch FastAPI.
    spec = find_spec("fastapi_swagger")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("The package fastapi-swagger is not installed.")
    return Path(next(iter(spec.submodule_search_locations))) / "resources"
