"""Reads a prompt: what is asked, about what, with which context, and what tools have answered."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import Any

_TOPIC = re.compile(
    r"\b(?:topic|subject|question)\s*:\s*(.+?)(?:[.\n;!?]|$)"
    r"|\b(?:about|on|regarding|research|explain|describe|explore)\s+(?!the following)(.+?)(?:[.\n;:!?(]|,|$)",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[\"“]([^\"”]{3,400})[\"”]")
_CREW_TASK = re.compile(r"Current Task:(.*?)(?:This is the expected criteria|$)", re.DOTALL)
_CREW_EXPECTED = re.compile(r"expected criteria for your final answer:(.*?)you MUST return", re.DOTALL)
_CREW_CONTEXT = re.compile(
    r"This is the context you're working with:(.*?)(?:Provide your complete response:|\Z)", re.DOTALL
)
_MATERIAL = re.compile(
    r"(?im)^.{0,40}\b(?:ticket|message|e-?mail|text|customer|complaint|request|review)\b[^:\n]{0,30}:\s*(.+)",
    re.DOTALL,
)
_MODEL_VOICES = {"demo-small": 0, "demo-large": 1, "demo-creative": 2}
_NUMBERS = {
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
}


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt taken apart. `seed` comes from model and messages, for variety without chance.

    `voice` numbers the styles of an answer: different models asked the same thing differ in it.
    """

    task: str
    expected: str
    context: str
    system: str
    tool_results: tuple[str, ...]
    seed: int
    voice: int

    def asks_for(self, *words: str) -> bool:
        """Whether the task or what is expected of it mentions one of the words."""
        asked = f"{self.task}\n{self.expected}".lower()
        return any(re.search(rf"\b{word}\b", asked) for word in words)

    @property
    def topic(self) -> str:
        """What it is about, a few words."""
        found = _TOPIC.search(self.task) or _TOPIC.search(self.context)
        text = next((group for group in found.groups() if group), "") if found else ""
        if not text and (quoted := _QUOTED.search(self.task)):
            text = quoted.group(1)
        text = re.sub(r"\s+in (?:\w+ ){0,2}(?:paragraphs?|sentences?|words|lines?)\b.*$", "", text)
        words = re.sub(r"[*_#`\"“”']", "", text or self.task).split()
        return " ".join(words[:9]).strip(" .,:;") or "the question"

    @property
    def material(self) -> str:
        """The text to work on: what follows `Ticket:` or the like, a long quotation, or all of the task."""
        if found := _MATERIAL.search(self.task):
            return found.group(1).strip()
        quoted = max(_QUOTED.findall(self.task), key=len, default="")
        return quoted if len(quoted) > 20 else self.task

    def count(self, default: int) -> int:
        """How many items are asked for, at most 10."""
        asked = f"{self.expected}\n{self.task}".lower()
        found = re.search(
            r"\b(\d+|" + "|".join(_NUMBERS) + r")\b[\w\s-]{0,25}(?:bullet|point|fact|item|find|idea)", asked
        )
        if not found:
            return default
        word = found.group(1)
        return max(1, min(10, _NUMBERS.get(word) or int(word)))


def read_prompt(model: str, messages: list[dict[str, Any]]) -> Prompt:
    """Take the messages of a request apart, CrewAI's wording included."""
    asked = [str(m.get("content") or "") for m in messages if m.get("role") == "user"]
    question = next((text for text in reversed(asked) if "Current Task:" in text), asked[-1] if asked else "")
    task = _CREW_TASK.search(question)
    expected = _CREW_EXPECTED.search(question)
    context = _CREW_CONTEXT.search(question)
    everything = model + "".join(f"{m.get('role')}{m.get('content')}" for m in messages)
    return Prompt(
        task=(task.group(1) if task else question).strip(),
        expected=(expected.group(1) if expected else "").strip(),
        context=(context.group(1) if context else "").strip(),
        system="\n".join(str(m.get("content") or "") for m in messages if m.get("role") == "system"),
        tool_results=tuple(str(m.get("content") or "") for m in messages if m.get("role") == "tool"),
        seed=zlib.crc32(everything.encode()),
        voice=zlib.crc32(question.encode()) + _MODEL_VOICES.get(model, zlib.crc32(model.encode())),
    )
