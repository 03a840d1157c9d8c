"""Nothing that a whole execution logs has a secret: passwords, tokens, keys, or what is sent to models."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.e2e.running import Running, new_folder, running, until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("up")]
PASSWORD = "Very-secret-password-1"
PROVIDER_KEY = "sk-very-secret-provider-key-2"
WRONG_PASSWORD = "Very-wrong-password-3"
PROMPT = "Very-private-prompt-4"


def test_no_log_of_a_full_run_holds_a_secret() -> None:
    with new_folder() as folder, running(folder) as stack:
        secrets = _use(stack)
        secrets += list(json.loads((stack.data.path / "secrets.json").read_text()).values())
        stack.end()
        logs = [*stack.data.logs.rglob("*"), *stack.data.path.glob("*/server.log"), stack.output]
        texts = {str(log): log.read_text(errors="replace") for log in logs if log.is_file()}
    assert sum(map(len, texts.values())) > 1000
    found = {(name, secret[:8]) for name, text in texts.items() for secret in secrets if secret in text}
    assert not found


def _use(stack: Running) -> list[str]:
    """Do what handles secrets, also in ways that fail; returns the secrets."""
    with httpx.Client(base_url=f"{stack.url}/api/v1/", timeout=60) as http:
        person = {"email": "sam@example.com", "password": PASSWORD}
        session = http.post("auth/register", json=person | {"tenant_name": "T"}).raise_for_status().json()
        token = session["access_token"]
        http.post("auth/login", json=person | {"password": WRONG_PASSWORD})
        http.post("auth/login", json={"password": [PASSWORD], "email": PASSWORD})
        http.post("auth/forgot-password", json={"email": person["email"]})
        cookies = [cookie.value or "-" for cookie in http.cookies.jar]
        http.cookies.clear()
        http.headers["Authorization"] = f"Bearer {token}"
        key = (
            http.post("api-keys", json={"name": "k", "scopes": ["flows:read"]})
            .raise_for_status()
            .json()["key"]
        )
        http.get("flows", headers={"Authorization": f"Bearer {key}"}).raise_for_status()
        http.get("flows", headers={"Authorization": f"Bearer {key}x"})
        http.get("flows", params={"token": token, "q": key})
        provider = {
            "name": "Away",
            "provider_type": "openai_compatible",
            "base_url": "http://127.0.0.1:9/v1",
            "api_key": PROVIDER_KEY,
            "models": ["m"],
        }
        made = http.post("llm-providers", json=provider).raise_for_status().json()
        http.post("llm-providers", json=provider | {"models": 7})
        http.post(f"llm-providers/{made['id']}/test", json={})
        _run_flow(http)
    return [PASSWORD, WRONG_PASSWORD, PROVIDER_KEY, PROMPT, token, key, *cookies]


def _run_flow(http: httpx.Client) -> None:
    """A flow whose model call fails, with its prompt in the error's surroundings."""
    nodes = [
        {"id": "start", "type": "input", "config": {"fields": []}},
        {"id": "ask", "type": "llm", "config": {"prompt": PROMPT, "model": "m"}},
        {"id": "end", "type": "output", "config": {"values": {"answer": "{{ nodes.ask.output }}"}}},
    ]
    edges = [
        {"id": "e1", "source": "start", "target": "ask"},
        {"id": "e2", "source": "ask", "target": "end"},
    ]
    definition = {"schema": "watchbill.flow/v1", "nodes": nodes, "edges": edges}
    flow = http.post("flows", json={"name": "f", "definition": definition}).raise_for_status().json()["id"]
    run = http.post(f"flows/{flow}/execute", json={"inputs": {}}).raise_for_status().json()["id"]
    until(
        lambda: http.get(f"executions/{run}").json()["status"] in ("failed", "completed"),
        60,
        "the end of the execution",
    )
