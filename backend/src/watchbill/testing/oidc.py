"""`python -m watchbill.testing.oidc`: an OpenID Connect provider for tests, which signs everybody in at once.

It checks what a provider checks: redirect addresses, client secrets, PKCE, and that a code is used once. `PUT
/_person` says who signs in next (claims), `PUT /_fault` what is wrong with the next ID token, and `GET
/_codes` which codes it was brought.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import secrets
import signal
import sys
import time
from typing import Any, cast
from urllib.parse import urlencode

from aiohttp import web
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # pyright: ignore[reportUnknownVariableType]  # it has no types
from joserfc import jws, jwt
from joserfc.jwk import OctKey, RSAKey

_LIFETIME = 300
CLIENT_ID = "watchbill"
CLIENT_SECRET = "a-secret-of-the-client"  # noqa: S105 (for tests)


class OidcProvider:
    """The provider's state; `issuer` is set when it listens."""

    def __init__(self) -> None:
        self.issuer = ""
        self._key = RSAKey.generate_key(2048, parameters={"kid": "1"})
        self._other_key = RSAKey.generate_key(2048, parameters={"kid": "1"})
        self._codes: dict[str, dict[str, str]] = {}
        self._person: dict[str, Any] = {"sub": "1", "email": "sam@corp.example", "email_verified": True}
        self._fault = ""
        self._brought: list[str] = []

    def application(self) -> web.Application:
        """The web application."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/.well-known/openid-configuration", self._discovery),
                web.get("/jwks", self._jwks),
                web.get("/authorize", self._authorize),
                web.post("/token", self._token),
                web.put("/_person", self._set_person),
                web.put("/_fault", self._set_fault),
                web.get("/_codes", self._codes_brought),
            ]
        )
        return app

    async def _discovery(self, _request: web.Request) -> web.Response:
        _, _, elsewhere = self._fault.partition("authorize at ")
        return web.json_response(
            {
                "issuer": "https://other.example.com" if self._fault == "issuer" else self.issuer,
                "authorization_endpoint": f"{elsewhere or self.issuer}/authorize",
                "authorization_response_iss_parameter_supported": self._fault in ("names itself", "nameless"),
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        )

    async def _jwks(self, _request: web.Request) -> web.Response:
        return web.json_response({"keys": [self._key.as_dict(private=False)]})

    async def _authorize(self, request: web.Request) -> web.Response:
        query = dict(request.query)
        wanted = {"response_type": "code", "client_id": CLIENT_ID, "code_challenge_method": "S256"}
        if any(query.get(name) != value for name, value in wanted.items()) or "openid" not in query["scope"]:
            return web.Response(status=400, text="not a code flow with PKCE")
        if self._fault == "denied":
            answer = {"error": "access_denied", "state": query["state"]}
        else:
            code = secrets.token_urlsafe(16)
            self._codes[code] = query
            answer = {"code": code, "state": query["state"]}
            if self._fault == "names itself":
                answer["iss"] = self.issuer
        raise web.HTTPFound(f"{query['redirect_uri']}?{urlencode(answer)}")

    async def _token(self, request: web.Request) -> web.Response:
        form = dict(await request.post())
        self._brought.append(str(form.get("code")))
        asked: dict[str, Any] | None = self._codes.pop(str(form.get("code")), None)
        pair = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {pair}":
            return web.json_response({"error": "invalid_client"}, status=401)
        challenge = cast("str", create_s256_code_challenge(str(form.get("code_verifier"))))
        fits = asked is not None and (
            form.get("redirect_uri") == asked["redirect_uri"] and challenge == asked["code_challenge"]
        )
        if asked is None or not fits:
            return web.json_response({"error": "invalid_grant"}, status=400)
        token = {"id_token": self._id_token(asked["nonce"]), "access_token": "x", "token_type": "Bearer"}
        return web.json_response(token)

    def _id_token(self, nonce: str) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + _LIFETIME,
            "nonce": nonce,
            **self._person,
        }
        wrong: dict[str, dict[str, Any]] = {
            "nonce": {"nonce": "another"},
            "audience": {"aud": "another"},
            "expired": {"exp": now - 3600, "iat": now - 7200},
            "token issuer": {"iss": "https://other.example.com"},
        }
        claims |= wrong.get(self._fault, {})
        if self._fault == "algorithm":
            # Made with what everybody can read or the client knows, as forgers do.
            return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(CLIENT_SECRET))
        key = self._other_key if self._fault == "signature" else self._key
        # In ASCII, as most write it: JSON's escapes also name what no encoding has.
        return jws.serialize_compact({"alg": "RS256", "kid": "1", "typ": "JWT"}, json.dumps(claims), key)

    async def _set_person(self, request: web.Request) -> web.Response:
        self._person = await request.json()
        return web.Response(status=204)

    async def _codes_brought(self, _request: web.Request) -> web.Response:
        return web.json_response(self._brought)

    async def _set_fault(self, request: web.Request) -> web.Response:
        self._fault = (await request.json())["fault"]
        return web.Response(status=204)


async def _serve(port: int) -> None:
    provider = OidcProvider()
    runner = web.AppRunner(provider.application())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    _, actual = runner.addresses[0][:2]
    provider.issuer = f"http://127.0.0.1:{actual}"
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    sys.stdout.write(f"OIDC provider on {provider.issuer}\n")
    sys.stdout.flush()
    await stop.wait()
    await runner.cleanup()


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="watchbill.testing.oidc", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one (default: 0)")
    asyncio.run(_serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
