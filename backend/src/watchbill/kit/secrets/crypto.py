"""Secrets at rest: AES-256-GCM with a ring of keys, each text bound to the place it belongs to."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Collection, Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = "v1"
_NONCE_BYTES = 12
_KEY_BYTES = 32


class BadKeys(ValueError):
    """The keys are not written as `id:base64 of 32 bytes`, separated by commas."""


class Unsealable(ValueError):
    """The sealed text was changed, belongs elsewhere, or was sealed with a key that is no longer there."""


class KeyRing:
    """Keys by id. The first one seals; all of them open, so a new key can be put in front."""

    def __init__(self, keys: Mapping[str, bytes]):
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self._first = next(iter(self._ciphers))

    @property
    def first(self) -> str:
        """The id of the key that seals."""
        return self._first

    @classmethod
    def parse(cls, text: str) -> KeyRing:
        """The ring that WATCHBILL_ENCRYPTION_KEYS describes.

        Raises:
            BadKeys: it cannot be read.
        """
        keys: dict[str, bytes] = {}
        for entry in filter(None, (part.strip() for part in text.split(","))):
            name, separator, encoded = entry.partition(":")
            try:
                key = base64.b64decode(encoded, validate=True)
            except binascii.Error as error:
                raise BadKeys(BadKeys.__doc__) from error
            if not separator or not name or "." in name or name in keys or len(key) != _KEY_BYTES:
                raise BadKeys(BadKeys.__doc__)
            keys[name] = key
        if not keys:
            raise BadKeys(BadKeys.__doc__)
        return cls(keys)

    @property
    def ids(self) -> list[str]:
        """The ids of all keys, the one that seals coming first."""
        return list(self._ciphers)

    def seal(self, text: str, place: str) -> str:
        """Encrypt. Only `unseal` with the same place (a tenant and row, say) opens it again."""
        nonce = os.urandom(_NONCE_BYTES)
        box = self._ciphers[self._first].encrypt(nonce, text.encode(), place.encode())
        return ".".join((_VERSION, self._first, base64.b64encode(nonce + box).decode()))

    def unseal(self, sealed: str, place: str) -> str:
        """Decrypt what `seal` wrote for this place.

        Raises:
            Unsealable: it cannot be opened.
        """
        version, _, rest = sealed.partition(".")
        name, _, encoded = rest.partition(".")
        cipher = self._ciphers.get(name)
        if version != _VERSION or cipher is None:
            raise Unsealable(Unsealable.__doc__)
        try:
            raw = base64.b64decode(encoded, validate=True)
            return cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], place.encode()).decode()
        except (binascii.Error, InvalidTag, ValueError) as error:
            raise Unsealable(Unsealable.__doc__) from error


def key_id(sealed: str) -> str:
    """The id of the key that a text was sealed with."""
    return sealed.split(".")[1] if sealed.count(".") >= 2 else "unknown"


def new_key(taken: Collection[str] = ()) -> str:
    """A new key as WATCHBILL_ENCRYPTION_KEYS wants it, under an id that is not taken."""
    number = 1
    while str(number) in taken:
        number += 1
    return f"{number}:{base64.b64encode(os.urandom(_KEY_BYTES)).decode()}"
