"""Secrets are hidden in what is kept, and other texts are left as they are."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest

from watchbill.kit.audit.masking import masked
from watchbill.kit.secrets.masking import Masking

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


KEY = 'p/a+s "w=ö\\rd&%7'


@pytest.mark.parametrize(
    "written",
    [
        KEY,
        quote(KEY, safe=""),
        quote(KEY, safe="").replace("%2F", "%2f"),
        quote_plus(KEY),
        quote(quote(KEY, safe=""), safe=""),
        quote(KEY, safe="/"),
        "".join(f"%{byte:02X}" for byte in KEY.encode()),
        json.dumps(KEY)[1:-1],
        json.dumps(KEY, ensure_ascii=False)[1:-1],
        json.dumps(json.dumps(KEY))[3:-3],
        json.dumps(KEY)[1:-1].replace("/", "\\/"),
        html.escape(KEY),
        KEY.encode().hex(),
    ],
)
def test_a_known_secret_is_hidden_however_it_is_written(written: str):
    assert Masking((KEY,)).text(f"before {written} after") == "before [hidden] after"
    assert Masking((KEY,)).url(f"https://x.example/{written}/a?b={written}").count("[hidden]") == 2


@pytest.mark.parametrize("user", ["", "a:", "an:", "ann:", "somebody:"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_known_secret_is_hidden_in_base64(user: str, encode):
    key = "a-known>secret?of~them"
    written = encode(f"{user}{key}:tail".encode()).decode()
    hidden = Masking((key,)).text(f"x {written} y")
    # What is left are the letters that depend on what stands before and behind.
    assert "[hidden]" in hidden
    assert len(hidden) <= len("x [hidden] y") + len(written) - len(key) * 4 // 3 + 2


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://ann:pa55@x.example/", "https://ann:[hidden]@x.example/"),
        ("https://tokentoken@x.example/", "https://[hidden]@x.example/"),
        ("https://x.example/#access_token=abc&x=1", "https://x.example/#access_token=[hidden]&x=1"),
        ("https://x.example/?X-Amz-Signature=ab&sig=cd&q=a%2Fb+c", None),
        ("https://x.example/?accessKey=a&user%5Bapi%5Fkey%5D=b&pwd=c&auth=d", None),
        (
            "https://hooks.slack.com/services/T0000/B0000/XXXXXXXX",
            "https://hooks.slack.com/services/[hidden]",
        ),
        ("http://w.example/api/v1/hooks/abcdefgh-1234", "http://w.example/api/v1/hooks/[hidden]"),
        ("https://api.telegram.org/bot123456:abcdefghijklmnopqrstu/send", None),
        ("HTTPS://X.example/?API_KEY=1", "HTTPS://X.example/?API_KEY=[hidden]"),
    ],
)
def test_addresses_that_carry_secrets(url: str, shown: str | None):
    hidden = Masking().url(url)
    assert "[hidden]" in hidden
    assert shown is None or hidden == shown
    assert Masking().text(f"see {url} now") == f"see {hidden} now", "also within a text"
    assert Masking().json({"Location": url}) == {"Location": hidden}


def test_parameters_that_are_not_secret_stay_as_they_were_written():
    url = "https://x.example/a%2Fb/%7Eann?q=a%2Fb+c&tag=1&tag=2&empty=&page_token_count=3&key%20words=4#top"
    assert MASKING.url(url) == url


@pytest.mark.parametrize(
    "name",
    ["X-Api-Key", "X-Auth-Token", "Ocp-Apim-Subscription-Key", "Set-Cookie", "openaiApiKey", "sig", "auth"],
)
def test_headers_and_pairs_whose_name_calls_them_secret(name: str):
    assert MASKING.json({name: "v"}) == {name: "[hidden]"}
    assert MASKING.json([{"name": name, "value": "v"}]) == [{"name": name, "value": "[hidden]"}]
    assert masked("config", {"headers": {name: "v", "X-Mine": "w", "Accept": "a"}}) == {
        "headers": {name: "[hidden]", "X-Mine": "[hidden]", "Accept": "a"}
    }


def test_the_audit_log_hides_secrets_in_addresses_and_texts():
    value = ["https://ann:pa55word@x.example/?api_key=1", "use sk-abcdefghij0123456789"]
    assert masked("recipients", value) == [
        "https://ann:[hidden]@x.example/?api_key=[hidden]",
        "use [hidden]",
    ]
    assert masked("base_url", "https://x.example/v1?sig=abc") == "https://x.example/v1?sig=[hidden]"
    assert masked("api_key_hint", "sk-...1234") == "sk-...1234"


def test_a_long_text_is_looked_through_for_known_secrets_in_few_steps():
    """Neither escapes nor base64 make a pattern go over a text again and again."""
    masking = Masking(("a-known-secret-value", "aaaaaaaaaaaaaaaaaaaa"))
    for piece in ("%61", "a", "\\u0061", "&#97;", "YWFh", "%2561", "https://a?a=a&"):
        assert len(masking.text(piece * 20_000)) <= 256 * 1024


@pytest.mark.parametrize("shown", [1, 9, 15, 16, 40])
@pytest.mark.parametrize("secret", ["a-known-secret-of-ours", "sk-looks-like-a-secret-1234"])
def test_a_secret_that_the_cut_goes_through_is_hidden(secret: str, shown: int):
    text = "x " * 50 + secret + " and more"
    cut = Masking([secret] if "known" in secret else [], longest=100 + shown).text(text)
    assert len(cut) <= 100 + shown
    assert secret[:4] not in cut
