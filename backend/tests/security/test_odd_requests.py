"""Whatever stands in a path, query, header or cookie: the answer is never that something is broken."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from fastapi import FastAPI
from httpx import AsyncClient

from tests import people
from tests.people import PASSWORD, Person
from tests.security.test_routes import ROUTES
from watchbill.api.ui import StaticUi

ODD = (
    "a" * 300,
    "a" * 5000,
    "ä" * 300,
    "%00",
    "%FF%FE",
    "%ED%A0%80",
    "%E2%80%AE",
    "💥",
    "..",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "-1",
    "9" * 30,
    "null",
    "'%22;--",
    "{}",
)
QUERY = (
    "limit",
    "cursor",
    "q",
    "after",
    "as_of",
    "flow_id",
    "status",
    "open",
    "since",
    "actor_id",
    "domain",
    "state",
)


@pytest_asyncio.fixture(scope="module")
async def person(app: FastAPI) -> AsyncIterator[Person]:
    one = await people.register(app)
    async with one.http:
        yield one


def well(status: int) -> bool:
    return status < 500 or status == 503


@pytest.mark.parametrize(
    "route", sorted(route for route in ROUTES if "{" in route and "WEBSOCKET" not in route)
)
async def test_odd_path_parts(person: Person, route: str):
    method, path = route.split(" ")
    for part in ODD:
        body = {"json": {}} if method in ("POST", "PUT", "PATCH") else {}
        answer = await person.http.request(method, "http://test" + re.sub(r"\{\w+\}", part, path), **body)
        assert well(answer.status_code), (part, answer.text)


@pytest.mark.parametrize(
    "route", sorted(route for route in ROUTES if route.startswith("GET ") and "{" not in route)
)
async def test_odd_queries(person: Person, route: str):
    for part in ODD:
        query = "&".join(f"{name}={part}" for name in QUERY)
        answer = await person.http.get(f"http://test{route.removeprefix('GET ')}?{query}")
        assert well(answer.status_code), (part, answer.text)
    for name in QUERY:
        answer = await person.http.get(f"http://test{route.removeprefix('GET ')}?{name}={'9' * 30}")
        assert well(answer.status_code), (name, answer.text)


HEADERS = (
    ("Authorization", b"Bearer " + b"a" * 5000),
    ("Authorization", b"Bearer \xff\xfe"),
    ("Authorization", b"Bearer eyJhbGciOiJub25lIn0.e30."),
    ("Authorization", b"Bearer wb_\xc3\xa4"),
    ("Authorization", b"Basic \x01"),
    (
        "Cookie",
        b"watchbill_session=\xff; watchbill_refresh=\xc3\xa4; watchbill_device=\xff.\xff; watchbill_sso=\xff",
    ),
    ("Cookie", b"watchbill_session=" + b"a" * 5000),
    ("Cookie", b"watchbill_session=%00; watchbill_sso=v1.1.%00; =;;"),
    ("Origin", b"http://["),
    ("Origin", b"http://test:99999999"),
    ("Origin", b"\xff\xfe"),
    ("Origin", b"null"),
    ("Referer", b"http://[::1"),
    ("Host", b"["),
    ("Host", b"\xff"),
    ("User-Agent", b"\xff\xfe\x01"),
    ("Accept-Language", b"\xff"),
    ("Content-Type", b"application/JSON; charset=\xff"),
    ("Content-Type", b"Application/Json"),
    ("Content-Type", b""),
    ("Content-Length", b"-1"),
    ("Idempotency-Key", b"\xff" * 100),
    ("Last-Event-ID", b"9" * 20),
    ("X-Request-ID", b"\xff\x01"),
    ("X-Watchbill-Timestamp", b"9" * 400),
    ("X-Watchbill-Signature", b"\xff"),
    ("X-Forwarded-For", b"[::"),
)


@pytest.mark.parametrize(("name", "value"), HEADERS)
async def test_odd_headers(app: FastAPI, visitor: AsyncClient, person: Person, name: str, value: bytes):
    form = {"email": person.email, "password": PASSWORD}
    for method, path, body in (
        ("GET", "auth/me", None),
        ("POST", "flows", b'{"name": "f", "definition": {}}'),
        ("POST", "auth/login", str(form).replace("'", '"').encode()),
        ("POST", "auth/refresh", b"{}"),
        ("POST", "auth/logout", b""),
        ("GET", "auth/sso/callback?state=x&code=y", None),
        ("POST", "hooks/unknown", b"{}"),
    ):
        for cookie in ({}, {"Cookie": "watchbill_session=" + person.token}):
            sent = {**({"Content-Type": "application/json"} if body else {}), **cookie, name: value}
            answer = await visitor.request(method, path, headers=sent, content=body)
            assert well(answer.status_code), (method, path, answer.text)
        visitor.cookies.clear()


@pytest.mark.parametrize(
    "kind", ["application/JSON", "APPLICATION/json; charset=UTF-8", "application/Problem+JSON", ""]
)
async def test_a_body_is_looked_at_whatever_its_type_is_written_like(person: Person, kind: str):
    for body in (b'{"name": "a\\u0000b", "definition": {}}', b'{"name": "f", "definition": {"a": NaN}}'):
        answer = await person.http.post("flows", content=body, headers={"Content-Type": kind})
        assert answer.status_code in (415, 422), answer.text


async def test_odd_paths_of_pages(tmp_path: Path, app: FastAPI):
    (tmp_path / "index.html").write_text("page")
    (tmp_path / "404.html").write_text("no page")
    ui = StaticUi(tmp_path, otherwise=app.router.not_found)
    async with AsyncClient(transport=people.ASGITransport(ui), base_url="http://test") as http:
        for part in ODD:
            for path in (f"/{part}", f"/flows/{part}/", f"/{part}/{part}.js"):
                answer = await http.get(path)
                assert answer.status_code < 500, (path, answer.text)
