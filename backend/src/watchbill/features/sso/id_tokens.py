"""Reads ID tokens of OpenID Connect. The libraries for that have 10 MB: import it late."""

from __future__ import annotations

from typing import Any, cast

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from watchbill.features.sso.provider import Client, Provider, ProviderFault

# Signatures that need the provider's private key: neither "none" nor those that the client's secret can make.
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
_LEEWAY_SECONDS = 60


def claims_of(
    answer: dict[str, Any], keys: dict[str, Any], *, provider: Provider, client: Client, nonce: str
) -> dict[str, Any]:
    """The claims of the ID token in the provider's answer, checked.

    Raises:
        ProviderFault: the token is not what it should be.
    """
    try:
        known = KeySet.import_key_set(cast("Any", keys))
        token = jwt.decode(str(answer["id_token"]), known, algorithms=_ALGORITHMS)
        wanted = {
            "iss": {"essential": True, "value": provider.issuer},
            "aud": {"essential": True, "value": client.client_id},
            "sub": {"essential": True},
            "nonce": {"essential": True},
        }
        params = {"nonce": nonce, "client_id": client.client_id, "access_token": answer.get("access_token")}
        claims = CodeIDToken(token.claims, token.header, wanted, params)
        claims.validate(leeway=_LEEWAY_SECONDS)
    except (JoseError, KeyError, ValueError, TypeError) as error:
        raise ProviderFault("The provider's answer is not a valid ID token for this sign-in.") from error
    return dict(token.claims)
