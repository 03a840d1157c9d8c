"""Settings: their names, and what production does not accept."""

import base64
import random
import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from watchbill.config import DEVELOPMENT_ENCRYPTION_KEYS, DEVELOPMENT_JWT_SECRET, Settings
from watchbill.kit.secrets.strength import guessable, guessable_keys

SECRET = "9f2c81d07be34a65c1d8e07f3a92b4d6"
KEY = "8mJ2vQ0xT5nR7cL1wZ9bK4hG6fD3sA0pYeUiOoXqVtM="

GOOD = {
    "env": "production",
    "jwt_secret": SECRET,
    "encryption_keys": "1:" + KEY,
}
# Published, of one letter, of a pattern, counted, or of next to no chance.
GUESSABLE = (
    DEVELOPMENT_JWT_SECRET,
    "0" * 64,
    "a" * 32,
    " " * 40,
    "changeme" * 8,
    "0123456789abcdef" * 4,
    "abcdefghijklmnopqrstuvwxyz0123456789",
    "secretsecretsecretsecretsecretsecre",
    "ababababababababababababababababab9",
)
GUESSABLE_KEYS = tuple(
    base64.b64encode(key).decode()
    for key in (
        bytes(32),
        b"k" * 32,
        bytes(range(32)),
        bytes(range(200, 168, -1)),
        b"\x00\xff" * 16,
        bytes(31) + b"1",
    )
)


def make(**values) -> Settings:
    return Settings(_env_file=None, **values)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"jwt_secret": None}, "WATCHBILL_JWT_SECRET"),
        ({"jwt_secret": "short"}, "WATCHBILL_JWT_SECRET"),
        *(({"jwt_secret": secret}, "WATCHBILL_JWT_SECRET") for secret in GUESSABLE),
        *(({"api_key": secret}, "WATCHBILL_API_KEY") for secret in GUESSABLE),
        *(({"encryption_keys": f"1:{key}"}, "WATCHBILL_ENCRYPTION_KEYS") for key in GUESSABLE_KEYS),
        ({"encryption_keys": f"1:{KEY},0:{GUESSABLE_KEYS[0]}"}, "WATCHBILL_ENCRYPTION_KEYS"),
        ({"encryption_keys": DEVELOPMENT_ENCRYPTION_KEYS.replace("development:", "2:")}, "ENCRYPTION_KEYS"),
        ({"encryption_keys": None}, "WATCHBILL_ENCRYPTION_KEYS"),
        ({"bcrypt_cost": 8}, "WATCHBILL_BCRYPT_COST"),
        ({"api_key": "short"}, "WATCHBILL_API_KEY"),
        ({"smtp_url": "smtp://mail"}, "WATCHBILL_PUBLIC_URL"),
        ({"verify_email": True}, "WATCHBILL_SMTP_URL"),
    ],
)
def test_production_refuses_what_everyone_knows(change, named):
    values = {key: value for key, value in (GOOD | change).items() if value is not None}
    with pytest.raises(ValidationError, match=named):
        make(**values)


def test_production_with_secrets_of_its_own():
    settings = make(**GOOD)
    assert settings.private_hosts == []
    assert settings.secure_cookies is True
    assert SECRET not in repr(settings)


def test_where_mails_lead_and_lie():
    assert make(api_host="::1", api_port=80).base_url == "http://[::1]:80"
    assert make(public_url="https://watch.example/").base_url == "https://watch.example"
    assert make(data_dir="data").mailbox == Path("data/mails")
    assert make(**GOOD).mailbox is None


def test_names(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WATCHBILL_CORS_ORIGINS", "https://a.example, https://b.example")
    monkeypatch.setenv("WATCHBILL_ALLOWED_PRIVATE_HOSTS", "10.0.0.0/8")
    monkeypatch.setenv("WATCHBILL_PUBLIC_URL", "")
    monkeypatch.setenv("API_BASE_URL", "https://watch.example/")
    monkeypatch.setenv("API_PORT", "9000")
    monkeypatch.setenv("API_KEY", "runner-key")
    settings = make()
    assert settings.cors_origins == ["https://a.example", "https://b.example"]
    assert settings.private_hosts == ["10.0.0.0/8", "127.0.0.0/8", "::1/128"]
    assert (settings.public_url, settings.api_port) == ("https://watch.example", 9000)
    assert settings.api_key is not None and settings.api_key.get_secret_value() == "runner-key"
    assert settings.secure_cookies is True
    monkeypatch.setenv("WATCHBILL_API_PORT", "9001")
    assert make().api_port == 9001


def test_what_chance_made_is_not_called_guessable():
    # The same ones in every run: one in a million may be called so.
    chance = random.Random(5)
    for _ in range(2_000):
        short, middle, long = (chance.randbytes(size) for size in (16, 24, 32))
        assert not guessable(short.hex()) and not guessable(base64.urlsafe_b64encode(middle).decode())
        assert not guessable(long.hex()) and not guessable_keys(f"1:{base64.b64encode(long).decode()}")


def test_not_even_what_chance_makes_once_in_a_million():
    assert not guessable("4c9960cac149ca995a007464960cc05c")


def test_no_secret_that_the_repository_shows_is_accepted():
    """Somebody would copy it."""
    root = Path(__file__).parents[4]
    texts = [
        *root.glob("*.md"),
        *root.glob("docs/**/*.md"),
        *root.glob("examples/**/*"),
        *root.glob("infra/**/*"),
    ]
    assigned = re.compile(r"WATCHBILL_(?:JWT_SECRET|API_KEY|ENCRYPTION_KEYS)\s*[=:]\s*[\"']?([\w:+/=-]{32,})")
    shown = [
        found
        for path in texts
        if path.is_file()
        for found in assigned.findall(path.read_text("utf-8", "replace"))
    ]
    assert [value for value in shown if not (guessable(value) or guessable_keys(value))] == []
