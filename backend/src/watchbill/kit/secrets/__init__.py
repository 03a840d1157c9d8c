"""Secrets: sealing, signing and hiding them, and telling good ones from bad ones."""
