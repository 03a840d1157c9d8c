"""Schemathesis over the whole API: what OpenAPI says is what the server does."""
