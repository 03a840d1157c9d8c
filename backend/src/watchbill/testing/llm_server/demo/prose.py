"""Prose of the demo model: bullets, briefs, replies and explanations on any topic."""

from __future__ import annotations

import re

from watchbill.testing.llm_server.demo.reading import Prompt

_NOTE = "_Written by the demo model: sample text, not research. Connect a provider for real answers._"
_ANGLES = (
    (
        "Momentum",
        "interest in {t} has moved from pilots to daily use; last year's testers now budget for it.",
    ),
    ("Cost", "the price of {t} falls fastest where people measure it first, and rises where nobody owns it."),
    ("People", "skills are the scarce part of {t}: two trained people change more than any new tool."),
    ("Risk", "most failures around {t} come from unclear ownership, not from the technology."),
    ("Evidence", "the best results on {t} come from small trials with a number agreed before the start."),
    (
        "Quality",
        "work on {t} pays off when someone checks the results every week and writes down what changed.",
    ),
    (
        "Regulation",
        "rules that touch {t} are tightening; keeping records from day one is cheaper than later.",
    ),
    ("Adoption", "users accept {t} when that saves them a step in the first hour."),
    ("Data", "clean inputs decide how well {t} works; half of the effort goes there."),
    ("Outlook", "over the next two years expect {t} to become ordinary, and to be chosen for reliability."),
    ("Competition", "latecomers to {t} can still catch up, because the early mistakes are public."),
    (
        "Integration",
        "the way to introduce {t} is next to what exists: replace one step, not the whole process.",
    ),
)
_STYLES = (
    "In short: start small with {t}, agree on one number that must improve, and review it in two weeks. "
    "The common mistake is to begin with the tool; begin with the person who will use it.",
    "Three things matter for {t}:\n\n- **Purpose.** Say which decision gets easier.\n- **Ownership.** Name "
    "one person who may say no.\n- **Measure.** Compare with last month, not with a promise.",
    "Think of {t} like learning an instrument: a little every day beats a heroic weekend. For example, pick "
    "one routine task, time it for a week, change one step, and time it again. If nothing improves, stop.",
    "There is a strong and a weak side to {t}. Strong: it makes slow work visible and repeatable. Weak: it "
    "hides mistakes when nobody looks. So use it where results can be checked, and keep a person on it.",
)
# Words that ask for each of the styles, in their order.
_CUES = (
    ("few words", "brief", "concise", "short"),
    ("bullet", "structured", "step by step"),
    ("concrete", "example", "practical", "analogy"),
    ("weigh", "against", "critical", "pros and cons", "goes wrong"),
)
_ITEM = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+(.+)$", re.MULTILINE)


def points(prompt: Prompt, count: int) -> list[str]:
    """`count` different statements on the topic, each with a bold heading."""
    start = prompt.seed % len(_ANGLES)
    chosen = [_ANGLES[(start + 5 * i) % len(_ANGLES)] for i in range(min(count, len(_ANGLES)))]
    return [f"**{head}**: {sentence(text, prompt)}" for head, text in chosen]


def sentence(text: str, prompt: Prompt) -> str:
    """The template with the topic in it, starting with a capital letter."""
    topic = prompt.topic
    filled = text.replace("{t}", topic)
    return filled[:1].upper() + filled[1:]


def bullets(prompt: Prompt) -> str:
    """As many bullet points as asked for, five by default."""
    return "\n".join(f"- {point}" for point in points(prompt, prompt.count(5)))


def report(prompt: Prompt) -> str:
    """A titled brief that uses the findings in the context, if any."""
    found = _ITEM.findall(prompt.context) or points(prompt, 4)
    title = prompt.topic[:1].upper() + prompt.topic[1:]
    lead = sentence(
        "now is a good time to decide on {t}. The findings below agree on one point: gains come from small, "
        "measured steps, and losses from unclear ownership.",
        prompt,
    )
    steps = ("Name one owner and one number to improve.", "Run a two-week trial.", "Decide on the result.")
    return "\n".join(
        (
            f"## {title}: a brief\n\n{lead}\n\n### Findings\n",
            *(f"- {item.strip()}" for item in found[:6]),
            "\n### Next steps\n",
            *(f"{i}. {step}" for i, step in enumerate(steps, 1)),
            f"\n{_NOTE}",
        )
    )


def summary(prompt: Prompt) -> str:
    """The first sentence of the material, at most 20 words."""
    first = re.split(r"(?<=[.!?])\s+|\n", prompt.material.strip())[0].split()
    short = " ".join(first[:20])
    return f"{short.rstrip('.,;')}..." if len(first) > 20 else short.rstrip(",;")


def reply(prompt: Prompt) -> str:
    """A polite answer to a customer's message."""
    urgent = re.search(r"\b(urgent|asap|immediately|down|outage|critical|high)\b", prompt.task, re.IGNORECASE)
    promise = "within the hour" if urgent else "within one working day"
    return (
        "Hello,\n\n"
        f"Thank you for writing to us. I understand the matter like this: {summary(prompt)}\n\n"
        "I have opened a case and attached your message to it, so that you need not repeat anything. "
        f"A colleague who knows this area looks into it and will write to you {promise}. "
        "Should anything change in the meantime, answer to this message.\n\n"
        "Kind regards,\nYour support team"
    )


def explanation(prompt: Prompt) -> str:
    """A paragraph on the topic, in the manner that is asked for, else in the model's own."""
    wanted = f"{prompt.system}\n{prompt.task}".lower()
    for position, cues in enumerate(_CUES):
        if any(cue in wanted for cue in cues):
            return sentence(_STYLES[position], prompt)
    return sentence(_STYLES[prompt.voice % len(_STYLES)], prompt)


def from_tools(prompt: Prompt) -> str:
    """The answer after tools were called: what they found."""
    last = prompt.tool_results[-1].strip()
    return last if len(last) > 80 else f"According to the tool: {last or 'no result'}"
