"""Webhooks answer services that try out their address, and start nothing then."""

from __future__ import annotations

from typing import Any

import pytest
from httpx import AsyncClient

from tests.features.triggers.firing import firings, make_trigger
from tests.people import Person, checked, refused

SLACK = {"type": "url_verification", "challenge": "3eZbrw1a", "token": "let me in"}


def url(hook: dict[str, Any]) -> str:
    return f"http://test{hook['path']}"


async def test_a_get_is_answered_with_its_challenge(member: Person, viewer: Person, visitor: AsyncClient):
    hook = await make_trigger(member, webhook={"challenge": {"token": "let me in"}})
    shown = {
        "query": "hub.challenge",
        "token_query": "hub.verify_token",
        "json_body": False,
        "has_token": True,
    }
    assert hook["webhook"]["challenge"] == shown
    assert "let me in" not in (await viewer.http.get(f"triggers/{hook['id']}")).text
    asked = {"hub.mode": "subscribe", "hub.challenge": "<b>115</b> é", "hub.verify_token": "let me in"}
    answer = await visitor.get(url(hook), params=asked)
    assert (answer.status_code, answer.text) == (200, "<b>115</b> é")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    # Others send an empty POST.
    assert (await visitor.post(url(hook), params=asked)).text == "<b>115</b> é"
    for token in ("let me i", "let me in ", ""):
        refused(
            await visitor.get(url(hook), params=asked | {"hub.verify_token": token}), 403, "challenge_refused"
        )
    del asked["hub.verify_token"]
    refused(await visitor.get(url(hook), params=asked), 403, "challenge_refused")
    refused(await visitor.get(url(hook)), 422, "challenge_missing")
    twice = "?hub.challenge=a&hub.challenge=b&hub.verify_token=let+me+in"
    refused(await visitor.get(url(hook) + twice), 422, "challenge_invalid")
    long = {"hub.challenge": "x" * 1001, "hub.verify_token": "let me in"}
    refused(await visitor.get(url(hook), params=long), 422, "challenge_invalid")
    # A signed webhook stays one.
    refused(await visitor.post(url(hook), json=SLACK), 401, "signature_missing")
    refused(await visitor.post(url(hook)), 401, "signature_missing")
    assert await firings(member, hook) == []
    checked(await member.http.patch(f"triggers/{hook['id']}", json={"is_active": False}))
    refused(
        await visitor.get(url(hook), params=asked | {"hub.verify_token": "let me in"}),
        409,
        "trigger_inactive",
    )


async def test_a_json_challenge(member: Person, visitor: AsyncClient):
    rules = {"query": "validationToken", "json_body": True, "token": "let me in"}
    hook = await make_trigger(member, webhook={"challenge": rules})
    answer = await visitor.post(url(hook), json=SLACK)
    assert (answer.status_code, answer.text) == (200, "3eZbrw1a")
    refused(await visitor.post(url(hook), json=SLACK | {"token": "x"}), 403, "challenge_refused")
    refused(await visitor.post(url(hook), json=SLACK | {"challenge": 1}), 422, "challenge_invalid")
    for other in (SLACK | {"type": "event_callback"}, [SLACK], "url_verification"):
        refused(await visitor.post(url(hook), json=other), 401, "signature_missing")
    assert await firings(member, hook) == []


async def test_the_token_stays_until_another_is_given(member: Person, visitor: AsyncClient):
    hook = await make_trigger(member, webhook={"challenge": {"token": "one"}})

    async def change(**challenge: Any) -> bool:
        form = {"webhook": {"challenge": challenge}}
        changed = checked(await member.http.patch(f"triggers/{hook['id']}", json=form))
        return changed["webhook"]["challenge"]["has_token"]

    async def asked(token: str) -> int:
        query = {"q": "x", "hub.verify_token": token}
        return (await visitor.get(url(hook), params=query)).status_code

    assert await change(query="q") and await asked("one") == 200
    assert await change(query="q", token="two") and (await asked("one"), await asked("two")) == (403, 200)
    assert not await change(query="q", token=None) and await asked("") == 200


async def test_a_webhook_without_challenges(member: Person, visitor: AsyncClient):
    hook = await make_trigger(member, webhook={"signing": "none"})
    refused(await visitor.get(url(hook), params={"hub.challenge": "x"}), 404, "no_challenge")
    refused(await visitor.get("http://test/api/v1/hooks/unknown"), 404, "hook_not_found")
    checked(await visitor.post(url(hook), json={"topic": "x"}), 202)


@pytest.mark.parametrize(
    ("webhook", "place"),
    [
        ({"reply": {}}, ["body", "webhook"]),
        ({"answer": "result", "reply": {"status": 301}}, ["body", "webhook", "reply"]),
        ({"answer": "result", "reply": {"status": 101}}, ["body", "webhook", "reply", "status"]),
        ({"answer": "result", "reply": {"status": "200"}}, ["body", "webhook", "reply"]),
        (
            {"answer": "result", "reply": {"content_type": "text/html", "body": "x"}},
            ["body", "webhook", "reply", "content_type"],
        ),
        ({"answer": "result", "reply": {"content_type": "text/plain"}}, ["body", "webhook", "reply"]),
        ({"answer": "result", "reply": {"body": {"a": ["{{ nodes.x }}"]}}}, ["body", "webhook", "reply"]),
        ({"answer": "result", "reply": {"body": "{{ inputs. }}"}}, ["body", "webhook", "reply"]),
        ({"challenge": {"token": ""}}, ["body", "webhook", "challenge", "token"]),
        ({"challenge": {"token_digest": "x"}}, ["body", "webhook", "challenge", "token_digest"]),
    ],
)
async def test_rules_that_make_no_answer(member: Person, webhook: dict[str, Any], place: list[str]):
    hook = await make_trigger(member, webhook={})
    answer = await member.http.patch(f"triggers/{hook['id']}", json={"webhook": webhook})
    assert refused(answer, 422)["errors"][0]["loc"][: len(place)] == place
