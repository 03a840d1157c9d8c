"""Numbers, cursors and paths beyond what the database and the disk take are refused and break nothing."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import quote

import pytest
from httpx import ASGITransport, AsyncClient

from tests.features.notifications.telling import start
from tests.people import Person
from watchbill.api.ui import StaticUi
from watchbill.core.json.size import MAX_VALUES

HUGE = 99999999999
LISTS = (
    "flows",
    "executions",
    "agents",
    "llm-providers",
    "triggers",
    "notifications",
    "approvals",
    "audit-log",
)


def cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize("value", [HUGE, -1, 2**31, 2**63, 10**30, "1e9", "x"])
@pytest.mark.parametrize("name", ["after", "limit", "as_of"])
async def test_numbers(admin: Person, value: object, name: str) -> None:
    run = await start(admin)
    for path in ("", "/events", "/stream", "/exchanges"):
        if name == "as_of" and path:
            continue
        url = f"executions/{run}{path}?{name}={value}"
        if path == "/stream" and name == "limit":
            continue
        answer = await admin.http.get(url) if path != "/stream" or name == "after" else None
        assert answer is None or answer.status_code in (200, 422), (url, answer.text)


@pytest.mark.parametrize(
    "given",
    [
        cursor(f"0001-01-01T00:00:00+14:00 {'0' * 32}"),
        cursor(f"9999-12-31T23:59:59-14:00 {'0' * 32}"),
        cursor(f"9999-12-31T23:59:59.999999+00:00 {'f' * 32}"),
        cursor("2026-01-01T00:00:00+00:00 x"),
        cursor("\x00"),
        "é",
        "=",
        "99999999999",
    ],
)
async def test_cursors(admin: Person, given: str) -> None:
    for name in LISTS:
        answer = await admin.http.get(name, params={"cursor": given})
        assert answer.status_code in (200, 422), (name, answer.text)


@pytest.mark.parametrize("part", ["x" * 300, "é" * 300, "x" * 5000, "%00", "..%2f" * 100])
async def test_paths(admin: Person, visitor: AsyncClient, part: str) -> None:
    api = [f"{name}/{part}" for name in LISTS] + [f"hooks/{part}", f"executions/{part}/events", part]
    for path in api:
        answer = await admin.http.get(path)
        assert answer.status_code in (404, 405, 422), (path, answer.status_code, answer.text)
    for path in (f"/{part}", f"/flows/{part}", f"/_next/static/{part}.js", f"/health/{part}"):
        answer = await visitor.get(path)
        assert answer.status_code < 500, (path, answer.text)


@pytest.mark.parametrize("part", ["x" * 300, "x/" * 3000, "\x00", "é" * 200])
async def test_pages(tmp_path: Path, part: str) -> None:
    (tmp_path / "404.html").write_text("gone")

    async def otherwise(*_: object) -> None:
        raise AssertionError("it is a page")

    ui = StaticUi(tmp_path, otherwise=otherwise)
    async with AsyncClient(transport=ASGITransport(ui), base_url="http://here") as http:
        answer = await http.get(f"/{quote(part)}")
    assert (answer.status_code, answer.text) == (404, "gone")


async def test_a_body_of_too_many_values(visitor: AsyncClient) -> None:
    body = b'{"email": ' + b"[" + b"[]," * MAX_VALUES + b"[]]}"
    answer = await visitor.post("auth/login", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["code"] == "too_many_values"
