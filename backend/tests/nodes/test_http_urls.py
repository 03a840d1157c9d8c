"""URLs of HTTP request nodes: sent as they were written, and values in them lead nowhere else."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.core.flows import edge, flow, node
from tests.nodes.http_site import Site, call
from watchbill.adapters.http import AiohttpClient
from watchbill.core.computing_budget import full
from watchbill.core.expressions import ExpressionError
from watchbill.core.plan import compile_flow
from watchbill.nodes.registry import NODE_TYPES


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
