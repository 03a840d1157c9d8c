"""The static export of the UI: which file answers a path, how long it is kept, what its scripts may do."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
from pathlib import Path

from starlette.responses import FileResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

_INLINE_SCRIPT = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)
_IMMUTABLE = "public, max-age=31536000, immutable"
_REVALIDATE = "no-cache"
_NOT_PAGES = ("/api/", "/health/", "/metrics")


class StaticUi:
    """Serves the folder that `next build` exported; what is not for it goes to `otherwise`."""

    def __init__(self, folder: Path, *, otherwise: ASGIApp):
        self.folder = folder.resolve()
        self.otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_NOT_PAGES):
            return await self.otherwise(scope, receive, send)
        if scope["method"] not in ("GET", "HEAD"):
            answer = Response(status_code=405, headers={"Allow": "GET, HEAD"})
            return await answer(scope, receive, send)
        return await self._answer(scope["path"])(scope, receive, send)

    def _answer(self, path: str) -> Response:
        file = self._find(path)
        if file is not None:
            kept = _IMMUTABLE if path.startswith("/_next/static/") else _REVALIDATE
            return FileResponse(file, headers={"Cache-Control": kept})
        missing = self.folder / "404.html"
        if missing.is_file():
            return FileResponse(missing, 404, headers={"Cache-Control": _REVALIDATE})
        return Response("Not found", 404, media_type="text/plain")

    def _find(self, path: str) -> Path | None:
        """The file for a path: itself, with .html, or the index of the folder; never one outside."""
        relative = path.strip("/")
        names = (relative, f"{relative}.html", f"{relative}/index.html") if relative else ("index.html",)
        for name in names:
            with contextlib.suppress(OSError, ValueError):  # a name that no file can have
                file = (self.folder / name).resolve()
                if file.is_relative_to(self.folder) and file.is_file():
                    return file
        return None


def security_policy(ui: Path | None) -> str:
    """The Content-Security-Policy of all answers. Inline scripts run only when they are in the export, known
    by their hash; React sets style attributes, so styles may be inline."""
    pages = sorted(ui.rglob("*.html")) if ui else []
    scripts = {script for page in pages for script in _INLINE_SCRIPT.findall(page.read_bytes())}
    hashes = sorted(
        f"'sha256-{base64.b64encode(hashlib.sha256(text).digest()).decode()}'" for text in scripts
    )
    return "; ".join(
        (
            "default-src 'self'",
            " ".join(("script-src 'self'", *hashes)),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )
