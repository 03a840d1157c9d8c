"""What the engine and the features need from outside systems, as protocols with plain data.

To add a port that nodes work with:

1. Describe it in a module here, as a protocol, and add a field to `NodePorts`.
2. Write its adapter, and open it in `worker/ports.py`.
3. Stand in for it in `testing/ports.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from watchbill.core.ports.compute import Compute
from watchbill.core.ports.crews import AgentSpec, CrewJob, CrewResult, CrewRunner, TaskResult, TaskSpec
from watchbill.core.ports.documents import Document, DocumentStore
from watchbill.core.ports.http import HttpClient
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
from watchbill.core.ports.tools import CodeUse, Tools, ToolSpec, ToolUse
from watchbill.core.tenancy import TenantScope

# The secrets of a tenant that are known by their values.
Secrets = Callable[[TenantScope], Sequence[str]]


@dataclass(frozen=True, slots=True)
class NodePorts:
    """What nodes that do I/O work with."""

    llm: LlmGateway
    crews: CrewRunner
    http: HttpClient
    tools: Tools


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything outside of itself that an engine works with, and the secrets that must not be kept of what
    nodes say."""

    journal: Journal
    documents: DocumentStore
    live: LiveEvents
    compute: Compute
    nodes: NodePorts
    secrets: Secrets = lambda _scope: ()


__all__ = [
    "AgentSpec",
    "Batch",
    "Claim",
    "CodeUse",
    "Compute",
    "CrewJob",
    "CrewResult",
    "CrewRunner",
    "Document",
    "DocumentStore",
    "HttpClient",
    "Journal",
    "LiveEvents",
    "LiveReader",
    "LlmAnswer",
    "LlmCall",
    "LlmGateway",
    "Mail",
    "MailFailed",
    "MailMessage",
    "NodePorts",
    "Outcome",
    "Ports",
    "Provider",
    "ProviderDirectory",
    "Secrets",
    "TaskResult",
    "TaskSpec",
    "ToolCall",
    "ToolSpec",
    "ToolUse",
    "Tools",
]
