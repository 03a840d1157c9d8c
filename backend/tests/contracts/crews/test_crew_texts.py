"""Texts that are sealed for CrewAI come out as they went in, and hold no commands meanwhile."""

from __future__ import annotations

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from watchbill.adapters.crewai.plain_text import sealed, sealed_name, unsealed

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
WORDS = ["Final", " Answer", ":", "Action", " Input", "\ufdd0", "{input}", "{tools}", "{", "}", "\n", "1"]
texts = st.lists(st.sampled_from(WORDS) | st.text(max_size=3), max_size=20).map("".join)


@unhurried
@given(texts)
@example("Action\ufdd0\ufdd0:")
def test_a_sealed_text_opens_to_itself(text: str):
    assert unsealed(sealed(text)) == text


@unhurried
@given(texts)
def test_a_sealed_text_holds_no_commands(text: str):
    for command in ("Final Answer", "Action:", "Action Input:", "{input}", "{tools}", "{tool_names}"):
        assert command not in sealed(text)


@unhurried
@given(texts, texts)
def test_a_sealed_text_opens_as_a_part_of_others(before: str, text: str):
    assert unsealed(sealed(before) + "\n" + sealed(text)) == f"{before}\n{text}"


def test_a_name_stays_one():
    assert sealed_name("Action Planner") == "Action Planner"
    assert unsealed(sealed_name("{input} reader")) == "{input} reader"
