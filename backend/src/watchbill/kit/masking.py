"""Hiding secrets in JSON that is kept: by names of fields, by what secrets look like, and by their values."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from watchbill.kit.audit.masking import MASK, is_secret

# Anything deeper was made to be deep.
_DEEPEST = 40
# A shorter value would be found in harmless words.
_SHORTEST = 8


@dataclass(frozen=True, slots=True)
class _Look:
    """What secrets of a kind look like. `marks` are words (in lower case) one of which stands in each: texts
    without any need not be searched, and nearly all are such."""

    marks: tuple[str, ...]
    pattern: re.Pattern[str]
    instead: str = MASK


_LOOKS = (
    # Model providers and payment services; our own keys and secrets.
    _Look(("sk-", "rk-", "pk-", "sk_", "rk_", "pk_"), re.compile(r"\b[srp]k[-_][A-Za-z0-9_-]{16,}")),
    _Look(("wb_", "wbr_", "whs_"), re.compile(r"\b(?:wb_|wbr_|whs_)[A-Za-z0-9_-]{16,}")),
    # Clouds, code hosts, chats.
    _Look(("akia", "aiza"), re.compile(r"\bAKIA[0-9A-Z]{16}\b|\bAIza[0-9A-Za-z_-]{30,}")),
    _Look(
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-"),
        re.compile(r"\b(?:gh[pousr]_|github_pat_)[A-Za-z0-9_]{30,}|\bglpat-[A-Za-z0-9_-]{16,}"),
    ),
    _Look(("xox",), re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}")),
    # JSON Web Tokens and private keys.
    _Look(("eyj",), re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*")),
    _Look(
        ("-----begin",),
        re.compile(
            r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)",
            re.DOTALL,
        ),
    ),
    # Where they stand: in a header, in an address, in JSON that is a text.
    _Look(
        ("bearer ", "basic "),
        # A word of a language has no digit, and no capital after a small letter.
        re.compile(
            r"\b((?i:bearer|basic) +)(?=[A-Za-z._~+/-]{0,300}(?:[0-9=]|[a-z][A-Z]))[A-Za-z0-9._~+/=-]{8,}"
        ),
        rf"\1{MASK}",
    ),
    _Look(("://",), re.compile(r"(://[^\s/:@]{0,200}:)[^\s/@]{1,500}(?=@)"), rf"\1{MASK}"),
    _Look(
        (
            "password",
            "passphrase",
            "secret",
            "apikey",
            "api_key",
            "api-key",
            "credential",
            "token",
            "private",
        ),
        re.compile(
            r'("[\w-]{0,40}(?:password|passphrase|secret|api[_-]?key|credential|access[_-]?token|private[_-]?key)'
            r'[\w-]{0,40}"\s{0,9}:\s{0,9}")(?:[^"\\]|\\.)+',
            re.IGNORECASE,
        ),
        rf"\1{MASK}",
    ),
)


@dataclass(frozen=True, slots=True)
class Masking:
    """How to hide: `values` are secrets that are known; texts are cut after `longest` characters first, as
    looking through them takes time."""

    values: Collection[str] = ()
    longest: int = 256 * 1024

    def text(self, text: str) -> str:
        """A text with what is known to be secret, or looks so, hidden."""
        text = text[: self.longest]
        for value in self.values:
            if len(value) >= _SHORTEST:
                text = text.replace(value, MASK)
        lower = text.lower()
        for look in _LOOKS:
            if any(mark in lower for mark in look.marks):
                text = look.pattern.sub(look.instead, text)
        return text

    def json(self, value: Any, *, names: bool = True, depth: int = _DEEPEST) -> Any:
        """A JSON value with its texts hidden as above, and with `names` also what a field's name calls
        secret. What is no JSON becomes text."""
        if isinstance(value, str):
            return self.text(value)
        if value is None or isinstance(value, bool | int | float):
            return value
        if depth == 0:
            return "…"
        if isinstance(value, Mapping):
            fields = cast("Mapping[Any, Any]", value)
            return {
                str(name): MASK
                if names and inner not in (None, "") and is_secret(str(name))
                else self.json(inner, names=names, depth=depth - 1)
                for name, inner in fields.items()
            }
        if isinstance(value, list | tuple):
            items = cast("list[Any]", value)
            return [self.json(inner, names=names, depth=depth - 1) for inner in items]
        return self.text(str(value))

    def url(self, url: str) -> str:
        """An address with parameters hidden whose names call them secret."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return self.text(url)
        if not parts.query:
            return self.text(url)
        pairs = [
            (name, MASK if value and is_secret(name) else value)
            for name, value in parse_qsl(parts.query, keep_blank_values=True)
        ]
        return self.text(urlunsplit(parts._replace(query=urlencode(pairs, safe="[]"))))
