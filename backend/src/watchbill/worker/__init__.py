"""Celery assembly."""
