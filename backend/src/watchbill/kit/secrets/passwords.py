"""Password hashes: bcrypt over SHA-256, in a thread."""

from __future__ import annotations

import asyncio
import base64
import hashlib

import bcrypt

from watchbill.kit.database.waits import about_to_await
from watchbill.kit.requests.text import visible

# In characters. Every one of them counts, however many bytes it has.
SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 128


def seen(password: str) -> str:
    """The password.

    Raises:
        ValueError: nothing of it can be seen, so that whoever types spaces gets in.
    """
    if not visible(password):
        raise ValueError("A password needs more than spaces.")
    return password


async def hash_password(password: str, cost: int) -> str:
    """A bcrypt hash of work factor 2^cost."""
    about_to_await("A password's hash")
    return await asyncio.to_thread(_hash, password, cost)


async def verify_password(password: str, hashed: str | None, cost: int) -> bool:
    """Whether the password fits. Without a hash, as for people who sign in elsewhere, it is False after the
    same amount of work, so that the time an answer takes does not tell which accounts exist."""
    if hashed is None or not hashed.startswith("$2"):
        await hash_password(password, cost)
        return False
    about_to_await("A password's hash")
    return await asyncio.to_thread(bcrypt.checkpw, _digest(password), hashed.encode())


def _hash(password: str, cost: int) -> str:
    return bcrypt.hashpw(_digest(password), bcrypt.gensalt(cost)).decode()


def _digest(password: str) -> bytes:
    # bcrypt reads 72 bytes and stops at a NUL; 44 characters of base64 keep every password whole.
    return base64.b64encode(hashlib.sha256(password.encode()).digest())
