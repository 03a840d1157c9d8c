"""The gateway's pure parts: choosing candidates, cooling down, sharing events."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from watchbill.adapters.models.connection import arguments, model_name, secrets
from watchbill.adapters.models.cooling import CoolDown
from watchbill.adapters.models.token_gate import gather_seconds
from watchbill.core.candidates import candidates
from watchbill.core.errors import NodeError
from watchbill.core.ports.llm import Provider


def provider(name: str, *models: str, priority: int = 1, **changes: object) -> Provider:
    made = Provider(uuid4(), name, "openai_compatible", "http://llm.test/v1", "secret-key", models, priority)
    return replace(made, **changes)


SLOW = provider("slow", "a", "b", priority=2)
FAST = provider("fast", "b", priority=1)
OPEN = provider("open", priority=3)


def chosen(*args: object, **kwargs: object) -> list[tuple[str, str]]:
    return [(c.provider.name, c.model) for c in candidates(*args, **kwargs)]  # type: ignore[arg-type]


def test_candidates_come_by_priority():
    assert chosen([SLOW, FAST], None, None) == [("fast", "b"), ("slow", "a")]
    assert chosen([SLOW, FAST], "b", None) == [("fast", "b"), ("slow", "b")]
    assert chosen([SLOW, FAST], "a", None) == [("slow", "a")]


def test_a_cooling_provider_comes_last():
    assert chosen([SLOW, FAST], "b", None, lambda id: id == FAST.id) == [("slow", "b"), ("fast", "b")]


def test_a_provider_that_lists_no_models_is_asked_for_any():
    assert chosen([SLOW, OPEN], "zzz", None) == [("open", "zzz")]
    assert chosen([SLOW, OPEN], "a", None) == [("slow", "a")]


def test_a_named_provider_is_the_only_candidate():
    assert chosen([SLOW, FAST], None, SLOW.id) == [("slow", "a")]
    assert chosen([SLOW, OPEN], "x", OPEN.id) == [("open", "x")]


@pytest.mark.parametrize(
    ("providers", "model", "named", "code"),
    [
        ([], None, None, "no_provider"),
        ([OPEN], None, None, "no_model"),
        ([FAST], "zzz", None, "unknown_model"),
        ([FAST], None, SLOW.id, "unknown_provider"),
        ([FAST], "zzz", FAST.id, "unknown_model"),
        ([OPEN], None, OPEN.id, "no_model"),
    ],
)
def test_no_candidate_says_why(providers: list[Provider], model: str | None, named: object, code: str):
    with pytest.raises(NodeError) as caught:
        candidates(providers, model, named)  # type: ignore[arg-type]
    assert caught.value.error_code == code


def test_cooling_ends_by_time_or_success():
    now = [0.0]
    cooling = CoolDown(lambda: now[0])
    cooling.start(FAST.id, 5)
    assert cooling.active(FAST.id)
    now[0] = 5.0
    assert not cooling.active(FAST.id)
    cooling.begin(FAST.id, 5)
    cooling.clear(FAST.id)
    assert not cooling.active(FAST.id)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("openai", "openai/m"),
        ("demo", "openai/m"),
        ("vllm", "hosted_vllm/m"),
        ("ollama", "ollama_chat/m"),
        ("anthropic", "anthropic/m"),
        ("azure", "azure/m"),
        ("gemini", "gemini/m"),
        ("bedrock", "bedrock/m"),
    ],
)
def test_model_names(kind: str, name: str):
    assert model_name(provider("p", provider_type=kind), "m") == name


def test_a_key_and_an_address_are_always_given():
    bare = provider("p", provider_type="ollama", base_url=None, api_key=None)
    assert arguments(bare) == {"api_key": "none", "api_base": "http://127.0.0.1:11434"}
    assert arguments(replace(bare, provider_type="openai", api_key="k"))["api_base"].startswith("https://")


def test_only_known_settings_reach_the_library():
    azure = provider("p", provider_type="azure", config={"api_version": "1", "ssl_verify": False})
    assert arguments(azure) == {"api_version": "1", "api_key": "secret-key", "api_base": "http://llm.test/v1"}


def test_secrets_include_tokens_in_the_settings():
    aws = provider("p", config={"aws_session_token": "very-secret", "aws_region_name": "eu-1"})
    assert secrets(aws) == ("secret-key", "very-secret")


def test_many_streams_share_a_bounded_number_of_events():
    assert gather_seconds(1) == gather_seconds(12) == 0.03
    assert [streams / gather_seconds(streams) for streams in (50, 500)] == [400, 400]
