"""What `watchbill executions` does, by the API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from watchbill.cli.client import ApiError, Client
from watchbill.cli.reading import read_object
from watchbill.cli.remote import Action, Found, Misused
from watchbill.cli.telling import as_details, as_row, as_sentence
from watchbill.core.json.text import NotExact, read_exactly

_PAGE = 100


def listed(flow: UUID | None, statuses: Sequence[str], limit: int) -> Action:
    """Executions, the newest first."""

    async def action(client: Client) -> AsyncIterator[Found]:
        asked: list[tuple[str, object]] = [("status", status) for status in statuses]
        if flow:
            asked.append(("flow_id", flow))
        left, cursor = limit, None
        while left:
            query = [*asked, ("limit", min(left, _PAGE)), *([("cursor", cursor)] if cursor else ())]
            page = await client.call("GET", f"/executions?{urlencode(query)}")
            for item in page["items"]:
                yield item, as_row
            left, cursor = left - len(page["items"]), page["next_cursor"]
            if cursor is None:
                return

    return action


def shown(execution: UUID) -> Action:
    """One execution whole."""

    async def action(client: Client) -> AsyncIterator[Found]:
        yield await client.execution(str(execution)), as_details

    return action


def asked(execution: UUID, what: str) -> Action:
    """Ask it to cancel or pause."""

    async def action(client: Client) -> AsyncIterator[Found]:
        yield await client.call("POST", f"/executions/{execution}/{what}"), as_sentence

    return action


def resumed(execution: UUID) -> Action:
    """Let a paused one go on."""

    async def action(client: Client) -> AsyncIterator[Found]:
        status = (await client.execution(str(execution)))["status"]
        if status in ("failed", "cancelled"):
            raise ApiError(f"The execution {_has(status)}. Run it again from there with `retry`.")
        yield await client.call("POST", f"/executions/{execution}/resume"), as_sentence

    return action


def retried(execution: UUID) -> Action:
    """Run a failed or cancelled one again from there."""

    async def action(client: Client) -> AsyncIterator[Found]:
        status = (await client.execution(str(execution)))["status"]
        if status not in ("failed", "cancelled"):
            raise ApiError(
                f"The execution {_has(status)}: only one that failed or was cancelled can run again from"
                " there. To run a part of another execution again, use `fork`."
            )
        yield await client.call("POST", f"/executions/{execution}/resume"), as_sentence

    return action


def _has(status: str) -> str:
    return {"failed": "failed", "completed": "completed", "cancelled": "was cancelled"}.get(
        status, f"is {status}"
    )


def forked(execution: UUID, from_node: str, pairs: Sequence[str], file: Path | None) -> Action:
    """Start another one from a node on."""

    async def action(client: Client) -> AsyncIterator[Found]:
        outputs = read_object(file) if file else {}
        named = [_pair(pair) for pair in pairs]
        if len(dict(named)) < len(named):
            raise Misused("An output is given twice.")
        outputs |= dict(named)
        form = {"from_node": from_node, "outputs": outputs}
        yield await client.call("POST", f"/executions/{execution}/fork", form), as_sentence

    return action


def _pair(pair: str) -> tuple[str, Any]:
    name, equals, text = pair.partition("=")
    if not equals or not name:
        raise Misused(f"An output is written NODE=VALUE, not {pair!r}.")
    try:
        return name, read_exactly(text)
    except NotExact as fault:
        raise Misused(f"The output `{name}` cannot be kept as it is: {fault}.") from fault
    except ValueError:
        return name, text
