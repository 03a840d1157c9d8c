"""The HTTP request node against a local server, through the guarded client."""

from __future__ import annotations

import asyncio
import base64
from typing import Any
from urllib.parse import quote

import pytest

from tests.core.flows import edge, flow, node
from tests.nodes.http_site import Site, call, failure
from watchbill.adapters.http import AiohttpClient
from watchbill.core.computing_budget import full
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.plan import compile_flow
from watchbill.kit.outbound.url_guard import UrlGuard
from watchbill.kit.outbound.way_out import WayOut
from watchbill.nodes.registry import NODE_TYPES


async def test_the_answer_is_read_by_its_content_type(client: AiohttpClient, site: Site) -> None:
    answer = await call(client, f"{site.url}/json")
    assert (answer["status"], answer["body"]) == (200, {"n": 1, "words": ["é"]})
    assert answer["headers"]["content-type"].startswith("application/json")
    assert answer["url"] == f"{site.url}/json"
    assert (await call(client, f"{site.url}/text"))["body"] == "grün"
    assert (await call(client, f"{site.url}/broken-json"))["body"] == "{not json"
    assert (await call(client, f"{site.url}/none"))["body"] is None
    assert (await call(client, f"{site.url}/binary"))["body"] == {
        "content_type": "image/png",
        "base64": "AAE=",
    }


@pytest.mark.parametrize(
    ("type_", "sent", "body"),
    [
        ("application/json", b'{"n": 9223372036854775807, "d": 0.1}', {"n": 2**63 - 1, "d": 0.1}),
        ("Application/Problem+JSON", b"\xef\xbb\xbf[null]", [None]),
        ("application/json;charset=iso-8859-1", b'"\xe9"', "é"),
        ("text/plain;charset=windows-1252", b"\x80", "€"),
        ("text/plain;charset=utf-8", b"gr\xfcn", {"content_type": "text/plain", "base64": "Z3L8bg=="}),
        ("text/plain;charset=nobody", b"a", {"content_type": "text/plain", "base64": "YQ=="}),
        ("text/plain", b"a\x00", {"content_type": "text/plain", "base64": "YQA="}),
        ("text/plain", b"\xef\xbb\xbfa", "a"),
    ],
)
async def test_bodies_are_kept_exactly(
    client: AiohttpClient, site: Site, type_: str, sent: bytes, body: Any
) -> None:
    url = f"{site.url}/echo?type={quote(type_, safe='')}"
    found = await call(client, url, method="POST", **echo(sent))
    assert found["body"] == body


def echo(sent: bytes) -> dict[str, Any]:
    """A configuration that lets the server answer these bytes."""
    return {"body_type": "text", "content": sent.hex(), "headers": {"X-Hex": "1"}}


@pytest.mark.parametrize(
    ("sent", "place"),
    [('{"id": 92233720368547758080}', "$.id"), ('[{"a": 1, "a": 2}]', "$[0]"), ('{"a": [NaN]}', "$.a[0]")],
)
async def test_json_that_cannot_be_kept_is_refused_or_taken_as_text(
    client: AiohttpClient, site: Site, sent: str, place: str
) -> None:
    url = f"{site.url}/echo?type=application/json"
    config = {"method": "POST", "body_type": "text", "content": sent}
    error = await failure(client, url, **config)
    assert (error.kind, error.error_code) == (ErrorKind.USER, "not_exact")
    assert place in error.detail and "as text" in error.detail
    assert (await call(client, url, read_as="text", **config))["body"] == sent
    found = (await call(client, url, read_as="base64", **config))["body"]
    assert base64.b64decode(found["base64"]).decode() == sent


@pytest.mark.parametrize(
    ("content", "inputs", "sent"),
    [
        ('{"a": [1, "{{ inputs.x }}"], "b": "n={{ inputs.x }}"}', {"x": 2}, {"a": [1, 2], "b": "n=2"}),
        ("{{ inputs.x }}", {"x": "text"}, "text"),
        (" {{ inputs.x }}\n", {"x": {"k": [1]}}, {"k": [1]}),
        ('"{\\"a\\": 1}"', {"x": 1}, '{"a": 1}'),
        ("[9223372036854775807]", {"x": 1}, [2**63 - 1]),
        ({"a": "{{ inputs.x }}"}, {"x": None}, {"a": None}),
    ],
)
def test_json_that_was_typed_stays_json(content: Any, inputs: dict[str, Any], sent: Any) -> None:
    config = {"method": "POST", "url": "https://a.test", "body_type": "json", "content": content}
    nodes = [
        node("input", "input", {"fields": [{"name": "x"}]}),
        node("call", "http_request", config),
        node("output", "output", {"values": {"x": "{{ nodes.call.output }}"}}),
    ]
    result = compile_flow(flow(nodes, [edge("input", "call"), edge("call", "output")]), NODE_TYPES)
    assert result.plan is not None, result.problems
    found = result.plan.nodes["call"].render({"inputs": inputs, "nodes": {}}, full(), None)
    assert found["content"] == sent


@pytest.mark.parametrize("content", ['{"a": 1', "hello", '{"a": {{ inputs.x }}}', '{"a": NaN}'])
def test_json_that_was_typed_wrong_is_told(content: str) -> None:
    config = {"method": "POST", "url": "https://a.test", "body_type": "json", "content": content}
    nodes = [node("input", "input", {"fields": [{"name": "x"}]}), node("call", "http_request", config)]
    problems = compile_flow(flow(nodes, [edge("input", "call")]), NODE_TYPES).problems
    assert ("call", "config.content", "body_not_json") in {(p.node_id, p.field, p.code) for p in problems}


async def test_query_headers_and_bodies_are_sent(client: AiohttpClient, site: Site) -> None:
    query = {"q": "a b&c", "tag": ["x", "y"], "n": 3, "gone": None}
    await call(client, f"{site.url}/?first=1", query=query, headers={"X-One": 1})
    assert site.calls[0].path in (
        "/?first=1&q=a+b%26c&tag=x&tag=y&n=3",
        "/?first=1&q=a%20b%26c&tag=x&tag=y&n=3",
    )
    assert site.calls[0].headers["x-one"] == "1"
    assert "idempotency-key" not in site.calls[0].headers
    await call(client, site.url, method="POST", body_type="json", values={"a": [1, "é"]})
    assert site.calls[1].body == '{"a": [1, "é"]}'.encode()
    assert site.calls[1].headers["content-type"] == "application/json"
    assert site.calls[1].headers["idempotency-key"] == "run:call"
    own = {"Idempotency-Key": "mine"}
    await call(client, site.url, method="PUT", body_type="form", values={"a": "b c"}, headers=own)
    assert (site.calls[2].body, site.calls[2].headers["idempotency-key"]) == (b"a=b+c", "mine")
    await call(client, site.url, method="PATCH", body_type="text", content="plain é")
    assert site.calls[3].body == "plain é".encode()
    await call(client, site.url, method="POST", body_type="json", content=[1, 2])
    assert site.calls[4].body == b"[1, 2]"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, "user"), (400, "user"), (429, "upstream"), (500, "upstream"), (503, "upstream")],
)
async def test_statuses_that_are_not_expected_fail(
    client: AiohttpClient, site: Site, status: int, kind: str
) -> None:
    error = await failure(client, f"{site.url}/status/{status}")
    assert (error.kind, error.error_code) == (ErrorKind(kind), "http_status")
    assert str(status) in error.detail and "because" in error.detail
    answer = await call(client, f"{site.url}/status/{status}", expected_statuses=["2xx", str(status)])
    assert answer["status"] == status


async def test_what_may_not_be_reached_is_not(client: AiohttpClient, site: Site) -> None:
    closed = AiohttpClient(WayOut(UrlGuard()))
    try:
        error = await failure(closed, f"{site.url}/json")
    finally:
        await closed.close()
    assert (error.kind, error.error_code) == (ErrorKind.USER, "address_refused")
    hop = f"{site.url}/redirect?as=302&to=http://[::1]:9/latest"
    assert (await failure(client, hop)).error_code == "address_refused"
    assert len(site.calls) == 1
    for url in ("ftp://example.com", "example.com", "http://", "http://a:b@127.0.0.1/", "http://[bad", " "):
        assert (await failure(client, url)).error_code == "url_invalid", url


async def test_redirects(client: AiohttpClient, site: Site) -> None:
    answer = await call(client, f"{site.url}/redirect?as=302&to=/json", headers={"X-Key": "k"})
    assert (answer["body"]["n"], site.calls[-1].headers["x-key"]) == (1, "k")
    post: dict[str, Any] = {"method": "POST", "body_type": "json", "values": {"a": 1}}
    await call(client, f"{site.url}/redirect?as=307&to=/json", **post)
    assert (site.calls[-1].method, site.calls[-1].body) == ("POST", b'{"a": 1}')
    await call(client, f"{site.url}/redirect?as=303&to=/json", **post)
    assert (site.calls[-1].method, site.calls[-1].body) == ("GET", b"")
    other = site.url.replace("127.0.0.1", "127.0.0.2")
    with pytest.raises(NodeError):  # nobody listens there
        await call(client, f"{site.url}/redirect?as=302&to={other}/json")
    circle = f"{site.url}/redirect?as=302&to=/redirect%3Fas%3D302%26to%3D/"
    await call(client, circle)
    stay = await call(
        client, f"{site.url}/redirect?as=302&to=/json", follow_redirects=False, expected_statuses=["3xx"]
    )
    assert stay["headers"]["location"] == "/json"


async def test_keys_in_headers_stay_at_their_site(client: AiohttpClient, site: Site) -> None:
    elsewhere = site.url.replace("127.0.0.1", "localhost")
    answer = await call(
        client,
        f"{site.url}/redirect?as=302&to={elsewhere}/json",
        headers={"Authorization": "Bearer s", "X-Key": "s", "Accept": "application/json"},
    )
    assert answer["url"].startswith(elsewhere)
    assert not {"authorization", "x-key"} & site.calls[-1].headers.keys()
    assert site.calls[-1].headers["accept"] == "application/json"


@pytest.mark.parametrize(
    "headers", [{"Host": "x"}, {"a b": "x"}, {"x": "a\r\nb: c"}, {"Content-Length": "1"}]
)
async def test_headers_that_are_refused(client: AiohttpClient, site: Site, headers: dict[str, str]) -> None:
    assert (await failure(client, site.url, headers=headers)).error_code == "header_invalid"
    assert not site.calls


@pytest.mark.parametrize(
    "config",
    [
        {"query": {"tag": list(range(100_000))}},
        {"query": {"q": "x" * 70_000}},
        {"query": {str(n): "x" * 1_000 for n in range(100)}},
        {"headers": {"x-one": "x" * 70_000}},
        {"headers": {f"x-{n}": "x" * 1_000 for n in range(100)}},
    ],
)
async def test_an_address_and_headers_have_an_end(
    client: AiohttpClient, site: Site, config: dict[str, Any]
) -> None:
    error = await failure(client, site.url, **config)
    assert (error.kind, error.error_code) == ("limit", "http_request_too_large")
    assert not site.calls


async def test_slow_broken_and_huge_answers(client: AiohttpClient, site: Site) -> None:
    late = await failure(client, f"{site.url}/hang?secret=1", timeout_seconds=0.05)
    assert (late.kind, late.error_code) == (ErrorKind.TIMEOUT, "http_timeout")
    assert "secret" not in late.detail
    broken = await failure(client, f"{site.url}/break")
    assert (broken.kind, broken.error_code) == (ErrorKind.UPSTREAM, "http_broken")
    huge = await failure(client, f"{site.url}/bomb")
    assert (huge.kind, huge.error_code) == (ErrorKind.LIMIT, "http_answer_too_large")
    nobody = await failure(client, "http://127.0.0.1:9/")
    assert nobody.detail == "http://127.0.0.1:9 cannot be reached: Connection refused."
    nowhere = await failure(client, "http://no-such-host.invalid/")
    assert (nowhere.kind, nowhere.error_code) == (ErrorKind.UPSTREAM, "http_unreachable")
    assert (nobody.kind, nobody.error_code) == (ErrorKind.UPSTREAM, "http_unreachable")


async def test_cancelling_closes_the_connection(client: AiohttpClient, site: Site) -> None:
    calling = asyncio.create_task(call(client, f"{site.url}/hang"))
    await site.hung.wait()
    calling.cancel()
    async with asyncio.timeout(60):
        await site.cut.wait()


async def test_a_thousand_calls_wait_at_the_same_time(client: AiohttpClient, site: Site) -> None:
    async with asyncio.timeout(120):
        answers = await asyncio.gather(*(call(client, f"{site.url}/wait") for _ in range(1000)))
    assert {answer["status"] for answer in answers} == {200}


def test_a_flow_may_hold_templates_everywhere() -> None:
    config = {
        "method": "POST",
        "url": "https://example.com/{{ inputs.topic }}",
        "headers": {"Authorization": "Bearer {{ inputs.topic }}"},
        "body_type": "json",
        "content": "{{ inputs }}",
    }
    good = flow(
        [
            node("start", "input", {"fields": [{"name": "topic"}]}),
            node("call", "http_request", config),
            node("end", "output", {"values": {"x": "{{ nodes.call.output.body }}"}}),
        ],
        [edge("start", "call"), edge("call", "end")],
    )
    compiled = compile_flow(good, NODE_TYPES)
    assert compiled.plan is not None, compiled.problems
    wrong = flow(
        [
            node("start", "input", {"fields": []}),
            node("call", "http_request", {"url": "", "expected_statuses": ["9xx"]}),
        ],
        [edge("start", "call")],
    )
    fields = {problem.field for problem in compile_flow(wrong, NODE_TYPES).problems}
    assert {"config.url", "config.expected_statuses.0"} <= fields
