"""The HTTP request node against a local server, through the guarded client."""

from __future__ import annotations

import asyncio
import base64
import gzip
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from aiohttp import web
from tests.core.flows import edge, flow, node
from yarl import URL

from watchbill.adapters.http import AiohttpClient
from watchbill.core.budget import full
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.expressions import ExpressionError
from watchbill.core.node_types import NodeContext
from watchbill.core.plan import compile_flow
from watchbill.core.tenancy import TenantScope
from watchbill.kit.outbound import WayOut
from watchbill.kit.ssrf import UrlGuard
from watchbill.nodes import http_request
from watchbill.nodes.registry import NODE_TYPES


class Site:
    """A server that remembers its calls and answers what a test says."""

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.hung = asyncio.Event()
        self.cut = asyncio.Event()
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.calls.append(
            SimpleNamespace(
                method=request.method,
                path=request.path_qs,
                headers={k.lower(): v for k, v in request.headers.items()},
                body=body,
            )
        )
        match request.path:
            case "/json":
                return web.json_response({"n": 1, "words": ["é"]})
            case "/broken-json":
                return web.Response(body=b"{not json", content_type="application/json")
            case "/text":
                return web.Response(
                    body="grün".encode("latin-1"), headers={"Content-Type": "text/plain; charset=latin-1"}
                )
            case "/binary":
                return web.Response(body=b"\x00\x01", content_type="image/png")
            case "/echo":
                data = bytes.fromhex(body.decode()) if "X-Hex" in request.headers else body
                return web.Response(body=data, headers={"Content-Type": request.query["type"]})
            case "/none":
                return web.Response(status=204)
            case "/bomb":
                data = gzip.compress(b"0" * (http_request.MAX_BYTES + 1))
                return web.Response(body=data, headers={"Content-Encoding": "gzip"})
            case "/hang":
                self.hung.set()
                try:
                    await asyncio.sleep(60)
                finally:
                    self.cut.set()
            case "/break":
                assert request.transport is not None
                request.transport.abort()
            case "/wait":
                await asyncio.sleep(0.3)
            case path if path.startswith("/status/"):
                return web.Response(status=int(path.rsplit("/", 1)[1]), text="because")
            case "/redirect":
                raise _redirect(request)
            case _:
                pass
        return web.Response(text="ok")


def _redirect(request: web.Request) -> Exception:
    kinds = {"302": web.HTTPFound, "303": web.HTTPSeeOther, "307": web.HTTPTemporaryRedirect}
    return kinds[request.query["as"]](URL(request.query["to"], encoded=True))


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", site.handle)
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=2048).start()
    site.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield site
    await runner.cleanup()


@pytest.fixture
async def client() -> AsyncIterator[AiohttpClient]:
    client = AiohttpClient(WayOut(UrlGuard(["127.0.0.0/8"])))
    yield client
    await client.close()


async def call(client: AiohttpClient, url: str, **config: Any) -> Any:
    unused: Any = None
    context = NodeContext(
        scope=TenantScope(uuid4()),
        execution_id=uuid4(),
        node_id="call",
        attempt=1,
        config=http_request.Config.model_validate({"url": url, **config}),
        emit=lambda _: None,
        llm=unused,
        crews=unused,
        http=client,
        idempotency_key="run:call",
    )
    return (await http_request.execute(context)).output


async def failure(client: AiohttpClient, url: str, **config: Any) -> NodeError:
    with pytest.raises(NodeError) as caught:
        await call(client, url, **config)
    return caught.value


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


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("/a%2Fb/%7E~/x?q=a%2Fb+c%20d&e=~%7e&f=1%2B1", "/a%2Fb/%7E~/x?q=a%2Fb+c%20d&e=~%7e&f=1%2B1"),
        ("/a//b/;p=1/(x)!$&'*,:@", "/a//b/;p=1/(x)!$&'*,:@"),
        ("/ä b?q=ü&p=100%", "/%C3%A4%20b?q=%C3%BC&p=100%25"),
        ("?q=1#part", "/?q=1"),
        ("", "/"),
    ],
)
async def test_a_url_is_sent_as_it_was_written(
    client: AiohttpClient, site: Site, written: str, sent: str
) -> None:
    await call(client, site.url + written)
    assert site.calls[-1].path == sent
    await call(client, f"{site.url}/redirect?as=302&to={quote('/x' + sent[1:], safe='')}")
    assert site.calls[-1].path == "/x" + sent[1:]


async def test_query_values_are_encoded(client: AiohttpClient, site: Site) -> None:
    await call(client, f"{site.url}/x?a=%2F#end", query={"q": "a b/&=+ü", "p": "~"})
    assert site.calls[-1].path == "/x?a=%2F&q=a%20b%2F%26%3D%2B%C3%BC&p=~"


def rendered(url: str, **inputs: Any) -> Any:
    nodes = [
        node("input", "input", {"fields": [{"name": name} for name in inputs]}),
        node("call", "http_request", {"url": url}),
        node("output", "output", {"values": {"x": "{{ nodes.call.output }}"}}),
    ]
    result = compile_flow(flow(nodes, [edge("input", "call"), edge("call", "output")]), NODE_TYPES)
    assert result.plan is not None, result.problems
    return result.plan.nodes["call"].render({"inputs": inputs, "nodes": {}}, full(), None)["url"]


def test_templates_in_urls_are_encoded() -> None:
    assert rendered("https://a.test/{{ inputs.x }}/b?q={{ inputs.x }}", x="a/b c&d=ü?#%") == (
        "https://a.test/a%2Fb%20c%26d%3D%C3%BC%3F%23%25/b?q=a%2Fb%20c%26d%3D%C3%BC%3F%23%25"
    )
    assert rendered("{{ inputs.x }}", x="https://a.test/a/b?c=d") == "https://a.test/a/b?c=d"
    assert (
        rendered("{{ inputs.x }}/c/{{ inputs.y }}", x="https://a.test/b", y="/") == "https://a.test/b/c/%2F"
    )
    assert rendered("https://{{ inputs.x }}/b", x="a.test:8443") == "https://a.test:8443/b"
    assert rendered("https://a.test/{{ url.raw(inputs.x) }}", x="b/c?d=e") == "https://a.test/b/c?d=e"


@pytest.mark.parametrize(
    ("url", "value"),
    [
        ("https://{{ inputs.x }}/b", "evil.test/"),
        ("https://{{ inputs.x }}.a.test/b", "evil.test#"),
        ("https://a.test{{ inputs.x }}", "@evil.test"),
        ("https://a.test{{ inputs.x }}", "/b"),
        ("https://a.test/b/{{ inputs.x }}/c", ".."),
        ("https://a.test/b/.{{ inputs.x }}?c", "."),
        (" https://a.test\\{{ inputs.x }}", "\\"),
    ],
)
def test_a_value_leads_to_no_other_host_or_path(url: str, value: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        rendered(url, x=value)
    assert caught.value.code == "url_invalid"
