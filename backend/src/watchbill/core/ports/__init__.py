"""What the engine and the features need from outside systems, as protocols with plain data."""

from watchbill.core.ports.crews import AgentSpec, CrewJob, CrewResult, CrewRunner, TaskResult, TaskSpec
from watchbill.core.ports.documents import Document, DocumentStore
from watchbill.core.ports.live import LiveEvents, LiveReader
from watchbill.core.ports.llm import (
    LlmAnswer,
    LlmCall,
    LlmGateway,
    Provider,
    ProviderDirectory,
    ToolCall,
)

__all__ = [
    "AgentSpec",
    "CrewJob",
    "CrewResult",
    "CrewRunner",
    "Document",
    "DocumentStore",
    "LiveEvents",
    "LiveReader",
    "LlmAnswer",
    "LlmCall",
    "LlmGateway",
    "Provider",
    "ProviderDirectory",
    "TaskResult",
    "TaskSpec",
    "ToolCall",
]
