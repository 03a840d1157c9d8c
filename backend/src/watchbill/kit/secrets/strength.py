"""Whether a secret could be guessed: too short, or made of a pattern rather than of chance."""

from __future__ import annotations

import base64
import binascii
import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

_SHORTEST = 32
# Of 32 random bytes one expects 158 bits by this count, of 32 random hexadecimal digits 110. Of a million and
# a half such secrets none had fewer than 87, so that what chance made is practically never refused.
_LEAST_BITS = 72


def guessable(secret: str | bytes) -> bool:
    """Whether a secret has fewer than 32 characters or bytes, repeats itself, counts up or down, or has so
    few different ones that little chance is in it."""
    signs: Sequence[str | int] = secret.strip() if isinstance(secret, str) else secret
    if len(signs) < _SHORTEST:
        return True
    return _bits(signs) < _LEAST_BITS or _repeats(signs) or _counts(signs)


def guessable_keys(text: str) -> bool:
    """Whether one of WATCHBILL_ENCRYPTION_KEYS is guessable. What cannot be read is not judged here."""
    return any(guessable(key) for key in map(_key, text.split(",")) if key is not None)


def _key(entry: str) -> bytes | None:
    try:
        return base64.b64decode(entry.partition(":")[2].strip(), validate=True)
    except (binascii.Error, ValueError):
        return None


def _bits(signs: Sequence[str | int]) -> float:
    """Shannon's entropy of the secret, as if each sign were drawn by how often it stands there."""
    size = len(signs)
    return -sum(count * math.log2(count / size) for count in Counter(signs).values())


def _repeats(signs: Sequence[str | int]) -> bool:
    """Whether the whole is a shorter piece over and over, the last time perhaps cut."""
    return any(signs[period:] == signs[:-period] for period in range(1, len(signs) // 2 + 1))


def _counts(signs: Sequence[str | int]) -> bool:
    """Whether most signs follow from the one before by the same step, as in 0123456789abcdef."""
    numbers = [ord(sign) if isinstance(sign, str) else sign for sign in signs]
    steps = Counter((after - before) % 256 for before, after in pairwise(numbers))
    return steps.most_common(1)[0][1] > len(numbers) // 2
