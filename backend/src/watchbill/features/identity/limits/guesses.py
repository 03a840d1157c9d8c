"""Slowing down whoever guesses passwords, without locking out whom the account belongs to.

Attempts are counted for each account and address, failures for each account and for each address. A browser
that signed in before carries a cookie that proves it. It has a count of its own, so that somebody who guesses
from everywhere uses up the account's count but not its owner's. (OWASP calls this device cookies.)
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass

from watchbill.core.errors import TooManyRequests
from watchbill.features.identity.tokens import digest
from watchbill.kit.limits.attempt_counts import AttemptCounts, Limit
from watchbill.kit.requests.origins import origin_of

_TRUSTED = Limit("device", 20, 300)
_PAIR = Limit("account-address", 20, 300)
_ACCOUNT = Limit("account", 100, 3600)
_ADDRESS = Limit("address", 200, 900)
_MAILS = Limit("reset-mails", 3, 3600)
_ASKING = Limit("asking", 30, 3600)


@dataclass(frozen=True, slots=True)
class SignInAttempt:
    """Somebody at an address tries an account. `device` is the number of a trusted browser, or None."""

    account: str
    address: str
    device: str | None


class Throttle:
    """The counters of sign-ins."""

    def __init__(self, attempts: AttemptCounts, secret: str):
        self._attempts = attempts
        self._secret = secret

    async def begin(self, email: str, address: str, cookie: str | None = None) -> SignInAttempt:
        """Count an attempt before the password is looked at, or many at once would all be let through.

        Raises:
            TooManyRequests: there were too many.
        """
        account, address = digest(email.lower())[:32], origin_of(address)
        attempt = SignInAttempt(account, address, self._known(account, cookie))
        if attempt.device is not None:
            await self._count(_TRUSTED, account, attempt.device)
            return attempt
        await self._count(_PAIR, account, address)
        for limit, key in ((_ACCOUNT, account), (_ADDRESS, address)):
            if not await self._attempts.left(limit, key):
                raise _too_many(await self._attempts.wait(limit, key))
        return attempt

    async def failed(self, attempt: SignInAttempt) -> None:
        """The password was wrong."""
        if attempt.device is None:
            await self._attempts.count(_ACCOUNT, attempt.account)
            await self._attempts.count(_ADDRESS, attempt.address)

    async def succeeded(self, attempt: SignInAttempt) -> str:
        """The password was right; returns the cookie by which the browser is known from now on."""
        if attempt.device is None:
            await self._attempts.forget(_PAIR, attempt.account, attempt.address)
        else:
            await self._attempts.forget(_TRUSTED, attempt.account, attempt.device)
        device = attempt.device or secrets.token_hex(8)
        return f"{device}.{self._proof(attempt.account, device)}"

    async def asking(self, address: str) -> None:
        """Count what makes us mail somebody. Whoever presents a mailed token is not counted: nobody can
        guess one.

        Raises:
            TooManyRequests: there were too many from this address.
        """
        await self._count(_ASKING, origin_of(address))

    async def may_mail(self, email: str) -> bool:
        """Whether an account may be sent another mail that somebody asked for in its name."""
        return await self._attempts.count(_MAILS, digest(email.lower())[:32])

    async def _count(self, limit: Limit, *key: str) -> None:
        if not await self._attempts.count(limit, *key):
            raise _too_many(await self._attempts.wait(limit, *key))

    def _known(self, account: str, cookie: str | None) -> str | None:
        device, _, proof = (cookie or "").partition(".")
        fits = hmac.compare_digest(proof.encode(), self._proof(account, device).encode())
        return device if device and fits else None

    def _proof(self, account: str, device: str) -> str:
        text = f"device\0{account}\0{device}"
        return hmac.digest(self._secret.encode(), text.encode(), "sha256").hex()


def _too_many(seconds: int) -> TooManyRequests:
    return TooManyRequests(f"Too many attempts. Try again in {seconds} s.", retry_after=seconds)
