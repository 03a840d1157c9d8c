"""Server-sent events are the same however their lines end and however their bytes are cut."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.adapters.openai_chat import TooLarge
from watchbill.adapters.openai_chat.event_stream import EventStream


def read(data: bytes, *cuts: int) -> list[object]:
    stream = EventStream(10_000)
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    events = [event for a, b in pairwise(places) for event in stream.feed(data[a:b])]
    return [value for event in (*events, *stream.close()) for value in event.payloads()]


@given(
    st.lists(st.text(max_size=8), max_size=6),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
    st.sampled_from(["", ": still there{e}", "retry: 3000{e}{e}", "data:{e}{e}", "id: 7{e}", "{e}"]),
    st.lists(st.integers(0, 5_000), max_size=12),
)
def test_cuts_and_line_ends_change_nothing(
    texts: list[str], end: str, bom: bool, noise: str, cuts: list[int]
):
    values = [{"said": text} for text in texts]
    told = "".join(
        f"{noise.format(e=end)}data: {json.dumps(value, ensure_ascii=False)}{end}{end}" for value in values
    )
    data = (("\ufeff" if bom else "") + told).encode()
    assert [value for value in read(data, *cuts) if value] == values


@pytest.mark.parametrize(
    ("data", "values"),
    [
        (b'data:{"a":1}\n\n', [{"a": 1}]),
        (b'data: {"a":\ndata: 1}\n\n', [{"a": 1}]),
        (b'data: {"a":1}\ndata: {"a":2}\n\n', [{"a": 1}, {"a": 2}]),
        (b'data: {"a":1}', [{"a": 1}]),
        (b'{"error": "busy"}\n', [{"error": "busy"}]),
        (b"data: [DONE]\n\n", ["[DONE]"]),
        (b"data: \xff\n\n", ["\ufffd"]),
        (b"data\n\n", [""]),
        (b": x\n\nevent: e\n\nid\n\n", []),
        (b"data: " + b"[" * 3000 + b"\n\n", ["[" * 3000]),
    ],
)
def test_what_counts_as_data(data: bytes, values: list[object]):
    assert read(data) == values


@pytest.mark.parametrize("start", [b"data: ", b": ", b"", b"data: x\ndata: y\n"])
@pytest.mark.parametrize("more", [b"x" * 5_000, b"\ndata: " + b"x" * 5_000])
def test_what_has_no_end_is_given_up(start: bytes, more: bytes):
    stream = EventStream(10_000)
    list(stream.feed(start))
    with pytest.raises(TooLarge):
        for _ in range(3):
            list(stream.feed(more))
