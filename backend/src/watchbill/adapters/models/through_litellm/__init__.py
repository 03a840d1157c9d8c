"""Asking providers whose protocols LiteLLM speaks, over our own session."""
