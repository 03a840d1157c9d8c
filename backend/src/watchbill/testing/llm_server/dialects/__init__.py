"""The protocols that the server speaks: how requests are read and answers written in each."""

from watchbill.testing.llm_server.dialects.anthropic import Anthropic
from watchbill.testing.llm_server.dialects.base import Dialect
from watchbill.testing.llm_server.dialects.chat import Chat
from watchbill.testing.llm_server.dialects.gemini import Gemini

__all__ = ["Anthropic", "Chat", "Dialect", "Gemini"]
