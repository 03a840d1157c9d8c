"""Runs crews on CrewAI; every model call of theirs goes through the LLM gateway.

Importing this package does not import CrewAI (six seconds, 270 MB); `CrewAiRunner.load()` does, in a thread.
"""

from watchbill.adapters.crewai.runner import CrewAiRunner

__all__ = ["CrewAiRunner"]
