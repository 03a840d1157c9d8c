"""What secrets look like, and how fields are called that hold them."""

from __future__ import annotations

import re
from dataclasses import dataclass

MASK = "[hidden]"
# Names of columns, headers, parameters and keys inside JSON, in snake case. Hashes of keys are no use to
# readers either.
_NAMES = re.compile(
    r"password|passphrase|passwd|passcode|secret|sealed|token(?!s$|_count)|credential|authorization|cookie"
    r"|private|signature|_hash$"
    r"|(?:^|_)(?:(?:api_?)?key|access_?key(?:_?id)?|pwd|pass|sig|auth|jwt|session_?id|sid|otp)$",
    re.IGNORECASE,
)
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LONGEST_NAME = 200
# A request's headers may carry credentials under any name that a user chose.
HARMLESS_HEADERS = frozenset(
    ("accept", "accept-language", "content-type", "content-length", "date", "idempotency-key", "user-agent")
)


def is_secret(name: str) -> bool:
    """Whether the name of a column, field, header or parameter calls its value secret: also where it is
    written `X-Api-Key`, `accessKey` or `user[api_key]`."""
    plain = _CAPITAL.sub("_", name[:_LONGEST_NAME]).translate(_SEPARATORS).rstrip("_")
    return _NAMES.search(plain) is not None


_SEPARATORS = str.maketrans({"-": "_", ".": "_", " ": "_", "[": "_", "]": "_", ":": "_"})


@dataclass(frozen=True, slots=True)
class Look:
    """What secrets of a kind look like. `marks` are words (in lower case) one of which stands in each: texts
    without any need not be searched, and nearly all are such."""

    marks: tuple[str, ...]
    pattern: re.Pattern[str]
    instead: str = MASK


LOOKS = (
    # Model providers and payment services; our own keys and secrets.
    Look(("sk-", "rk-", "pk-", "sk_", "rk_", "pk_"), re.compile(r"\b[srp]k[-_][A-Za-z0-9_-]{16,}")),
    Look(("wb_", "wbr_", "whs_"), re.compile(r"\b(?:wb_|wbr_|whs_)[A-Za-z0-9_-]{16,}")),
    # Clouds, code hosts, chats.
    Look(("akia", "aiza"), re.compile(r"\bAKIA[0-9A-Z]{16}\b|\bAIza[0-9A-Za-z_-]{30,}")),
    Look(
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-"),
        re.compile(r"\b(?:gh[pousr]_|github_pat_)[A-Za-z0-9_]{30,}|\bglpat-[A-Za-z0-9_-]{16,}"),
    ),
    Look(("xox",), re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}")),
    # JSON Web Tokens and private keys.
    Look(("eyj",), re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*")),
    Look(
        ("-----begin",),
        re.compile(
            r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)",
            re.DOTALL,
        ),
    ),
    # Where they stand: in a header, in an address, in JSON that is a text.
    Look(
        ("bearer ", "basic "),
        # A word of a language has no digit, and no capital after a small letter.
        re.compile(
            r"\b((?i:bearer|basic) +)(?=[A-Za-z._~+/-]{0,300}(?:[0-9=]|[a-z][A-Z]))[A-Za-z0-9._~+/=-]{8,}"
        ),
        rf"\1{MASK}",
    ),
    Look(("://",), re.compile(r"(://[^\s/:@]{0,200}:)[^\s/@]{1,500}(?=@)"), rf"\1{MASK}"),
    # Somebody who is named without a password in a web address is mostly a token.
    Look(("://",), re.compile(r"(https?://)[^\s/:@\[\]?#]{1,500}(?=@)", re.IGNORECASE), rf"\1{MASK}"),
    # Addresses that are credentials themselves: our own hooks, and those of chats.
    Look(
        ("/hooks/", "/webhooks/", "hooks.slack.com"),
        re.compile(r"(/api/v1/hooks/|/api/webhooks/\d{1,30}/|hooks\.slack\.com/[a-z]{1,20}/)[\w/.~-]{8,}"),
        rf"\1{MASK}",
    ),
    Look(("/bot",), re.compile(r"(/bot)\d{5,15}:[\w-]{20,}"), rf"\1{MASK}"),
    Look(
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
