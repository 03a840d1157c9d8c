"""Secrets are hidden in what is kept, and other texts are left as they are."""

from __future__ import annotations

import pytest

from watchbill.kit.masking import Masking

MASKING = Masking(("the-tenants-own-key", "short"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("use sk-abcdefghij0123456789 now", "use [hidden] now"),
        ("key wb_abcdefghij0123456789.", "key [hidden]."),
        ("AKIAABCDEFGHIJKLMNOP", "[hidden]"),
        ("ghp_abcdefghijklmnopqrstuvwxyz012345", "[hidden]"),
        ("xoxb-1234567890-abc", "[hidden]"),
        ("t=eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0", "t=[hidden]"),
        ("-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----\nafter", "[hidden]\nafter"),
        ("-----BEGIN RSA PRIVATE KEY-----\ncut off", "[hidden]"),
        ("Authorization: BEARER abcdefgh123", "Authorization: BEARER [hidden]"),
        ("postgresql://me:pa55word@db/x", "postgresql://me:[hidden]@db/x"),
        ('{"user": "ann", "password": "a\\"b"}', '{"user": "ann", "password": "[hidden]"}'),
        ("it is the-tenants-own-key, twice: the-tenants-own-key", "it is [hidden], twice: [hidden]"),
    ],
)
def test_what_looks_secret_is_hidden(text: str, shown: str):
    assert MASKING.text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "a short task-force met at https://example.com:8080/a?b=c@d",
        "basic research: tokens, passwords and secrets are words",
        "the whole-hearted risk-averse desk-bound bearer of news",
        '{"max_tokens": 7, "role": "user"}',
        "",
    ],
)
def test_other_texts_stay(text: str):
    assert MASKING.text(text) == text


def test_names_say_what_is_secret_except_in_schemas():
    value = {"api_key": "x", "nested": [{"Password": 7, "name": "Ann"}], "token": None, "total_tokens": 5}
    hidden = {"api_key": "[hidden]", "nested": [{"Password": "[hidden]", "name": "Ann"}], "token": None}
    assert MASKING.json(value) == hidden | {"total_tokens": 5}
    schema = {"properties": {"password": {"type": "string"}}}
    assert MASKING.json(schema, names=False) == schema


def test_parameters_of_addresses():
    shown = MASKING.url("https://x.example/a?api_key=1&q=tides&signature=2#f")
    assert shown == "https://x.example/a?api_key=[hidden]&q=tides&signature=[hidden]#f"
    assert MASKING.url("https://[broken") == "https://[broken"


def test_a_long_text_takes_no_long_time():
    """No pattern may go over a text again and again."""
    masking = Masking(())
    for piece in ("://a:", '"password": "', "eyJaaaaaaaa.", "-----BEGIN ", "bearer ", '"secret', "sk-"):
        assert len(masking.text(piece * 20_000)) <= 256 * 1024 * 2
