"""How an answer ended: what makes it none, and what people should know of it."""

from __future__ import annotations

import json

from watchbill.adapters.openai_chat import Reading
from watchbill.core.candidates import Candidate
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.events import Log
from watchbill.core.ports.llm import LlmCall

_KNOWN = (None, "stop", "length", "tool_calls", "content_filter")


def checked(reading: Reading, candidate: Candidate, call: LlmCall | None) -> None:
    """Whether the answer may be used.

    Raises:
        NodeError: user, when it is a refusal or a content filter ended it; limit, when it was cut off at the
            token limit and a part of it is of no use; upstream, when it says nothing.
    """
    model = f"The model '{candidate.model}' of '{candidate.provider.name}'"
    if reading.refusal:
        raise NodeError(ErrorKind.USER, f"{model} refused to answer: {reading.refusal}", code="refused")
    if reading.finish_reason == "content_filter":
        part = " in the middle" if reading.text else ""
        detail = f"The provider's content filter stopped the answer{part}: {model} refused to go on."
        raise NodeError(ErrorKind.USER, detail, code="refused")
    tools = reading.tools
    if reading.finish_reason == "length":
        if not reading.text.strip() and not tools:
            detail = f"{model} gave an empty answer. It used up the token limit before saying anything."
            raise NodeError(ErrorKind.UPSTREAM, detail, code="empty_answer")
        if (call and call.output_schema is not None) or not all(_is_json(tool[2]) for tool in tools):
            what = "a tool call" if tools else "the JSON asked for"
            detail = f"{model} was cut off at the token limit in {what}. Raise the maximum of tokens."
            raise NodeError(ErrorKind.LIMIT, detail, code="answer_cut_off")
    if not reading.text.strip() and not tools:
        why = " It thought, but gave no answer." if reading.thoughts else ""
        why = " It called a tool without naming it." if reading.nameless_tools else why
        raise NodeError(ErrorKind.UPSTREAM, f"{model} gave an empty answer.{why}", code="empty_answer")


def notes(reading: Reading, candidate: Candidate, call: LlmCall) -> list[Log]:
    """What is said beside an answer that can be used."""
    who = f"The answer of '{candidate.model}'" + (f" to {call.agent}" if call.agent else "")
    if reading.finish_reason == "length":
        most = f" ({call.max_tokens:,} tokens)" if call.max_tokens else ""
        text = f"{who} was cut off at the token limit{most}: it is not complete."
        return [Log(level="warning", message=text, details={"finish_reason": "length"})]
    if reading.finish_reason not in _KNOWN:
        text = f"{who} ended for a reason that Watchbill does not know: '{reading.finish_reason}'."
        return [Log(level="warning", message=text, details={"finish_reason": reading.finish_reason})]
    return []


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
