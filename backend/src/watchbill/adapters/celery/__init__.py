"""Celery carries hints to workers: small messages that may be lost, late or doubled without harm."""
