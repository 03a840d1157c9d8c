"""What every request has in common: its errors, limits and headers."""

import pytest
from httpx import ASGITransport, AsyncClient

from tests.people import Person, checked, refused
from watchbill.api.app import create_app
from watchbill.config import Settings
from watchbill.features.flows import service

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"name": "a\\u0000b", "definition": {}}', 422, "not_exact"),
        (b'{"name": "f", "definition": {"a\\u0000": 1}}', 422, "not_exact"),
        (b'{"name": "f", "definition": {"a": ["\\ud800"]}}', 422, "not_exact"),
        (b'{"name": "f", "definition": {"a": "\xed\xa0\x80"}}', 422, "not_exact"),
        (b'{"name": "f", "definition": {"a": 123456789012345678901234567890}}', 422, "not_exact"),
        (b'{"name": "f", "definition": {"a": NaN}}', 422, "not_exact"),
        (b'{"name": "f", "definition": {"a": 1e999}}', 422, "not_exact"),
        (b'{"name": "f", "definition": {"a": %s}}' % (b"[" * 5000 + b"]" * 5000), 422, "not_exact"),
        (b'{"name": "f", "definition"', 422, "invalid_input"),
        (b"\xff\xfe\x00", 422, "json_encoding"),
        (b"[]", 422, "invalid_input"),
        (b"", 422, "invalid_input"),
    ],
)
async def test_bodies_that_cannot_be_read_or_stored(member: Person, body, status, code):
    refused(await member.http.post("flows", content=body, headers=JSON), status, code)


async def test_what_looks_dangerous_but_is_not(member: Person):
    body = b'{"name": "f", "definition": {"a": "\\\\u0000", "b": "\\ud83d\\udea2", "c": 9223372036854775807}}'
    made = checked(await member.http.post("flows", content=body, headers=JSON), 201)
    assert made["definition"] == {"a": "\\u0000", "b": "🚢", "c": 2**63 - 1}


async def test_numbers_out_of_range(admin: Person):
    form = {"name": "p", "provider_type": "ollama", "priority": 2**40}
    refused(await admin.http.post("llm-providers", json=form), 422)
    refused(await admin.http.get(f"flows/{admin.user_id}/versions/{2**40}"), 422)


async def test_each_fault_is_told_once(admin: Person):
    """Two parts of this route take the same parameters."""
    assert len(refused(await admin.http.get("audit-log?limit=0"), 422)["errors"]) == 1


async def test_a_body_that_is_too_large(member: Person):
    async def endless():
        for _ in range(5):
            yield b"x" * 1024 * 1024

    for content in (endless(), b"x" * (4 * 1024 * 1024 + 1)):
        response = await member.http.post("flows", content=content, headers=JSON)
        refused(response, 413, "too_large")


async def test_a_body_that_is_not_json(member: Person):
    response = await member.http.post("flows", content=b"name=f", headers={"Content-Type": "text/plain"})
    refused(response, 422)


async def test_addresses(member: Person):
    refused(await member.http.get("nowhere"), 404, "not_found")
    refused(await member.http.get("http://test/api/other"), 404, "not_found")
    refused(await member.http.get("flows/"), 404)
    refused(await member.http.post("auth/me"), 405, "method_not_allowed")
    refused(await member.http.get("flows/not-a-uuid"), 422)
    refused(await member.http.get("flows", params={"q": "a\x00b"}), 422, "nul_character")
    refused(await member.http.get("flows/a%00b"), 422, "nul_character")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "flows", "GET, POST"),
        ("OPTIONS", "auth/me", "GET, PATCH"),
        ("POST", "flows/4171a2ad-441a-4428-b540-32e690134c9a", "DELETE, GET, PATCH, PUT"),
        # Not what may be done with a flow whose id is "validate".
        ("PUT", "flows/validate", "POST"),
        ("PATCH", "members/me", "DELETE"),
    ],
)
async def test_a_wrong_method_is_told_the_right_ones(admin: Person, method: str, path: str, allowed: str):
    response = await admin.http.request(method, path)
    refused(response, 405, "method_not_allowed")
    assert response.headers["allow"] == allowed


async def test_every_answer_has_an_id(visitor: AsyncClient):
    given = await visitor.get("auth/me", headers={"X-Request-ID": "abc-123"})
    assert given.headers["x-request-id"] == "abc-123"
    bad = await visitor.get("auth/me", headers={"X-Request-ID": "a b\tc" + "d" * 100})
    assert bad.headers["x-request-id"] != "a b"
    assert len(bad.headers["x-request-id"]) == 32


async def test_every_answer_has_security_headers(visitor: AsyncClient):
    for response in (await visitor.get("auth/me"), await visitor.get("http://test/health/live")):
        policy = response.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy and "unsafe-eval" not in policy
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "same-origin"
        assert response.headers["x-frame-options"] == "DENY"
        assert "camera=()" in response.headers["permissions-policy"]
        assert "strict-transport-security" not in response.headers


async def test_over_https_browsers_are_told_to_stay_there(settings: Settings):
    app = create_app(settings.model_copy(update={"public_url": "https://watchbill.example.com"}))
    async with AsyncClient(transport=ASGITransport(app), base_url="https://test") as client:
        answer = await client.get("/health/live")
    assert answer.headers["strict-transport-security"].startswith("max-age=31536000")


async def test_only_listed_sites_may_read_answers(settings: Settings):
    app = create_app(settings.model_copy(update={"cors_origins": ["https://console.example.com"]}))
    async with AsyncClient(transport=ASGITransport(app), base_url="https://test") as client:
        for origin, allowed in (("https://console.example.com", True), ("https://evil.example.com", False)):
            asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
            preflight = await client.options("/api/v1/flows", headers=asked)
            assert ("access-control-allow-origin" in preflight.headers) is allowed
            plain = await client.get("/health/live", headers={"Origin": origin})
            assert ("access-control-allow-origin" in plain.headers) is allowed


async def test_long_answers_are_compressed(member: Person):
    long = await member.http.get("node-types")
    assert long.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in (await member.http.get("flows")).headers


async def test_a_bug_shows_nothing_of_itself(app, member: Person, monkeypatch, caplog):
    async def broken(*_):
        raise ZeroDivisionError("a secret of the inside")

    monkeypatch.setattr("watchbill.features.flows.service.page", broken)
    response = await member.http.get("flows")
    problem = refused(response, 500, "internal_error")
    assert "secret" not in response.text
    record = next(record for record in caplog.records if record.exc_info)
    assert record.msg["request_id"] == problem["request_id"]


async def test_a_failed_request_leaves_nothing_behind(member: Person, monkeypatch):
    create = service.create

    async def half(*args):
        await create(*args)
        raise ZeroDivisionError

    monkeypatch.setattr(service, "create", half)
    refused(await member.http.post("flows", json={"name": "f", "definition": {}}), 500)
    assert checked(await member.http.get("flows"))["items"] == []


async def test_health(visitor: AsyncClient):
    assert checked(await visitor.get("http://test/health/live"))["status"] == "ok"
    ready = checked(await visitor.get("http://test/health/ready"))
    assert ready["checks"] == {"database": "ok", "redis": "ok", "migrations": "ok"}
    assert checked(await visitor.get("http://test/health"))["status"] == "ok"
