"""Settings: their names, and what production does not accept."""

import base64
from pathlib import Path

import pytest
from pydantic import ValidationError

from watchbill.config import Settings

GOOD = {
    "env": "production",
    "jwt_secret": "s" * 32,
    "encryption_keys": "1:" + base64.b64encode(b"k" * 32).decode(),
}


def make(**values) -> Settings:
    return Settings(_env_file=None, **values)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"jwt_secret": None}, "WATCHBILL_JWT_SECRET"),
        ({"jwt_secret": "short"}, "WATCHBILL_JWT_SECRET"),
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
    assert "s" * 32 not in repr(settings)


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
