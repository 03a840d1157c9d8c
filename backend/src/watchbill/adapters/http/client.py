"""core.ports.http by one aiohttp session: every connection is guarded, also those that redirects lead to."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import replace

import aiohttp
from yarl import URL

from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.ports.http import HttpAnswer, HttpRequest
from watchbill.kit.database.waits import about_to_await
from watchbill.kit.outbound.connector import demand_passed, guarded_connector
from watchbill.kit.outbound.interim_answers import FewInterim
from watchbill.kit.outbound.urls import exact, joined, refusal
from watchbill.kit.outbound.way_out import RefusedConnection, WayOut, tenant_traffic

_MOST_REDIRECTS = 10
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
# What a redirect to another site is still told: credentials may stand in any header that a user named.
_HARMLESS = frozenset(("accept", "accept-language", "content-type", "user-agent", "idempotency-key"))


class AiohttpClient:
    """Implements core.ports.http.HttpClient. Without a limit on connections, since most calls only wait; made
    on the event loop that it is used on."""

    def __init__(self, way: WayOut):
        self._way = way
        self._session = aiohttp.ClientSession(
            connector=guarded_connector(way, limit=0, ttl_dns_cache=60),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "Watchbill"},
            trust_env=False,
            response_class=FewInterim,
        )

    async def send(self, request: HttpRequest) -> HttpAnswer:
        """See core.ports.http.HttpClient."""
        about_to_await("An HTTP call")
        try:
            with tenant_traffic():
                async with asyncio.timeout(request.timeout_seconds):
                    return await self._follow(request)
        except TimeoutError as error:
            text = f"{_site(request.url)} did not answer within {request.timeout_seconds:g} seconds."
            raise NodeError(ErrorKind.TIMEOUT, text, code="http_timeout") from error
        except RefusedConnection as error:
            raise _refused(error) from error
        except aiohttp.ClientError as error:
            raise _failure(request.url, error) from error

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()

    async def _follow(self, request: HttpRequest) -> HttpAnswer:
        for _ in range(_MOST_REDIRECTS + 1):
            answer = await self._once(request)
            target = answer.headers.get("location")
            if not request.follow_redirects or answer.status not in _REDIRECTS or target is None:
                return answer
            request = _redirected(request, answer.status, target)
        text = f"{_site(request.url)} redirected more than {_MOST_REDIRECTS} times."
        raise NodeError(ErrorKind.USER, text, code="too_many_redirects")

    async def _once(self, request: HttpRequest) -> HttpAnswer:
        url = _checked(request.url)
        proxy = await self._way.proxy_for(str(url))
        async with self._session.request(
            request.method,
            url,
            headers=dict(request.headers),
            data=request.body,
            allow_redirects=False,
            proxy=proxy,
            timeout=aiohttp.ClientTimeout(total=None),
        ) as response:
            demand_passed(response, proxy)
            body = await _read(response, request)
            headers: dict[str, str] = {}
            for name, value in response.headers.items():
                known = headers.get(name.lower())
                headers[name.lower()] = value if known is None else f"{known}, {value}"
            return HttpAnswer(str(response.url), response.status, response.reason or "", headers, body)


async def _read(response: aiohttp.ClientResponse, request: HttpRequest) -> bytes:
    """The body, counted as it comes: the length that is announced is not to be trusted."""
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > request.max_bytes:
            text = f"The answer of {_site(request.url)} has more than {request.max_bytes:,} bytes."
            raise NodeError(ErrorKind.LIMIT, text, code="http_answer_too_large")
        parts.append(part)
    return b"".join(parts)


def _checked(url: str) -> URL:
    if why := refusal(url):
        # What lies before the host may be a password.
        raise _bad_url(_site(url) if "user name" in why else url, why)
    return exact(url)


def _bad_url(url: str, why: str) -> NodeError:
    return NodeError(ErrorKind.USER, f"The address `{url[:200]}` {why}.", code="url_invalid")


def _redirected(request: HttpRequest, status: int, location: str) -> HttpRequest:
    """The next request. 303, and 301 and 302 of a POST, become a GET, as in browsers (RFC 9110, 15.4)."""
    here = exact(request.url)
    try:
        there = exact(joined(request.url, location))
    except ValueError as error:
        raise _bad_url(location, "that the answer redirects to cannot be read") from error
    headers: Mapping[str, str] = request.headers
    if there.absolute and there.origin() != here.origin():
        headers = {name: value for name, value in headers.items() if name.lower() in _HARMLESS}
    request = replace(request, url=str(there), headers=headers)
    to_get = status == 303 or (status in (301, 302) and request.method == "POST")
    if not to_get or request.method == "HEAD":
        return request
    kept = {name: value for name, value in headers.items() if name.lower() != "content-type"}
    return replace(request, method="GET", body=None, headers=kept)


def _failure(url: str, error: aiohttp.ClientError) -> NodeError:
    cause = getattr(error, "os_error", None)
    if isinstance(cause, RefusedConnection):
        return _refused(cause)
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        text = f"{_site(url)} has no certificate that can be trusted: {error}"
        return NodeError(ErrorKind.UPSTREAM, text[:500], code="http_certificate")
    if isinstance(error, aiohttp.ClientHttpProxyError):
        # The error itself tells the proxy's address with its password.
        text = f"{_site(url)} cannot be reached: the proxy of this installation answered {error.status}."
        return NodeError(ErrorKind.UPSTREAM, text, code="http_proxy")
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        text = f"{_site(url)} cannot be reached: the proxy of this installation does not answer."
        return NodeError(ErrorKind.UPSTREAM, text, code="http_proxy")
    if isinstance(error, aiohttp.ClientConnectorError):
        text = f"{_site(url)} cannot be reached: {_reason(error.os_error)}."
        return NodeError(ErrorKind.UPSTREAM, text[:500], code="http_unreachable")
    text = f"The connection to {_site(url)} broke: {error or type(error).__name__}."
    return NodeError(ErrorKind.UPSTREAM, text[:500], code="http_broken")


def _refused(error: RefusedConnection) -> NodeError:
    return NodeError(ErrorKind.USER, f"This address is not allowed: {error}", code="address_refused")


def _reason(error: OSError) -> str:
    """The system's words for an error number, "Connection refused" say; a failed look-up has its own."""
    return os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)


def _site(url: str) -> str:
    """Scheme, host and port: what a message may show, since a path or query may hold a secret."""
    try:
        parsed = URL(url)
        return str(parsed.origin()) if parsed.absolute else url[:100]
    except ValueError:
        return url[:100]
