"""Whole bodies: error bodies, and answers in one JSON document."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
from aiohttp import hdrs
from yarl import URL

from watchbill.adapters.openai_chat import body, said
from watchbill.adapters.openai_chat.event_stream import is_done
from watchbill.adapters.openai_chat.faults import BrokenOff, NotAnAnswer, Refused, TooLarge

# A document this small is parsed at once; larger ones in a thread.
_SMALL = 64 * 1024
# Values in a document, about: each takes some hundred bytes of memory however short it is written.
_MOST_VALUES = 1_000_000


async def refusal(response: aiohttp.ClientResponse) -> Refused:
    """What a response with another status than 2xx says."""
    found = said.of_body(await body.beginning(response), content_type(response))
    return Refused(
        response.status,
        found,
        retry_after=response.headers.get(hdrs.RETRY_AFTER),
        redirect=_redirect(response.url, response.headers.get(hdrs.LOCATION)),
    )


def _redirect(here: URL, location: str | None) -> str | None:
    """Who redirects where, without what may be secret in it."""
    if location is None:
        return None
    try:
        there = str(here.join(URL(location)).with_query(None).with_fragment(None).with_user(None))[:200]
    except ValueError:
        there = "an address that cannot be read"
    return f"{here.origin()} redirects to {there}"


async def parsed(document: bytes, type_: str) -> Any:
    """The JSON value of an answer's body.

    Raises:
        NotAnAnswer: it is empty, a page or a text.
        BrokenOff: the JSON is not whole.
        TooLarge: it has more values than anybody should take apart.
        Refused: it is a complaint.
    """
    try:
        document = document.removeprefix(b"\xef\xbb\xbf")
        document.decode(json.detect_encoding(document))
    except UnicodeDecodeError:
        # Written in what was announced, or with a byte here and there that is none of UTF-8.
        document = said.text_of(document, type_).encode()
    if not document.strip():
        raise NotAnAnswer("an empty answer")
    if sum(document.count(mark) for mark in (b",", b"[", b"{")) > _MOST_VALUES:
        raise TooLarge(f"JSON of more than {_MOST_VALUES:,} values")
    try:
        if len(document) <= _SMALL:
            value = json.loads(document)
        else:
            value = await asyncio.to_thread(json.loads, document)
    except (ValueError, RecursionError):
        raise await asyncio.to_thread(_unreadable, document, type_) from None
    if (found := said.complaint(value)) is not None and not isinstance(value, str):
        raise Refused(found.status, found, within=True)
    return value


def content_type(response: aiohttp.ClientResponse) -> str:
    """The announced type of a body, in lower case; empty when there is none."""
    return response.headers.get(hdrs.CONTENT_TYPE, "").lower()


def without_answer(document: bytes) -> NotAnAnswer:
    """What is said of JSON that is no answer."""
    return NotAnAnswer(f"JSON without an answer in it: {said.shortened(document)}")


def _unreadable(document: bytes, type_: str) -> Exception:
    text = document[:20_000].decode("utf-8", "replace").strip()
    if said.is_page(text, type_):
        return NotAnAnswer(f"a web page: {said.page_title(text)}")
    if (found := _of_lines(document)) is not None:
        return found
    if text.startswith(("{", "[")):
        return BrokenOff(f"The answer is not valid JSON; it breaks off after {len(document):,} bytes")
    return NotAnAnswer(f"the text: {said.shortened(document)}")


def _of_lines(document: bytes) -> Exception | None:
    """What is wrong with a stream of JSON lines; None when the first line is no object, so it is none."""
    lines = document.splitlines()
    if len(lines) < 2 or not lines[0].startswith(b"{"):
        return None
    for number, line in enumerate(lines, 1):
        try:
            value: Any = json.loads(line) if line.strip() else None
        except (ValueError, RecursionError):
            if number == 1:
                return None
            if is_done(line.decode("utf-8", "replace")):
                break
            text = f"Line {number:,} of its stream of JSON lines is not valid JSON: {said.shortened(line)}"
            return BrokenOff(text)
        if value is not None and (found := said.complaint(value)) is not None:
            return Refused(found.status, found, within=True)
    return NotAnAnswer(f"JSON lines, and no events of OpenAI's format: {said.shortened(lines[0])}")
