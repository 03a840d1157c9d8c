"""Providers: their keys stay inside, and their addresses stay outside."""

import asyncio
import base64

import orjson
import pytest
from sqlalchemy import text

from tests.people import Person, checked, refused
from watchbill.features.providers.directory import StoredProviders
from watchbill.kit.secrets.crypto import KeyRing, Unsealable

KEY = "sk-proj-abcdefghijklmnop4f2a"


def form(**changes):
    plain = {"name": "Main", "provider_type": "openai", "api_key": KEY, "models": ["gpt-5", "gpt-5-mini"]}
    return plain | changes


async def test_a_provider_from_making_to_deleting(admin: Person):
    made = checked(await admin.http.post("llm-providers", json=form(priority=5)), 201)
    path = f"llm-providers/{made['id']}"
    assert made["api_key_hint"] == "sk-...4f2a"
    assert checked(await admin.http.get(path)) == made
    changed = checked(await admin.http.patch(path, json={"priority": 7, "is_active": False}))
    assert (changed["priority"], changed["is_active"], changed["api_key_hint"]) == (7, False, "sk-...4f2a")
    assert checked(await admin.http.patch(path, json={"api_key": None}))["api_key_hint"] is None
    assert [item["id"] for item in checked(await admin.http.get("llm-providers"))["items"]] == [made["id"]]
    checked(await admin.http.delete(path), 204)
    refused(await admin.http.get(path), 404, "not_found")
    refused(await admin.http.delete(path), 404)


async def test_a_key_is_never_shown_and_never_stored_plainly(admin: Person, database):
    answers = [await admin.http.post("llm-providers", json=form())]
    answers.append(await admin.http.get("llm-providers"))
    assert all(KEY not in answer.text and "sealed" not in answer.text for answer in answers)
    async with database.transaction(admin.scope) as work:
        stored = (await work.session.execute(text("SELECT llm_providers::text FROM llm_providers"))).scalar()
    assert KEY not in stored and KEY[5:-6] not in stored


async def test_short_keys_have_a_hint_that_tells_nothing(admin: Person):
    made = checked(await admin.http.post("llm-providers", json=form(api_key="sk-12345678")), 201)
    assert made["api_key_hint"] == "..."


async def test_a_worker_reads_keys_and_prices(admin: Person, database, settings):
    prices = {"gpt-5": {"input": 1.25, "output": 10}}
    await admin.http.post("llm-providers", json=form(name="b", priority=2, config={"prices": prices}))
    await admin.http.post("llm-providers", json=form(name="a", priority=1, is_active=False))
    await admin.http.post("llm-providers", json={"name": "demo", "provider_type": "demo", "priority": 9})
    directory = StoredProviders.from_settings(database, settings)
    first, demo = await directory.providers(admin.scope)
    assert (first.name, first.api_key, first.models) == ("b", KEY, ("gpt-5", "gpt-5-mini"))
    assert [float(price) for price in first.prices["gpt-5"]] == [1.25, 10]
    assert demo.base_url == settings.demo_llm_url
    assert KEY not in repr(first)
    assert [provider.name for provider in await directory.all(admin.scope)] == ["a", "b", "demo"]


async def test_a_key_copied_to_another_row_cannot_be_opened(admin: Person, database, settings):
    await admin.http.post("llm-providers", json=form(name="one"))
    await admin.http.post("llm-providers", json=form(name="two"))
    async with database.transaction(admin.scope) as work:
        copy = (
            "UPDATE llm_providers SET sealed_key = (SELECT sealed_key FROM llm_providers WHERE name = 'one')"
        )
        await work.session.execute(text(copy))
    with pytest.raises(Unsealable):
        await StoredProviders.from_settings(database, settings).providers(admin.scope)


def test_keys_can_be_changed_for_new_ones():
    old, new = KeyRing({"1": b"a" * 32}), KeyRing({"2": b"b" * 32, "1": b"a" * 32})
    sealed = old.seal("secret", "here")
    assert new.unseal(sealed, "here") == "secret"
    assert new.seal("secret", "here").startswith("v1.2.")
    for broken in (sealed[:-4] + "AAA=", "v2" + sealed[2:], "nonsense", sealed.replace("v1.1", "v1.9")):
        with pytest.raises(Unsealable):
            new.unseal(broken, "here")


async def test_names_are_taken_once_a_tenant(admin: Person, stranger: Person):
    checked(await admin.http.post("llm-providers", json=form()), 201)
    refused(await admin.http.post("llm-providers", json=form(name="MAIN")), 409, "name_taken")
    checked(await stranger.http.post("llm-providers", json=form()), 201)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com",
        "not a url",
        "http://user:secret@127.0.0.1/",
        "http://10.0.0.1/v1",
        "http://169.254.169.254/latest",
        "http://[::ffff:169.254.169.254]/",
        "http://[fe80::1]/",
        "http://0.0.0.0:80/",
        "http://no-such-host.invalid/",
        "http://127.0.0.1:99999/",
    ],
)
async def test_addresses_that_are_refused(admin: Person, url):
    wanted = form(provider_type="openai_compatible", base_url=url)
    problem = refused(await admin.http.post("llm-providers", json=wanted), 422)
    assert problem["errors"][0]["loc"] == ["body", "base_url"]


async def test_an_address_is_needed_where_there_is_no_default(admin: Person):
    problem = refused(await admin.http.post("llm-providers", json=form(provider_type="vllm")), 422)
    assert problem["errors"][0]["code"] == "missing"


async def test_a_key_never_goes_to_a_new_address_by_itself(admin: Person):
    wanted = form(provider_type="vllm", base_url="http://127.0.0.1:8000/v1")
    made = checked(await admin.http.post("llm-providers", json=wanted), 201)
    path, there = f"llm-providers/{made['id']}", {"base_url": "http://127.0.0.1:9000/v1"}
    refused(await admin.http.patch(path, json=there), 422)
    checked(await admin.http.patch(path, json=there | {"api_key": "another-secret-key"}))


async def test_the_demo_provider(admin: Person, settings):
    made = checked(await admin.http.post("llm-providers/demo"), 201)
    assert made["base_url"] == settings.demo_llm_url
    assert "Demo" in made["name"] and made["models"] == ["demo"]
    refused(await admin.http.post("llm-providers/demo"), 409, "name_taken")


async def test_a_worker_answers_the_test_of_a_provider(app, admin: Person):
    made = checked(await admin.http.post("llm-providers", json=form()), 201)
    asking = asyncio.create_task(admin.http.post(f"llm-providers/{made['id']}/test", json={"model": "gpt-5"}))
    redis = app.state.redis
    # Other tests leave hints about their executions and questions of their own on the same queue.
    while True:
        envelope = await _next_message(redis)
        if envelope["headers"]["task"] == "watchbill.provider_test":
            tenant_id, provider_id, model, reply_key = orjson.loads(_body(envelope))[0]
            if tenant_id == str(admin.tenant_id):
                break
    assert (provider_id, model) == (made["id"], "gpt-5")
    await redis.rpush(reply_key, orjson.dumps({"ok": True, "latency_ms": 3, "model": "gpt-5", "error": None}))
    assert checked(await asking) == {"ok": True, "latency_ms": 3, "model": "gpt-5", "error": None}


async def _next_message(redis):
    _, message = await redis.blpop(["wb:celery:watchbill"], timeout=60)
    return orjson.loads(message)


def _body(envelope) -> bytes:
    return base64.b64decode(envelope["body"])
