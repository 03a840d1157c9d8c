"""Text of a stream is heard as it arrives, and LiteLLM gets all of it, whatever way the bytes are cut."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from watchbill.adapters.litellm.gathering import Gatherer


def _chunk(delta: dict[str, Any], **choice: Any) -> bytes:
    return b"data: " + json.dumps({"id": "1", "choices": [{"delta": delta, **choice}]}).encode()


_TEXTS = st.text(min_size=1, max_size=5)
_PLAIN = _TEXTS.map(lambda text: _chunk({"content": text}))
_OTHERS = st.one_of(
    _TEXTS.map(lambda text: _chunk({"content": text}, finish_reason="stop")),
    _TEXTS.map(lambda text: _chunk({"content": text, "reasoning_content": "Hm."})),
    st.builds(lambda n: _chunk({"tool_calls": [{"index": n}]}), st.integers(0, 3)),
    st.sampled_from(
        [
            b"data: [DONE]",
            b": still there",
            b"data: {not json",
            b'event: delta\ndata: {"text": "x"}',
            b'data: {"choices": [], "usage": {"total_tokens": 3}}',
            b'data: {"choices": [], "usage": {"prompt_tokens": 2, "completion_tokens": 1}}',
            b'data: {"choices": [{"delta": {"content": "a"}}, {"delta": {"content": "b"}}]}',
        ]
    ),
)


def _text(event: bytes) -> str:
    """What a chunk with one choice says."""
    try:
        choices = json.loads(event.removeprefix(b"data: ")).get("choices")
    except ValueError:
        return ""
    return choices[0]["delta"].get("content") or "" if choices and len(choices) == 1 else ""


class Ear:
    """Keeps what it heard."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.counts: list[tuple[int, int]] = []

    def hear(self, text: str) -> None:
        self.heard.append(text)

    def hear_usage(self, prompt_tokens: int, completion_tokens: int) -> None:
        self.counts.append((prompt_tokens, completion_tokens))


@given(st.lists(_PLAIN | _OTHERS), st.binary(max_size=9).filter(lambda rest: b"\n\n" not in rest), st.data())
def test_no_text_is_lost_doubled_or_out_of_order(events: list[bytes], rest: bytes, data: st.DataObject):
    ear = Ear()
    gatherer = Gatherer(ear)
    body = b"".join(event + b"\n\n" for event in events) + rest.replace(b"\n", b"")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=6)))
    passed = b""
    for begin, end in zip([0, *cuts], [*cuts, len(body)], strict=True):
        passed += gatherer.feed(body[begin:end])
    passed += gatherer.flush() + gatherer.incomplete

    said = "".join(map(_text, events))
    received = passed.split(b"\n\n")[:-1]
    assert "".join(ear.heard) == said
    assert "".join(map(_text, received)) == said
    plain = {event for event in events if _is_plain(event)}
    assert [event for event in received if not _is_plain(event)] == [e for e in events if e not in plain]
    assert passed.endswith(rest.replace(b"\n", b""))


def _is_plain(event: bytes) -> bool:
    try:
        choices = json.loads(event.removeprefix(b"data: "))["choices"]
    except (ValueError, KeyError):
        return False
    return len(choices) == 1 and choices[0].keys() == {"delta"} and choices[0]["delta"].keys() == {"content"}


_USAGE = b'data: {"choices": [], "usage": {"prompt_tokens": 20, "completion_tokens": 5}}'
_FINISH = _chunk({}, finish_reason="stop")
_DONE = b"data: [DONE]"


def _passed(ear: Ear, *events: bytes) -> list[bytes]:
    """What goes on to LiteLLM after each event."""
    gatherer = Gatherer(ear)
    return [gatherer.feed(event + b"\n\n") for event in events]


def test_the_end_of_an_answer_goes_on_in_one_piece_with_its_tokens_counted():
    ear = Ear()
    *before, last = _passed(ear, _chunk({"content": "Tides"}), _FINISH, _USAGE, _DONE)
    assert before == [b"", b"", b""]
    assert last.endswith(b"\n\n".join((_FINISH, _USAGE, _DONE, b""))) and b"Tides" in last
    assert ear.counts == [(20, 5)]


def test_tokens_do_not_count_as_told_where_the_answer_goes_on_after_its_finish_reason():
    ear = Ear()
    _passed(ear, _FINISH, _chunk({"content": "More."}), _USAGE, _DONE)
    assert (ear.heard, ear.counts) == (["More."], [])


def test_an_answer_whose_tokens_nobody_counts_is_only_passed_on():
    ear = Ear()
    assert _passed(ear, _FINISH, _DONE)[-1] == b"\n\n".join((_FINISH, _DONE, b""))
    assert ear.counts == []
