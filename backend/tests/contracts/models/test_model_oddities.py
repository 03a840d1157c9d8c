"""Answers that no two servers shape alike: nothing of them is lost, and nothing of them is our own bug."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.contracts.models.test_model_servers import as_type, failing
from tests.fixtures_llm import Desk
from watchbill.adapters.openai_chat import Reading
from watchbill.core.errors import ErrorKind

SAID = "The tide is out until noon."
HI: dict[str, Any] = {"choices": [{"index": 0, "delta": {"content": "Hi"}}]}
STOP: dict[str, Any] = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
Raw = dict[str, Any]


def events(*values: Any, end: str = "\n\n") -> str:
    return "".join(f"data: {value if isinstance(value, str) else json.dumps(value)}{end}" for value in values)


def sends(desk: Desk, body: str | Any, status: int = 200, content_type: str = "text/event-stream") -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    raw = {"status": status, "body": text, "headers": {"Content-Type": content_type}}
    desk.server.script([{"then": {"raw": raw}}])


def whole(**message: Any) -> Raw:
    return {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}


def deep(levels: int, inner: str = '"x"') -> str:
    return "[" * levels + inner + "]" * levels


@pytest.mark.parametrize(
    "body",
    [
        events(HI, STOP, "[done]"),
        events(HI, STOP, "[DONE]", end="\n"),
        events(f"data: {json.dumps(HI)}", f"data:{json.dumps(STOP)}", "[DONE]"),
        "\ufeff\ufeff" + events(HI) + "\ufeff" + events(STOP, "[DONE]"),
        json.dumps({"choices": [{"index": 0, "text": "Hi", "finish_reason": "stop"}]}),
        json.dumps({"choices": {"message": {"content": "Hi"}, "finish_reason": "stop"}}),
    ],
)
async def test_an_answer_in_another_shape(desk: Desk, body: str):
    sends(desk, body)
    answer = await desk.ask()
    assert (answer.text, answer.finish_reason) == ("Hi", "stop")


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(whole(content="A")).replace('"A"', deep(900)),
        events(json.dumps(HI).replace('"Hi"', deep(900))),
        '{"error":' + deep(900) + "}",
        '{"error":' + '{"message":' * 900 + '"x"' + "}" * 901,
        deep(900),
        events(deep(900)),
    ],
    ids=["content", "delta", "error", "message", "list", "event"],
)
async def test_deep_nesting_is_the_servers_fault(desk: Desk, body: str):
    sends(desk, body)
    assert (await failing(desk)).kind is ErrorKind.UPSTREAM


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('{"error": {"message": "bad \\ud83d x"}}', 500),
        (json.dumps(whole(refusal="no HALF")).replace("HALF", "\\ud83d"), 200),
        (events({"error": "bad HALF"}).replace("HALF", "\\udc00"), 200),
    ],
)
async def test_half_characters_in_what_a_server_says_can_be_stored(desk: Desk, body: str, status: int):
    sends(desk, body, status)
    error = await failing(desk)
    assert "\ufffd" in error.detail and error.detail.encode()
    assert all(event.model_dump_json() for event in desk.events)


async def test_half_characters_in_calls_of_tools_can_be_stored(desk: Desk):
    call = {"id": "a\ud800", "function": {"name": "f\ud800", "arguments": '{"a": "\ud83d\ude42\ud800"}'}}
    sends(desk, whole(tool_calls=[call]))
    [found] = (await desk.ask()).tool_calls
    assert (found.id, found.name, found.arguments) == ("a\ufffd", "f\ufffd", '{"a": "\U0001f642\ufffd"}')
    assert all(event.model_dump_json() for event in desk.events)


@pytest.mark.parametrize(
    "body",
    [
        {"choices": [{"delta": {}, "finish_reason": "error", "error": {"code": 429, "message": SAID}}]},
        {"error": True, "message": SAID},
        f"event: Error\ndata: {json.dumps({'told': SAID})}\n\n",
        f"error: {json.dumps({'message': SAID})}\n\n",
        {"Message": SAID},
    ],
)
async def test_what_is_wrong_is_told_wherever_it_stands(desk: Desk, body: Any):
    sends(desk, body)
    error = await failing(desk)
    assert error.kind is ErrorKind.UPSTREAM and SAID in error.detail


async def test_a_piece_that_is_cut_off_is_not_called_a_message(desk: Desk):
    sends(desk, events(HI, '{"choices": [{"del', STOP))
    error = await failing(desk)
    assert error.error_code == "stream_broken" and "is not valid JSON" in error.detail


OLLAMA = {"model": "llama3", "message": {"role": "assistant", "content": "Hi"}, "done": False}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n"])
@pytest.mark.parametrize("kind", ["application/x-ndjson", "application/json", "text/event-stream", ""])
@pytest.mark.parametrize(
    ("lines", "code", "told"),
    [
        ([json.dumps(OLLAMA), '{"model": "mess'], "stream_broken", 'not valid JSON: {"model": "mess'),
        ([json.dumps(OLLAMA), '{"mess', json.dumps(OLLAMA)], "stream_broken", "of its stream of JSON lines"),
        ([json.dumps(OLLAMA), "oops"], "stream_broken", "not valid JSON: oops"),
        ([json.dumps(OLLAMA), deep(100_000)], "stream_broken", "not valid JSON: [[["),
        ([json.dumps(OLLAMA)] * 2, "not_an_answer", "JSON lines"),
        ([json.dumps(OLLAMA), json.dumps({"error": SAID})], "provider_unavailable", SAID),
        (['{"mess', json.dumps(OLLAMA)], "stream_broken", "it breaks off"),
    ],
)  # fmt: skip
async def test_lines_of_json_say_which_is_broken(
    desk: Desk, lines: list[str], code: str, told: str, kind: str, end: str
):
    as_type(desk, "ollama")
    sends(desk, "".join(line + end for line in lines), content_type=kind)
    error = await failing(desk)
    assert error.error_code == code and told in error.detail
    if "of its stream" in error.detail:
        number = 3 if end == "\n\n" else 2
        assert f"Line {number} of" in error.detail


def under(index: Any, text: str = "", reason: str | None = None) -> Raw:
    return {"choices": [{"index": index, "delta": {"content": text}, "finish_reason": reason}]}


@pytest.mark.parametrize("end", [["[DONE]"], [], [{"choices": [], "usage": {"completion_tokens": 3}}]])
@pytest.mark.parametrize(
    "chunks",
    [
        [under(0, "Ebb"), under(1, " und"), under(2, " Flut", "stop")],
        [under(1, "Ebb"), under(2, " und Flut"), under(3, "", "stop")],
        [under(0, "Ebb"), under(1, " und Flut"), under(1, "", "stop")],
        [under(1, "Ebb"), under(0, " und Flut", "stop")],
        [under("0", "Ebb"), under("1", " und Flut", "stop")],
    ],
)
async def test_an_answer_that_goes_on_under_another_index_is_not_cut(desk: Desk, chunks: list[Raw], end: Any):
    sends(desk, events(*chunks, *end))
    error = await failing(desk)
    assert error.error_code == "stream_broken" and "before it ended choice" in error.detail


@pytest.mark.parametrize(
    "chunks",
    [
        [under(0, "Ebb"), under(1, "No"), under(0, " und Flut", "stop"), under(1, "!", "stop")],
        [under(0, "Ebb"), under(0, " und Flut", "stop"), under(1, "No"), under(1, "!", "stop")],
        [under(0, "Ebb"), under(1, "No", "stop"), under(0, " und Flut", "stop")],
        [under(0, "Ebb"), under(None, " und"), under(0.0, " Flut"), under("0", "", "stop")],
        [under(7, "Ebb"), under(7, " und Flut", "stop")],
    ],
)
async def test_other_answers_beside_the_first_are_left(desk: Desk, chunks: list[Raw]):
    sends(desk, events(*chunks, "[DONE]"))
    assert (await desk.ask()).text == "Ebb und Flut"


@pytest.mark.parametrize("kind", ["openai_compatible", "anthropic", "gemini"])
@pytest.mark.parametrize(
    ("status", "said", "failed", "code"),
    [
        (400, "API key not valid. Please pass a valid API key.", "user", "provider_key_refused"),
        (400, "Your credit balance is too low to access the API.", "user", "provider_unpaid"),
        (424, SAID, "upstream", "provider_unavailable"),
        (498, SAID, "upstream", "rate_limited"),
        (499, SAID, "upstream", "provider_unavailable"),
    ],
)
async def test_rarer_statuses(desk: Desk, kind: str, status: int, said: str, failed: str, code: str):
    sends(as_type(desk, kind), {"error": {"message": said}}, status, "application/json")
    error = await failing(desk)
    assert (error.kind.value, error.error_code) == (failed, code) and said in error.detail


async def test_an_error_as_a_stream_and_one_that_is_no_text(desk: Desk):
    sends(desk, "event: error\n" + events({"error": {"message": SAID}}, "[DONE]"), 429)
    assert (await failing(desk)).detail.endswith(f"It said: {SAID}")
    sends(desk, "\x1f\ufffd\ufffd\ufffd\x00", 500, "application/octet-stream")
    assert (await failing(desk)).detail.endswith("It said: data that is not text")


async def test_blanks_without_end_are_not_listened_to(desk: Desk):
    sends(desk, " " * 1_000_000)
    assert (await failing(desk)).error_code == "answer_too_large"


def piece(id_: Any = None, name: str | None = None, arguments: Any = None, index: Any = None) -> Raw:
    given = {"id": id_, "index": index, "function": {"name": name, "arguments": arguments}}
    return {"choices": [{"index": 0, "delta": {"tool_calls": [given]}}]}


TWO = (("a", "f", '{"x":1}'), ("b", "g", '{"y":2}'))


@pytest.mark.parametrize("index", [(None, None), (0, 0), (0, 1), ("0", "1"), (0.0, 1.0)], ids=str)
def test_calls_that_take_turns_are_kept_apart(index: tuple[Any, Any]):
    reading, (one, two) = Reading(), index
    for chunk in (
        piece("a", "f", '{"x"', one),
        piece("b", "g", '{"y"', two),
        piece("a", None, ":1}", one),
        piece("b", None, ":2}", two),
    ):
        reading.take(chunk)
    assert reading.tools == TWO


def test_a_name_in_pieces_and_ids_that_stand_twice():
    reading = Reading()
    for chunk in (piece("a", "get_", "", 0), piece(None, "weather", None, 0), piece(None, None, "{}", 0)):
        reading.take(chunk)
    reading.take(piece("a", "f", "{}", 1))
    assert reading.tools == (("a", "get_weather", "{}"), ("a_2", "f", "{}"))


async def test_a_call_of_no_tool_is_told(desk: Desk):
    sends(desk, events(piece("a", None, "{}", 0), STOP))
    assert "called a tool without naming it" in (await failing(desk)).detail


def chosen(text: str, index: Any, reason: str | None = None, **also: Any) -> Raw:
    return {"choices": [{"index": index, "delta": {"content": text}, "finish_reason": reason, **also}]}


COUNTED: Raw = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}


@pytest.mark.parametrize(
    "body",
    [
        events(HI, {"choices": [{"delta": {}, "message": {"content": "Hi"}, "finish_reason": "stop"}]}),
        events(chosen("H", 0), [chosen("i", 0)], [STOP], "[DONE]"),
        events(chosen("H", "a"), chosen("X", "b"), chosen("i", "a", "stop"), chosen("", "b", "stop")),
        events(chosen("H", 0), COUNTED, chosen("i", 0), STOP, COUNTED, "[DONE]"),
    ],
    ids=["said again whole", "chunks in lists", "choices by name", "counted now and then"],
)
async def test_no_piece_is_taken_twice_lost_or_put_into_another_answer(desk: Desk, body: str):
    sends(desk, body)
    answer = await desk.ask()
    assert (answer.text, answer.finish_reason) == ("Hi", "stop")


async def test_tokens_counted_on_the_way_end_no_answer(desk: Desk):
    sends(desk, events(HI, COUNTED, chosen("and", 0)))
    assert (await failing(desk)).error_code == "stream_broken"


async def test_an_error_further_back_in_a_list_is_told(desk: Desk):
    sends(desk, events(HI, [STOP, {"error": {"message": SAID}}]))
    assert SAID in (await failing(desk)).detail


async def test_the_word_that_ends_json_lines_is_no_broken_line(desk: Desk):
    sends(desk, "\n".join([json.dumps(HI), json.dumps(STOP), "[DONE]"]))
    error = await failing(desk)
    assert error.error_code == "not_an_answer" and "JSON lines" in error.detail
