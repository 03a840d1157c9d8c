"""One word for each thing, as the glossary says: in the API's document, in messages, comments and docs."""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import watchbill

SOURCE = Path(watchbill.__file__).parent
DOCS = Path(__file__).parents[3] / "docs"
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef

_BEFORE = (
    r"\b(?:a|an|another|any|cancelled|each|every|failed|finished|first|last|later|longer?|new|no|of|one|paused|per"
    r"|same|second|single|some|test|the|this|which|whole|\w+'s)"
)
_AFTER = r"(?:and|are|began|begins|can|gives|has|have|is|may|must|of|that|were|which|with)"
WRONG = {
    # "To run" is a verb: "each runs by itself" is well, "each run" is not.
    "say execution; to run is only a verb": re.compile(
        rf"{_BEFORE} run\b(?! by\b)|\b(?:the|of|its|their|some|all|more|many|\w+'s) runs\b|^runs? {_AFTER}\b"
        r"|\b(?:in|of|to|per|while|during) runs?\b(?= (?:are|is|that|was|were)\b)",
        re.IGNORECASE,
    ),
    "say node; a step is counted by limits": re.compile(r"\bsteps?\b", re.IGNORECASE),
    "say iteration": re.compile(
        r"\b(?:a|an|all|another|each|every|first|last|many|next|one|per|single|the|this) pass(?:es)?\b"
        r"|\bpass by pass\b|\bpasses (?:are|failed|have|of|that|together|were)\b",
        re.IGNORECASE,
    ),
}
# Words that send people to read a sentence twice; they are for texts that people see, not for comments.
ODD = {
    "say it with a plain verb": re.compile(
        r"\banew\b|\btold so\b|\bholds? no\b|\bnobody waits for\b|\bnot whole\b|\bstands? twice\b",
        re.IGNORECASE,
    ),
    "say you, or who it is": re.compile(
        r"(?<!next )\bone's\b|\b(?:how|what|when|where|whom?|tenant) one (?:belongs|has|is|may|registers)\b",
        re.IGNORECASE,
    ),
}
# Where "step" is meant: what limits count, what CrewAI does by itself, what is done one after the other.
STEPS = {
    "adapters/crewai": "CrewAI's word for what its agents do",
    "adapters/mail/smtp.py": "of a conversation with a mail server",
    "core/budget.py": "of a computation",
    "core/embedded_json.py": "of a computation",
    "core/expressions": "of a computation",
    "core/ports/compute.py": "of a computation",
    "engine/claimed_execution.py": "of a coroutine",
    "kit/strength.py": "of a row of numbers",
    "testing": "in the demo model's sentences",
    "docs/adr": "of computations, of libraries and of decisions",
    "docs/glossary.md": "explains the word",
    "docs/guides/executions.md": "of a computation",
    "docs/security/threat-model.md": "of a computation",
    "docs/texts/expressions.md": "of a computation",
    "docs/reference/expressions.md": "of a computation",
    "docs/tutorial.md": "of the page Home",
}
# "The word is only a verb", and the word for a measurement of programs.
ALSO = {"docs/glossary.md"}


def texts_of_docs() -> Iterator[tuple[str, str]]:
    """Each paragraph or line of a table in the docs, with its page; examples of code are left out."""
    for page in sorted(DOCS.rglob("*.md")):
        name = f"docs/{page.relative_to(DOCS)}"
        text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
        for part in re.split(r"\n\s*\n|\n(?=[-|#]|\d+\. )", text):
            yield name, part


def texts_of_api() -> Iterator[tuple[str, str]]:
    """Summaries, descriptions and titles of the API's document."""
    waiting: list[Any] = [json.loads((DOCS / "reference" / "openapi.json").read_text("utf-8"))]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            for name in ("summary", "description", "title"):
                if isinstance(text := value.get(name), str):
                    yield "openapi.json", text
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def messages() -> Iterator[tuple[str, str]]:
    """What the modules say to people: errors, descriptions, mails, help. Also SQL and the like."""
    return _strings(docs=False)


def docstrings() -> Iterator[tuple[str, str]]:
    """What the modules say of themselves, their classes and functions."""
    return _strings(docs=True)


def _strings(*, docs: bool) -> Iterator[tuple[str, str]]:
    for path in sorted(SOURCE.rglob("*.py")):
        name = str(path.relative_to(SOURCE))
        tree = ast.parse(path.read_text("utf-8"))
        about = {id(_docstring(node)) for node in ast.walk(tree) if isinstance(node, Documented)}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr) and not docs:
                yield name, "".join(_part(part) for part in node.values)
            elif (
                isinstance(node, ast.Constant) and isinstance(node.value, str) and (id(node) in about) is docs
            ):
                yield name, node.value


def _docstring(node: Documented) -> ast.expr | None:
    first = node.body[0] if node.body else None
    return first.value if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) else None


def _part(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else "…"


def comments() -> Iterator[tuple[str, str]]:
    """The comments of each module; those that follow each other are one text."""
    for path in sorted(SOURCE.rglob("*.py")):
        name = str(path.relative_to(SOURCE))
        block = ""
        for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline):
            if token.type == tokenize.COMMENT:
                block += token.string.lstrip("#")
            elif block and token.type not in (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT):
                yield name, block
                block = ""


def plain(text: str) -> str:
    """The text without names in code quotes, on one line."""
    return " ".join(re.sub(r"`[^`]*`", "`…`", text).split())


def wrong(name: str, text: str, rules: dict[str, re.Pattern[str]]) -> Iterator[str]:
    """The places of a text that say a thing with another thing's word."""
    said = plain(text)
    # SQL and other texts for machines.
    if " " not in said or name in ALSO or re.match(r"(?:WITH|SELECT|INSERT|UPDATE|DELETE)\b", said):
        return
    for advice, rule in rules.items():
        if advice.startswith("say node") and any(name.startswith(allowed) for allowed in STEPS):
            continue
        for found in rule.finditer(said):
            yield f"{name}: …{said[max(0, found.start() - 40) : found.end() + 40]}…: {advice}"


@pytest.mark.parametrize("texts", [texts_of_docs, texts_of_api, messages, docstrings, comments])
def test_each_thing_has_one_word(texts: Any) -> None:
    found = list(texts())
    assert len(found) > 300, "the texts were found"
    assert [line for name, text in found for line in wrong(name, text, WRONG)] == []


@pytest.mark.parametrize("texts", [texts_of_docs, texts_of_api, messages])
def test_texts_that_people_see_are_plain(texts: Any) -> None:
    # Decisions and the architecture are for those who build it.
    seen = [(name, text) for name, text in texts() if not name.startswith(("docs/adr", "docs/architecture"))]
    assert [line for name, text in seen for line in wrong(name, text, ODD)] == []


@pytest.mark.parametrize(
    "text",
    [
        "The run failed.",
        "Each run has a journal.",
        "It shows a run's events of two runs that failed: the runs are listed.",
        "Runs are kept for a day.",
        "A limit that ended a step names the next step.",
        "The second of 3 steps",
        "Evaluated after each pass; true ends the loop.",
        "The timeline unfolds it pass by pass.",
        "All passes together may take an hour.",
    ],
)
def test_another_things_word_is_found(text: str) -> None:
    assert list(wrong("nodes/some.py", text, WRONG))


@pytest.mark.parametrize(
    "text",
    [
        "Each runs by itself, and whoever runs it sees what runs.",
        "Only nodes that run count; it can run again, and was run twice.",
        "Times that have passed pass nothing on.",
        "`make test` runs them; press `the run`.",
        "SELECT the run FROM executions",
    ],
)
def test_a_verb_is_well(text: str) -> None:
    assert list(wrong("nodes/some.py", text, WRONG)) == []


def test_a_word_is_allowed_only_where_it_is_used() -> None:
    found = (
        name
        for texts in (texts_of_docs, messages, docstrings, comments)
        for name, text in texts()
        if "step" in text
    )
    names = set(found)
    assert {place for place in STEPS if not any(name.startswith(place) for name in names)} == set()


def test_the_glossary_has_each_word_once_and_in_order() -> None:
    rows = re.findall(
        r"^\| (?!word \|)([^|]+) \| (.+) \|$", (DOCS / "glossary.md").read_text("utf-8"), re.MULTILINE
    )
    words = [word.lower() for word, _ in rows]
    assert len(words) > 60
    assert words == sorted(set(words), key=lambda word: re.sub(r"[^a-z ]", "", word))
    assert [word for word, meaning in rows if not meaning.endswith(".") or ". " in meaning] == [], (
        "one sentence"
    )
