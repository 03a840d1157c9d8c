"""Mail addresses in the one form in which they are stored and compared."""

from __future__ import annotations

import idna
from pydantic import validate_email
from pydantic_core import PydanticCustomError


def canonical_email(text: str) -> str:
    """An address as it is stored: in lower case, and its domain in Unicode. Browsers send a domain like
    exämple.com as xn--exmple-cua.com, and keyboards write ä in two ways; all of them are one address. What is
    no address stays what it is, in lower case."""
    try:
        return validate_email(text)[1].lower()
    except PydanticCustomError:
        return text.strip().lower()


def ascii_domain(text: str) -> str:
    """A domain as name servers know it, in lower case; empty when it cannot be one."""
    try:
        return idna.encode(text.strip().lower().rstrip("."), uts46=True).decode()
    except idna.IDNAError:
        return ""


def mail_domain(address: str) -> str:
    """The domain of an address as name servers know it; empty when it has none."""
    return ascii_domain(address.rpartition("@")[2]) if "@" in address else ""
