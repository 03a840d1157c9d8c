"""HTTP calls of nodes, by aiohttp."""

from watchbill.adapters.http.client import AiohttpClient

__all__ = ["AiohttpClient"]
