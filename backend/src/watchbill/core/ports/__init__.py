"""What the engine and the features need from outside systems, as protocols with plain data."""

from watchbill.core.ports.crews import AgentSpec, CrewJob, CrewResult, CrewRunner, TaskResult, TaskSpec
from watchbill.core.ports.documents import Document, DocumentStore
from watchbill.core.ports.journal import Batch, Claim, Journal, Outcome
from watchbill.core.ports.live import LiveEvents, LiveReader
from watchbill.core.ports.llm import (
    LlmAnswer,
    LlmCall,
    LlmGateway,
    Provider,
    ProviderDirectory,
    ToolCall,
)
from watchbill.core.ports.mail import Mail, MailFailed, MailMessage

__all__ = [
    "AgentSpec",
    "Batch",
    "Claim",
    "CrewJob",
    "CrewResult",
    "CrewRunner",
    "Document",
    "DocumentStore",
    "Journal",
    "LiveEvents",
    "LiveReader",
    "LlmAnswer",
    "LlmCall",
    "LlmGateway",
    "Mail",
    "MailFailed",
    "MailMessage",
    "Outcome",
    "Provider",
    "ProviderDirectory",
    "TaskResult",
    "TaskSpec",
    "ToolCall",
]
