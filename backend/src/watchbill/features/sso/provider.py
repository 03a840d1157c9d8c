"""Speaks OpenID Connect with a tenant's provider: discovery and the code flow with PKCE.

Every address comes from a user or from what a user's address answered, so all of them go through the guard.
The libraries for that have 10 MB and are loaded when the first person comes: few installations have single
sign-on, and every process of the API would hold them.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, urlencode, urlsplit

import orjson

from watchbill.kit.database.waits import about_to_await
from watchbill.kit.outbound.url_guard import AddressRefused
from watchbill.kit.outbound.way_out import RefusedConnection, WayOut, tenant_traffic
from watchbill.kit.process.lazy_imports import late

if TYPE_CHECKING:
    import aiohttp

    from watchbill.kit.outbound import connector, interim_answers
else:
    aiohttp = late("aiohttp")
    connector = late("watchbill.kit.outbound.connector")
    interim_answers = late("watchbill.kit.outbound.interim_answers")

ASK_SECONDS = 10.0
_CONNECT_SECONDS = 5.0
_LARGEST = 256 * 1024


class ProviderFault(ValueError):
    """The provider does not answer, or says something that cannot be trusted. The message is for people."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Where a provider does what, as its discovery document says. One that `names_itself` says who it is
    when it sends people back (RFC 9207)."""

    issuer: str
    authorization: str
    token: str
    jwks: str
    basic_auth: bool
    names_itself: bool = False


@dataclass(frozen=True, slots=True)
class Client:
    """Watchbill's registration at a provider."""

    client_id: str
    secret: str | None
    redirect_uri: str


async def discover(way: WayOut, issuer: str) -> Provider:
    """Read the discovery document.

    Raises:
        ProviderFault: it cannot be read, or is another issuer's.
    """
    document = await _get(way, f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if document.get("issuer") != issuer:
        said = str(document.get("issuer"))[:200]
        raise ProviderFault(f"The provider calls itself {said}; enter exactly that as the issuer.")
    authorization = str(document.get("authorization_endpoint", ""))
    if urlsplit(authorization).scheme not in ("http", "https"):
        raise ProviderFault("The provider's discovery document has no web address to send people to.")
    try:
        ways = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        return Provider(
            issuer,
            authorization,
            str(document["token_endpoint"]),
            str(document["jwks_uri"]),
            "client_secret_basic" in ways,
            document.get("authorization_response_iss_parameter_supported") is True,
        )
    except (KeyError, TypeError) as error:
        raise ProviderFault("The provider's discovery document lacks an endpoint.") from error


def authorization_url(provider: Provider, client: Client, *, state: str, nonce: str, verifier: str) -> str:
    """Where to send the browser."""
    query = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uri,
        "scope": "openid email profile",
        "state": state,
        "nonce": nonce,
        "code_challenge": _challenge(verifier),
        "code_challenge_method": "S256",
    }
    return f"{provider.authorization}{'&' if '?' in provider.authorization else '?'}{urlencode(query)}"


def demand_from(provider: Provider, said: str | None) -> None:
    """Insist that who sent somebody back, as far as it is `said`, is whom they were sent to. All providers
    send people to one address, and a tenant's may have sent them on to another tenant's, for the code that
    is given there.

    Raises:
        ProviderFault: it is another one, or does not say who it is although it always does.
    """
    if said != provider.issuer and (said is not None or provider.names_itself):
        raise ProviderFault("Somebody else than the provider answered.")


def _challenge(verifier: str) -> str:
    """S256 of RFC 7636."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


async def trade(
    way: WayOut, provider: Provider, client: Client, *, code: str, verifier: str
) -> dict[str, Any]:
    """Trade the code for the provider's answer, which holds an ID token that `id_tokens` checks.

    Raises:
        ProviderFault: the provider refuses the code.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.redirect_uri,
        "client_id": client.client_id,
        "code_verifier": verifier,
    }
    headers: dict[str, str] = {}
    if client.secret and provider.basic_auth:
        pair = f"{quote(client.client_id, safe='')}:{quote(client.secret, safe='')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    elif client.secret:
        form["client_secret"] = client.secret
    return await _request(way, "POST", provider.token, data=form, headers=headers)


async def keys_at(way: WayOut, url: str) -> dict[str, Any]:
    """Read the provider's public keys, a JSON Web Key Set.

    Raises:
        ProviderFault: they cannot be read.
    """
    return await _get(way, url)


async def _get(way: WayOut, url: str) -> dict[str, Any]:
    return await _request(way, "GET", url)


async def _request(way: WayOut, method: str, url: str, **options: Any) -> dict[str, Any]:
    about_to_await("A provider of single sign-on")
    timeout = aiohttp.ClientTimeout(total=ASK_SECONDS, sock_connect=_CONNECT_SECONDS)
    # Compressed, a small answer would be a large one.
    options["headers"] = {**options.get("headers", {}), "Accept-Encoding": "identity"}
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            proxy = await way.proxy_for(url)
            if proxy is None:
                await way.guard.check(url)
        with tenant_traffic():
            async with (
                aiohttp.ClientSession(
                    connector=connector.guarded_connector(way),
                    timeout=timeout,
                    auto_decompress=False,
                    trust_env=False,
                    response_class=interim_answers.FewInterim,
                ) as session,
                # A provider has no reason to send us elsewhere.
                session.request(method, url, allow_redirects=False, proxy=proxy, **options) as answer,
            ):
                if answer.status != 200:
                    raise ProviderFault(f"The provider answered {answer.status} at {url}.")
                return _object(await _read(answer, url), url)
    except (AddressRefused, RefusedConnection) as error:
        raise ProviderFault(str(error)) from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise ProviderFault(f"The provider does not answer at {url}.") from error


async def _read(answer: aiohttp.ClientResponse, url: str) -> bytes:
    """The body, counted as it comes: the length that is announced is not to be trusted."""
    parts: list[bytes] = []
    size = 0
    async for part in answer.content.iter_any():
        parts.append(part)
        size += len(part)
        if size > _LARGEST:
            raise ProviderFault(f"The provider's answer at {url} is too long.")
    return b"".join(parts)


def _object(raw: bytes, url: str) -> dict[str, Any]:
    try:
        found: Any = orjson.loads(raw)
    except ValueError as error:
        raise ProviderFault(f"The provider's answer at {url} is not JSON.") from error
    if not isinstance(found, dict):
        raise ProviderFault(f"The provider's answer at {url} is not a JSON object.")
    return cast("dict[str, Any]", found)
