"""Watchbill: draw, run and watch AI agent workflows built on CrewAI."""

from importlib.metadata import version

__version__ = version("watchbill")
