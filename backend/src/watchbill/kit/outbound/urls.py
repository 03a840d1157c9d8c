"""URLs as they are sent: as they were written, but for what may not stand in one."""

from __future__ import annotations

import re
from urllib.parse import quote, urljoin

from yarl import URL

_PARTS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<rest>.*)", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# A percent sign that begins no encoded byte cannot be sent as it is.
_LOST_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
# Everything RFC 3986 lets stand in a path or query; what is encoded stays as it is.
_STAYS = "!$&'()*+,-./:;=?@_~%[]"


def exact(url: str) -> URL:
    """The URL with every character of its path and query as it was written; only those that RFC 3986 lets
    nowhere stand are percent-encoded, such as spaces and `ä`. A fragment is left out, as it is never sent.

    Raises:
        ValueError: it is none.
    """
    found = _PARTS.fullmatch(url)
    # Without a host, the first part of the path would become one.
    if found is None or not found["authority"] or _CONTROL.search(url):
        raise ValueError("not a URL")
    site = URL(f"{found['scheme']}://{found['authority']}")
    rest = found["rest"].partition("#")[0]
    rest = quote(_LOST_PERCENT.sub("%25", rest), safe=_STAYS)
    if not rest.startswith("/"):
        rest = f"/{rest}"
    return URL(f"{str(site).removesuffix('/')}{rest}", encoded=True)


def refusal(url: str) -> str | None:
    """Why a request cannot be sent to an address, as the end of a sentence about it; None when it can be."""
    try:
        parsed = exact(url)
    except ValueError:
        return "cannot be read" if "://" in url else "does not begin with http:// or https://"
    if parsed.scheme not in ("http", "https") or not parsed.host:
        return "does not begin with http:// or https://"
    if parsed.user is not None or parsed.password is not None:
        return "contains a user name or password; send them in a header"
    return None


def joined(here: str, there: str) -> str:
    """Where a `Location` leads to from a URL (RFC 3986, 5).

    Raises:
        ValueError: it cannot be read.
    """
    return urljoin(str(exact(here)), there)
