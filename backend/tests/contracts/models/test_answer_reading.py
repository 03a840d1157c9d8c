"""Answers are gathered from every shape in which servers send them."""

from __future__ import annotations

from typing import Any

import pytest

from watchbill.adapters.openai_chat import BrokenOff, Reading, Refused


def read(*bodies: dict[str, Any]) -> Reading:
    reading = Reading()
    shown = "".join(reading.take(body) for body in bodies) + reading.close()
    assert shown == reading.text
    return reading


def chunk(**delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta}]}


@pytest.mark.parametrize(
    "content",
    [
        "Fine.",
        [{"type": "text", "text": "Fi"}, {"type": "text", "text": "ne."}],
        [{"type": "output_text", "text": "Fine."}],
        ["Fi", "ne."],
        {"type": "text", "text": "Fine."},
        [
            {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
            {"type": "text", "text": "Fine."},
        ],
        [{"type": "text", "text": {"value": "Fine."}}],
    ],
)
def test_content_as_text_and_in_parts(content: Any):
    whole = {"choices": [{"message": {"role": "assistant", "content": content}, "finish_reason": "stop"}]}
    assert read(whole).text == read(chunk(content=content)).text == "Fine."


@pytest.mark.parametrize(
    "deltas",
    [
        [{"reasoning_content": "Hm."}, {"content": "Fine."}],
        [{"reasoning": "Hm.", "content": ""}, {"content": "Fine."}],
        [{"content": "<think>Hm."}, {"content": "</think>\n\nFine."}],
        [{"content": "<thi"}, {"content": "nk>Hm.</th"}, {"content": "ink>Fine."}],
        [{"content": [{"type": "thinking", "thinking": "Hm."}]}, {"content": "Fine."}],
    ],
)
def test_thoughts_are_no_part_of_the_answer(deltas: list[dict[str, Any]]):
    reading = read(*(chunk(**delta) for delta in deltas))
    assert (reading.text, reading.thoughts.strip()) == ("Fine.", "Hm.")


def test_only_the_first_of_several_answers_is_taken():
    def both(one: str, other: str) -> dict[str, Any]:
        return {
            "choices": [
                {"index": 0, "delta": {"content": one}},
                {"index": 1, "delta": {"content": other}},
            ]
        }

    assert read(
        both("Fi", "No"), {"choices": [{"index": 1, "delta": {"content": "!"}}]}, both("ne.", "")
    ).text == ("Fine.")


def call(index: int | None, id_: str | None, name: str | None, arguments: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"function": {"name": name, "arguments": arguments}, "id": id_, "index": index}
    return {key: value for key, value in found.items() if value is not None}


n = None
TWO = [("f", '{"a": 1}'), ("g", '{"b": 2}')]


@pytest.mark.parametrize(
    "pieces",
    [
        [call(0, "x", "f", '{"a": 1}'), call(1, "y", "g", '{"b": 2}')],
        [call(0, "x", "f", '{"a"'), call(1, "y", "g", '{"b"'), call(0, n, n, ": 1}"), call(1, n, n, ": 2}")],
        [call(0, "x", "f", ""), call(0, "x", "f", '{"a": 1}'), call(1, "y", "g", '{"b": 2}')],
        [call(0, "x", "f", '{"a": 1}'), call(0, "y", "g", '{"b": 2}')],
        [call(None, None, "f", '{"a": 1}'), call(None, None, "g", '{"b": 2}')],
        [call(None, "x", "f", {"a": 1}), call(None, "y", "g", {"b": 2})],
        [call(0, "", "f", '{"a": 1}'), call(1, "", "g", '{"b": 2}')],
    ],
)  # fmt: skip
def test_tool_calls_in_pieces(pieces: list[dict[str, Any]]):
    streamed = read(*(chunk(tool_calls=[piece]) for piece in pieces)).tools
    assert [tool[1:] for tool in streamed] == TWO
    assert len({tool[0] for tool in streamed}) == 2 and all(tool[0] for tool in streamed)


def test_tool_calls_at_once_and_of_the_old_kind():
    both = [call(None, None, "f", '{"a": 1}'), call(None, None, "g", '{"b": 2}')]
    assert [tool[1:] for tool in read(chunk(tool_calls=both)).tools] == TWO
    assert read(chunk(function_call={"name": "f", "arguments": "{"})).tools == (("call_1", "f", "{"),)


@pytest.mark.parametrize(
    ("reason", "read_as"),
    [
        ("stop", "stop"),
        ("end_turn", "stop"),
        ("MAX_TOKENS", "length"),
        ("model_length", "length"),
        ("SAFETY", "content_filter"),
        ("tool_use", "tool_calls"),
        ("wind", "wind"),
        ("", None),
        ("null", None),
        (None, None),
        (7, None),
    ],
)
def test_finish_reasons(reason: Any, read_as: str | None):
    reading = read({"choices": [{"delta": {"content": "x"}, "finish_reason": reason}]})
    assert (reading.finish_reason, reading.ended) == (read_as, read_as is not None)


def test_finish_reasons_that_are_failures():
    with pytest.raises(Refused):
        read({"choices": [{"delta": {}, "finish_reason": "error"}]})
    with pytest.raises(BrokenOff):
        read(chunk(content="x"), {"choices": [{"delta": {}, "finish_reason": "abort"}]})


USAGE = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}


@pytest.mark.parametrize(
    ("bodies", "counts"),
    [
        ([chunk(content="x")], (None, None)),
        ([{**chunk(content="x"), "usage": {"prompt_tokens": 0, "completion_tokens": 0}}], (None, None)),
        ([{**chunk(), "usage": {"prompt_tokens": 9, "completion_tokens": 0}}, chunk(content="x")], (9, None)),
        ([{**chunk(content="x"), "usage": {**USAGE, "completion_tokens": n}} for n in (1, 4)], (9, 4)),
        ([chunk(content="x"), {"choices": [], "usage": USAGE}], (9, 4)),
        ([chunk(content="x"), {"choices": [], "usage": USAGE}, {"choices": [], "usage": None}], (9, 4)),
        ([{"choices": [], "usage": {"input_tokens": 9.0, "output_tokens": 4}}], (9, 4)),
        ([{"choices": [], "usage": {"prompt_tokens": True, "completion_tokens": "4"}}], (None, None)),
        ([{"choices": [], "usage": {"prompt_tokens": -9, "completion_tokens": 1e300}}], (None, None)),
    ],
)
def test_counts(bodies: list[dict[str, Any]], counts: tuple[int | None, int | None]):
    reading = read(*bodies)
    assert (reading.prompt_tokens, reading.completion_tokens) == counts


def test_characters_that_come_in_halves():
    assert read(chunk(content="a\ud83d"), chunk(content="\ude00b")).text == "a\U0001f600b"
    assert read(chunk(content="a\ud83d")).text == "a\ufffd"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"choices": None},
        {"choices": []},
        {"choices": [None, 3]},
        {"choices": [{"delta": None}]},
        {"choices": [{"delta": []}]},
        {"choices": [{"delta": {"content": None, "tool_calls": [None, {"function": None}]}}]},
        {"choices": [{"delta": {"content": "", "tool_calls": {"a": 1}}, "finish_reason": {"a": 1}}]},
        {"choices": [{"delta": {"content": [None, {"type": "image"}]}}], "usage": [1]},
    ],
)
def test_what_makes_no_sense_says_nothing(body: dict[str, Any]):
    reading = read(body)
    assert (reading.text, reading.tools, reading.finish_reason) == ("", (), None)
