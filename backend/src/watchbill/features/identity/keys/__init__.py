"""API keys: what lets programs in."""
