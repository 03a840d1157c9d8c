"""LLM: one question to a model."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from watchbill.core.agents import Text
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.expressions.shapes import TEXT, Shape, of_schema
from watchbill.core.flow.problems import Problem
from watchbill.core.foreseen import Foreseen
from watchbill.core.form_hints import form
from watchbill.core.json.clean import mended
from watchbill.core.node_types import NodeContext, NodeResult, NodeType
from watchbill.core.ports.llm import LlmCall
from watchbill.core.schemas import JsonSchema
from watchbill.nodes.agent import schema_problems


class Config(BaseModel):
    """What is asked, of which model."""

    model_config = ConfigDict(extra="forbid")

    prompt: Annotated[Text, Field(min_length=1, title="Prompt", json_schema_extra=form("template", order=1))]
    system: Annotated[Text, Field(title="System message", json_schema_extra=form("template"))] = ""
    model: str | None = Field(None, max_length=200, title="Model", json_schema_extra=form("model", order=2))
    provider_id: UUID | None = Field(None, title="Provider", json_schema_extra=form("provider"))
    output_schema: JsonSchema | None = Field(
        None,
        title="Output schema",
        description="JSON Schema that the answer must satisfy.",
        json_schema_extra=form("json-schema", order=3),
    )
    stream: bool = Field(True, title="Stream the answer")
    temperature: float | None = Field(None, ge=0, le=2, title="Temperature")
    max_tokens: int | None = Field(None, ge=1, le=1_000_000, title="Maximum tokens")
    first_token_seconds: float | None = Field(
        None,
        gt=0,
        le=86_400,
        title="Seconds until the first token",
        description="Without streaming, until the answer. Empty: the provider's, else 120.",
        json_schema_extra=form(unit="seconds"),
    )
    silence_seconds: float | None = Field(
        None,
        gt=0,
        le=86_400,
        title="Seconds of silence",
        description="Between two pieces of the answer. Empty: the provider's, else 60.",
        json_schema_extra=form(unit="seconds"),
    )
    call_seconds: float | None = Field(
        None,
        gt=0,
        le=86_400,
        title="Seconds in all",
        description="For one call, besides the node's time-out. Empty: the provider's, else 3,600.",
        json_schema_extra=form(unit="seconds"),
    )


def _judge(foreseen: Foreseen) -> list[Problem]:
    return schema_problems(foreseen.config.get("output_schema"), "output_schema")


def _gives(foreseen: Foreseen) -> Shape:
    schema = foreseen.config.get("output_schema")
    return TEXT if schema is None else of_schema(schema)


async def execute(context: NodeContext) -> NodeResult:
    """Ask the model; the output is its text, or the JSON value when there is an output schema.

    Text that was cut off at the token limit is an output with a warning in the log; JSON that was, and what a
    content filter stopped, is a failure.
    """
    config: Config = context.config
    messages = [{"role": "user", "content": config.prompt}]
    if config.system:
        messages.insert(0, {"role": "system", "content": config.system})
    answer = await context.ports.llm.complete(
        LlmCall(
            scope=context.scope,
            execution_id=context.execution_id,
            node_id=context.node_id,
            messages=messages,
            model=config.model,
            provider_id=config.provider_id,
            output_schema=config.output_schema,
            stream=config.stream,
            temperature=config.temperature,
            max_tokens=config.max_tokens,
            timeout_seconds=config.call_seconds,
            first_token_seconds=config.first_token_seconds,
            silence_seconds=config.silence_seconds,
        ),
        context.emit,
    )
    if answer.tool_calls and not answer.text.strip() and config.output_schema is None:
        called = mended(answer.tool_calls[0].name[:100])
        detail = (
            f"The model '{answer.model}' gave no text. It called the tool '{called}', but it was offered"
            " no tools."
        )
        raise NodeError(ErrorKind.UPSTREAM, detail, code="empty_answer")
    return NodeResult(mended(answer.text) if config.output_schema is None else answer.parsed)


TYPE = NodeType(
    kind="llm",
    title="LLM",
    description="Asks a model one question.",
    group="models",
    icon="message-square-text",
    keywords=(
        "ai",
        "model",
        "prompt",
        "chat",
        "gpt",
        "openai",
        "claude",
        "gemini",
        "ask",
        "generate",
        "classify",
        "extract",
        "summarize",
    ),
    config=Config,
    execute=execute,
    judge=_judge,
    gives=_gives,
    default_config={"prompt": ""},
    verbatim=frozenset({"output_schema"}),
)
