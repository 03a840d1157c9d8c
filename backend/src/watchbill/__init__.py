"""Watchbill: draw, run and watch AI agent workflows built on CrewAI."""
