"""What webhooks are sent arrives as it was, or is refused with its place."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from httpx import AsyncClient

from tests.features.flows.test_flows import make_flow
from tests.features.triggers.firing import firings, make_trigger
from tests.people import Person, checked, refused
from watchbill.core.json.size import MAX_VALUES

FORM = "application/x-www-form-urlencoded"
MULTIPART = "Multipart/Form-Data; boundary=cut"


async def open_hook(member: Person, of: str = "{{ inputs.body }}") -> dict[str, Any]:
    """A webhook whose flow's only input is an object with what the template gives."""
    nodes = [
        {"id": "start", "type": "input", "config": {"fields": [{"name": "got", "type": "object"}]}},
        {"id": "end", "type": "output", "config": {"values": {"got": "{{ inputs.got }}"}}},
    ]
    edges = [{"id": "e", "source": "start", "target": "end"}]
    flow_id = (await make_flow(member, {"nodes": nodes, "edges": edges}))["id"]
    inputs = {"got": {"value": of}}
    return await make_trigger(member, flow_id, webhook={"signing": "none"}, inputs=inputs)


async def got(member: Person, answer: Any) -> Any:
    execution_id = checked(answer, 202)["execution_id"]
    run = checked(await member.http.get(f"executions/{execution_id}"))
    return run["inputs"]["got"]["value"]


def parts(*given: tuple[str, bytes]) -> bytes:
    return (
        b"".join(b"--cut\r\n" + f"{head}\r\n\r\n".encode() + data + b"\r\n" for head, data in given)
        + b"--cut--\r\n"
    )


def named(name: str, filename: str | None = None, kind: str | None = None) -> str:
    head = f'Content-Disposition: form-data; name="{name}"'
    head += f'; filename="{filename}"' if filename is not None else ""
    return head + (f"\r\nContent-Type: {kind}" if kind else "")


BYTES = b"\x89PNG\x00\xff"
BASE64 = base64.b64encode(BYTES).decode()


@pytest.mark.parametrize(
    ("kind", "body", "value"),
    [
        (FORM, b"tag=a&tag=b&other=&tag=c", {"tag": ["a", "b", "c"], "other": ""}),
        (FORM.upper(), b"\xef\xbb\xbfb=%C3%A9+1&a", {"b": "é 1"}),
        (FORM + "; charset=ISO-8859-1", b"a=%E9", {"a": "é"}),
        (
            "Application/JSON",
            b'{"b": 1, "a": 9223372036854775807, "c": 1.0}',
            {"b": 1, "a": 2**63 - 1, "c": 1.0},
        ),
        ("application/vnd.api+JSON; charset=UTF-8", b"\xef\xbb\xbf[null]", [None]),
        ("application/json; charset=utf-16", '{"a": "é"}'.encode("utf-16"), {"a": "é"}),
        ("application/json", b"null", None),
        ("application/json", b"", None),
        ("text/plain; charset=windows-1252", b"caf\xe9 \x80", "café €"),
        ("text/plain; charset=utf-16le", "été".encode("utf-16-le"), "été"),
        ("TEXT/csv", b"\xef\xbb\xbfa;b\r\n", "a;b\r\n"),
        ('application/xml; charset="Shift_JIS"', "<a>船</a>".encode("shift_jis"), "<a>船</a>"),
        ("image/PNG", BYTES, {"content_type": "image/png", "size": 6, "base64": BASE64}),
        ("", BYTES, {"content_type": "", "size": 6, "base64": BASE64}),
        ("", b"just text", "just text"),
        ("", b'{"a": 1}', {"a": 1}),
        (
            MULTIPART,
            parts(
                (named("tag"), b"a"),
                (named("file", "é.png", "image/PNG"), BYTES),
                (named("tag"), "é".encode()),
                (named("note", "n.txt", "text/plain; charset=latin1"), b"\xe9"),
                (named("none", ""), b""),
            ),
            {
                "tag": ["a", "é"],
                "file": {"name": "é.png", "type": "image/png", "size": 6, "base64": BASE64},
                "note": {"name": "n.txt", "type": "text/plain", "size": 1, "text": "é"},
                "none": {"name": "", "type": "", "size": 0, "base64": ""},
            },
        ),
    ],
)
async def test_bodies_arrive_as_they_were(
    member: Person, visitor: AsyncClient, kind: str, body: bytes, value: Any
):
    hook = await open_hook(member)
    headers = {"Content-Type": kind} if kind else {}
    answer = await visitor.post(f"http://test{hook['path']}", content=body, headers=headers)
    found = await got(member, answer)
    if kind == FORM.upper():
        value = {"b": "é 1", "a": ""}
    assert found == value
    if isinstance(value, dict):
        assert list(found) == list(value)


@pytest.mark.parametrize(
    ("kind", "body", "code", "place"),
    [
        ("application/json", b'{"a": [1, NaN]}', "not_exact", ["body", "a", 1]),
        ("Application/Json", b'{"a": {"b": 9223372036854775808}}', "not_exact", ["body", "a", "b"]),
        ("", b'{"a": 1, "a": 2}', "not_exact", ["body"]),
        ("text/plain", b"a\x00b", "not_exact", ["body"]),
        (FORM, b"a=1&b=x%00", "not_exact", ["body", "b"]),
        (FORM, b"a=%FF", "text_encoding", ["body"]),
        (FORM, b"&".join(b"a=1" for _ in range(1001)), "too_many_fields", ["body"]),
        ("application/json", b'{"a": 1', "json_invalid", ["body"]),
        ("application/json", b'"\xe9"', "text_encoding", ["body"]),
        ("text/plain", b"caf\xe9", "text_encoding", ["body"]),
        ("text/plain; charset=rot13", b"x", "charset_unknown", ["headers", "content-type"]),
        ("text/plain; charset=idna", b"x", "charset_unknown", ["headers", "content-type"]),
        ("multipart/form-data", b"--cut--", "form_invalid", ["body"]),
        (MULTIPART, parts((named("a"), b"1"))[:-6], "form_invalid", ["body"]),
        (MULTIPART, parts(("X-Other: 1", b"1")), "form_invalid", ["body"]),
        (MULTIPART, parts(*[(named("a"), b"1")] * 1001), "too_many_fields", ["body"]),
        (MULTIPART, parts(*[(named("a", "f"), b"1")] * 21), "too_many_files", ["body"]),
        (MULTIPART, parts((named("a"), b"\xff")), "text_encoding", ["body"]),
    ],
)
async def test_what_cannot_be_kept_is_refused_and_noted(
    member: Person, visitor: AsyncClient, kind: str, body: bytes, code: str, place: list[Any]
):
    hook = await open_hook(member)
    headers = {"Content-Type": kind} if kind else {}
    answer = await visitor.post(f"http://test{hook['path']}", content=body, headers=headers)
    assert refused(answer, 422, code)["errors"][0]["loc"] == place
    assert [firing["outcome"] for firing in await firings(member, hook)] == ["failed"]


async def test_a_large_body_is_read_beside_the_event_loop(member: Person, visitor: AsyncClient):
    hook = await open_hook(member, "{{ size(inputs.body) }}")
    body = b"[" + b"12345678," * 50_000 + b"1]"
    answer = await visitor.post(
        f"http://test{hook['path']}", content=body, headers={"Content-Type": "application/json"}
    )
    assert await got(member, answer) == 50_001


async def test_repeated_queries_and_headers(member: Person, visitor: AsyncClient):
    hook = await open_hook(member, "{{ [inputs.query, inputs.headers['x-kind']] }}")
    url = f"http://test{hook['path']}?tag=a&z=%C3%A9&tag=b&a"
    answer = await visitor.post(url, headers=[("X-Kind", "one"), ("x-kind", "two")])
    query, kinds = await got(member, answer)
    assert (query, list(query), kinds) == (
        {"tag": ["a", "b"], "z": "é", "a": ""},
        ["tag", "z", "a"],
        "one, two",
    )
    refused(await visitor.post(f"http://test{hook['path']}?a=%FF"), 422, "text_encoding")


async def test_no_body_is_not_null(member: Person, visitor: AsyncClient):
    hook = await open_hook(member, "{{ [inputs.body, inputs.size, inputs.content_type] }}")
    url, headers = f"http://test{hook['path']}", {"Content-Type": "Application/JSON; charset=utf-8"}
    nothing = await visitor.post(url)
    null = await visitor.post(url, content=b"null", headers=headers)
    assert await got(member, nothing) == [None, 0, ""]
    assert await got(member, null) == [None, 4, "application/json"]
    plain = await make_trigger(member, webhook={"signing": "none"})
    url = f"http://test{plain['path']}"
    refused(await visitor.post(url), 422, "inputs_invalid")
    refused(await visitor.post(url, content=b"null", headers=headers), 422, "body_not_object")


MANY = b"[" + b"[]," * (MAX_VALUES // 2 + 1) + b"[]]"


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-16-le", ""])
async def test_a_body_of_too_many_values_is_refused(member: Person, visitor: AsyncClient, kind: str):
    hook = await open_hook(member)
    body = MANY.decode().encode("utf-16-le") if "utf-16" in kind else MANY
    answer = await visitor.post(f"http://test{hook['path']}", content=body, headers={"Content-Type": kind})
    refused(answer, 422, "too_many_values")
    assert [firing["outcome"] for firing in await firings(member, hook)] == ["failed"]


async def test_a_text_may_have_many_commas(member: Person, visitor: AsyncClient):
    hook = await open_hook(member, "{{ size(inputs.body) }}")
    answer = await visitor.post(f"http://test{hook['path']}", content=b"1,2\n" * MAX_VALUES)
    assert await got(member, answer) == 4 * MAX_VALUES
