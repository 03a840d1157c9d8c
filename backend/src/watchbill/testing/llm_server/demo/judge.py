"""The demo model as a judge: finds the candidate answers in a prompt and says which is best, and why."""

from __future__ import annotations

import re
from dataclasses import dataclass

from watchbill.testing.llm_server.demo.reading import Prompt

_LABEL = re.compile(
    r"^\s*(?:[#>*\s-]*)((?:answer|candidate|option|response|model|version|draft)\s*[\w.-]*|[A-H]|\d)\s*[*]*\s*[:)]\**\s*",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One answer to be judged."""

    label: str
    text: str

    @property
    def score(self) -> int:
        """0 to 100: concrete examples, structure and a length that is read to the end count."""
        words = self.text.split()
        concrete = len(
            re.findall(r"\b(?:example|because|week|measure|number|first|compare|\d+)\b", self.text.lower())
        )
        structure = (
            len(re.findall(r"^\s*(?:[-*]|\d+[.)])\s", self.text, re.MULTILINE)) + self.text.count("**") // 2
        )
        length = 20 - min(20, abs(len(words) - 60) // 3)
        return min(100, 40 + 6 * min(concrete, 5) + 4 * min(structure, 5) + length // 2)

    @property
    def strength(self) -> str:
        """What speaks for it, a few words."""
        if re.search(r"^\s*[-*]\s", self.text, re.MULTILINE):
            return "clear structure"
        if "example" in self.text.lower():
            return "a concrete example"
        if re.search(r"\b(?:strong|weak|however|against)\b", self.text.lower()):
            return "a fair look at both sides"
        return "brevity" if len(self.text.split()) < 50 else "depth"


def candidates(prompt: Prompt) -> list[Candidate]:
    """The labelled answers in the task or its context, in order."""
    text = f"{prompt.task}\n{prompt.context}"
    found = list(_LABEL.finditer(text))
    ends = [] if not found else [match.start() for match in found[1:]] + [len(text)]
    parts = [
        Candidate(match.group(1).strip(), text[match.end() : end].strip())
        for match, end in zip(found, ends, strict=True)
    ]
    return [part for part in parts if len(part.text.split()) > 2]


def verdict(answers: list[Candidate]) -> str:
    """A ranking with scores and the reason for the first place."""
    ranked = sorted(answers, key=lambda answer: -answer.score)
    best, second = ranked[0], ranked[1]
    rows = "\n".join(f"| {a.label} | {a.score} | {a.strength} |" for a in ranked)
    return (
        f"**Best: {best.label}**\n\n"
        f"It wins with {best.strength}: a reader can act on it at once. "
        f"{second.label} comes close ({second.score} to {best.score} points) with {second.strength}, "
        "yet leaves more for the reader to work out.\n\n"
        f"| Answer | Score | Strength |\n|---|---|---|\n{rows}"
    )
