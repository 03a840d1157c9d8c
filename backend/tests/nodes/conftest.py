"""Fixtures of the tests of nodes."""

from tests.nodes.http_site import client, site

__all__ = ["client", "site"]
