"""Reasoning and answers are told apart, however the text is cut into pieces."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from watchbill.core.reasoning import ReasoningSplitter, split_reasoning

SPLITS = {
    "": ("", ""),
    "Just text.": ("", "Just text."),
    "  \n text": ("", "  \n text"),
    "<think>Hm.</think>Yes.": ("Hm.", "Yes."),
    "\n<think>\nHm.\n</think>\n\nYes.\n": ("\nHm.\n", "Yes.\n"),
    "<think>a</think>\n<think>b</think> c": ("ab", "c"),
    "<THINK>a</Think>c": ("a", "c"),
    "<thinking>a</thinking>c": ("a", "c"),
    "[THINK]a[/THINK]c": ("a", "c"),
    "<think></think>c": ("", "c"),
    "<think>never ends": ("never ends", ""),
    "<think>never ends</thin": ("never ends</thin", ""),
    "<thin": ("", "<thin"),
    "<thought>kept</thought>": ("", "<thought>kept</thought>"),
    # a chat template wrote the opening tag
    "Hm, so.\n</think>\n\nYes.": ("Hm, so.\n", "Yes."),
    "Hm, so.</think>\nYes.": ("Hm, so.", "Yes."),
    "</think>Yes.": ("", "Yes."),
    "a\n</think>": ("a\n", ""),
    # text about tags is text
    "Close it with `</think>` then.": ("", "Close it with `</think>` then."),
    "An example:\n<think>\na\n</think>\nb": ("", "An example:\n<think>\na\n</think>\nb"),
    "Yes. <think>late</think> No.": ("", "Yes. <think>late</think> No."),
    "<think>a</think>The tag\n</think>\nends it.": ("a", "The tag\n</think>\nends it."),
}
TAGS = ["<think>", "</think>", "<thinking>", "[THINK]", "[/THINK]", "\n", " ", "<", "/", "a", "{", "</th"]
# However busy the machine is.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
texts = st.lists(st.sampled_from(TAGS) | st.text(max_size=3), max_size=12).map("".join)


@pytest.mark.parametrize(("text", "parts"), SPLITS.items())
def test_reasoning_is_told_from_the_answer(text: str, parts: tuple[str, str]):
    assert split_reasoning(text) == parts


@unhurried
@given(texts, st.lists(st.integers(0, 40), max_size=20))
@example("a\n</think>\nb", [1, 3, 7])
def test_how_a_text_is_cut_makes_no_difference(text: str, cuts: list[int]):
    splitter, shown = ReasoningSplitter(), ""
    places = sorted({0, *(min(cut, len(text)) for cut in cuts), len(text)})
    for start, end in zip(places, [*places[1:], len(text)], strict=True):
        shown += splitter.feed(text[start:end])
    shown += splitter.end()
    assert (splitter.reasoning, splitter.answer) == split_reasoning(text)
    assert shown.endswith(splitter.answer)


@unhurried
@given(texts)
def test_a_character_at_a_time_is_the_same_as_all_at_once(text: str):
    splitter = ReasoningSplitter()
    shown = "".join(map(splitter.feed, text)) + splitter.end()
    assert (splitter.reasoning, splitter.answer) == split_reasoning(text)
    assert shown.endswith(splitter.answer)


@unhurried
@given(texts)
def test_nothing_is_invented_and_an_answer_is_an_end_of_its_text(text: str):
    reasoning, answer = split_reasoning(text)
    assert text.endswith(answer)
    assert len(reasoning) + len(answer) <= len(text)


def test_reasoning_of_a_field_of_its_own_is_like_reasoning_in_tags():
    splitter = ReasoningSplitter()
    splitter.feed_reasoning("Hm.")
    assert splitter.feed("\n\n") == ""
    assert splitter.feed("Yes.\n") == "Yes.\n"
    splitter.end()
    assert (splitter.reasoning, splitter.answer) == ("Hm.", "Yes.\n")


def test_what_can_be_shown_is_shown_at_once():
    splitter = ReasoningSplitter()
    shown = [splitter.feed(piece) for piece in ("<th", "ink>Hm", "</thi", "nk>", "\n", "Ye", "s <", "b>")]
    assert shown == ["", "", "", "", "", "Ye", "s <", "b>"]
