"""Gathers one answer out of the JSON of chunks, or of a whole completion, whatever shape it has."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from watchbill.adapters.openai_chat.faults import BrokenOff, Refused
from watchbill.adapters.openai_chat.said import Said, dumped, in_short
from watchbill.adapters.openai_chat.tool_calls import ToolCalls, whole_number
from watchbill.core.json.characters import mended
from watchbill.core.reasoning import ReasoningSplitter

_LENGTH = (
    "length",
    "max_tokens",
    "max_output_tokens",
    "model_length",
    "token_limit",
    "max_length",
    "model_context_window_exceeded",
)
_STOP = (
    "stop",
    "eos",
    "eos_token",
    "end_turn",
    "stop_sequence",
    "complete",
    "completed",
    "finish_reason_stop",
    "finish",
    "finished",
    "endoftext",
    "stop_criteria_met",
)
_FILTER = ("content_filter", "content_filtered", "safety", "recitation", "blocklist", "prohibited_content")
_FILTERS = (*_FILTER, "spii", "sensitive", "refusal", "guardrail_intervened", "image_safety", "error_toxic")
_TOOLS = ("tool_calls", "tool_call", "tool_use", "function_call")
_FAILED = ("error", "abort", "aborted", "cancelled", "network_error", "insufficient_system_resource")
# What servers mean by a reason, by the word that OpenAI has for it.
_REASONS = {
    **dict.fromkeys(_LENGTH, "length"),
    **dict.fromkeys(_STOP, "stop"),
    **dict.fromkeys(_FILTERS, "content_filter"),
    **dict.fromkeys(_TOOLS, "tool_calls"),
}
# Where models leave what they thought.
_THOUGHTS = ("reasoning_content", "reasoning", "thinking")
_MOST_TOKENS = 10**12
# So deep lists of parts are read: theirs are two or three levels.
_MOST_LEVELS = 8


@dataclass(slots=True)
class Reading:
    """What has been read so far of an answer. `size` counts the characters of all that the model wrote, its
    thoughts and tools' arguments too; `ended` tells that the server itself said where the answer ends."""

    refusal: str = ""
    finish_reason: str | None = None
    ended: bool = False
    size: int = 0
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int = 0
    cache_written_tokens: int = 0
    reasoning_tokens: int = 0
    _splitter: ReasoningSplitter = field(default_factory=ReasoningSplitter)
    _tools: ToolCalls = field(default_factory=ToolCalls)
    _index: int | str | None = None
    _elsewhere: int | str | None = None
    _half: str = ""

    @property
    def text(self) -> str:
        """The text of the answer, without what the model thought before it."""
        return self._splitter.answer

    @property
    def thoughts(self) -> str:
        """What the model thought before it answered."""
        return mended(self._splitter.reasoning)

    @property
    def tools(self) -> tuple[tuple[str, str, str], ...]:
        """Id, name and arguments of each tool that is called; an id is made up where the server gave none."""
        return self._tools.found

    @property
    def nameless_tools(self) -> bool:
        """Whether a tool is called that is not named."""
        return self._tools.nameless

    @property
    def began(self) -> bool:
        """Whether anything of the answer has arrived."""
        return bool(self.size or self.refusal)

    def take(self, body: dict[str, Any]) -> str:
        """Take in a chunk, or a whole completion; returns the text that is new.

        Raises:
            Refused, BrokenOff: its finish reason says that the server failed.
        """
        self._take_usage(body.get("usage"))
        text = ""
        choices = _dicts(body.get("choices"))
        for choice in choices:
            index = _index(choice.get("index"))
            if self._index is None:
                self._index = index
            # Only one answer is asked for; others beside it are those of a server that gives more.
            if index in (None, self._index):
                text += self._take_choice(choice)
            elif len(choices) == 1 and self.finish_reason is None:
                self._elsewhere = index
            if index is None:
                break
        return text

    def demand_one_index(self) -> None:
        """See that an answer did not go on as another one.

        Raises:
            BrokenOff: it did, and what was read is only its beginning.
        """
        if self.finish_reason is None and self._elsewhere is not None:
            text = f"The stream went on with choice {self._elsewhere} before it ended choice {self._index}"
            raise BrokenOff(text)

    def close(self) -> str:
        """Nothing follows; returns the text that waited for what might."""
        self._half, rest = "", self._splitter.feed("\ufffd" if self._half else "")
        return rest + self._splitter.end()

    def _take_choice(self, choice: dict[str, Any]) -> str:
        message = choice.get("delta")
        if not message and not (isinstance(message, dict) and self.began):
            # Where the pieces came before, a whole message beside an empty one says them again.
            message = choice.get("message")
        text = ""
        if isinstance(message, dict):
            text = self._take_message(cast("dict[str, Any]", message))
        elif message:
            raise _no_text(message)
        elif isinstance(choice.get("text"), str):
            text = choice["text"]
        self.size += len(text)
        self._finish(choice.get("finish_reason"))
        return self._splitter.feed(self._whole_characters(text))

    def _take_message(self, message: dict[str, Any]) -> str:
        text, thoughts, refusal = _parts(message.get("content"))
        thoughts += next((_parts(message[key])[0] for key in _THOUGHTS if message.get(key)), "")
        refusal = mended(refusal + _parts(message.get("refusal"))[0])
        self._splitter.feed_reasoning(thoughts)
        self.refusal += refusal
        self.size += len(thoughts) + len(refusal)
        for position, call in enumerate(_dicts(message.get("tool_calls"))):
            self.size += self._tools.take(call, position)
        if isinstance(message.get("function_call"), dict):
            self.size += self._tools.take({"index": 0, "function": message["function_call"]}, 0)
        return text

    def _take_usage(self, usage: Any) -> None:
        if not isinstance(usage, dict):
            return
        counts = cast("dict[str, Any]", usage)
        asked = _count(counts, "prompt_tokens", "input_tokens")
        said = _count(counts, "completion_tokens", "output_tokens")
        # Some send zeros before they have counted; a later count is that of more of the answer.
        self.prompt_tokens = asked or self.prompt_tokens
        self.completion_tokens = said or self.completion_tokens
        cached = _count(counts.get("prompt_tokens_details"), "cached_tokens") or _count(
            counts, "prompt_cache_hit_tokens", "cache_read_input_tokens", "cached_tokens"
        )
        self.cached_tokens = cached or self.cached_tokens
        written = _count(counts.get("prompt_tokens_details"), "cache_creation_tokens") or _count(
            counts, "cache_creation_input_tokens"
        )
        self.cache_written_tokens = written or self.cache_written_tokens
        details = counts.get("completion_tokens_details")
        self.reasoning_tokens = _count(details, "reasoning_tokens") or self.reasoning_tokens

    def _finish(self, reason: Any) -> None:
        if not isinstance(reason, str) or reason.lower() in ("", "null", "none"):
            return
        if reason.lower() in _FAILED:
            if self.began:
                raise BrokenOff(f"The server ended the answer with the finish reason '{reason[:50]}'")
            raise Refused(500, Said(f"finish reason '{reason[:50]}'"), within=True)
        self.finish_reason = _REASONS.get(reason.lower(), mended(reason[:100]))
        self.ended = True

    def _whole_characters(self, text: str) -> str:
        """The text without a half character at its end, which waits for its other half."""
        if not self._half and text.isascii():
            return text
        text, self._half = self._half + text, ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return mended(text)


def _parts(content: Any, levels: int = _MOST_LEVELS) -> tuple[str, str, str]:
    """Text, thoughts and refusal of a content: a text, one part, or a list of parts. What stands deeper than
    any server puts it is not read.

    Raises:
        BrokenOff: something else stands there.
    """
    if isinstance(content, str):
        return content, "", ""
    if not levels or content is None:
        return "", "", ""
    if isinstance(content, dict):
        return _part(cast("dict[str, Any]", content), levels - 1)
    if not isinstance(content, list):
        raise _no_text(content)
    found = [_parts(each, levels - 1) for each in cast("list[Any]", content)]
    return "".join(f[0] for f in found), "".join(f[1] for f in found), "".join(f[2] for f in found)


def _part(part: dict[str, Any], levels: int) -> tuple[str, str, str]:
    kind = _string(part.get("type"))
    if kind == "refusal":
        return "", "", _string(part.get("refusal"))
    if kind in ("thinking", "reasoning", "reasoning_text", "redacted_thinking"):
        inner = next((part[key] for key in ("thinking", "reasoning", "text", "content") if part.get(key)), "")
        return "", _parts(inner, levels)[0], ""
    value = part.get("text", part.get("content"))
    if isinstance(value, dict):
        value = cast("dict[str, Any]", value).get("value")
    if not isinstance(value, str | None) or (value is None and not kind):
        raise _no_text(part)
    return value or "", "", ""


def _no_text(value: Any) -> BrokenOff:
    """What is said of something where a text of the answer should stand: to leave it out would change it."""
    return BrokenOff(f"A part of it is not text: {in_short(dumped(value))}")


def _dicts(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; one by itself is a list of one."""
    if isinstance(value, dict):
        return [cast("dict[str, Any]", value)]
    items = cast("list[Any]", value) if isinstance(value, list) else []
    return [item for item in items if isinstance(item, dict)]


def _index(value: Any) -> int | str | None:
    """Which of several answers a choice belongs to. What is no number is a name."""
    number = whole_number(value)
    return number if number is not None else _string(value)[:100] or None


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _count(counts: Any, *names: str) -> int:
    """The first of these counts that is one, and not 0."""
    if not isinstance(counts, dict):
        return 0
    for name in names:
        value = cast("dict[str, Any]", counts).get(name)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if type(value) is int and 0 < value < _MOST_TOKENS:
            return value
    return 0
