"""core.ports.tools over the tools that tenants stored: on a worker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import orjson
from sqlalchemy.exc import DBAPIError

from watchbill.core.errors import ErrorKind, NodeError, TooManyRequests, WatchbillError
from watchbill.core.events import EventData, NodeFailure, ToolCompleted, ToolFailed, ToolOutput, ToolStarted
from watchbill.core.exchange import Exchange
from watchbill.core.ports.compute import Compute, ComputeLimit
from watchbill.core.ports.http import HttpClient
from watchbill.core.ports.llm import Emit
from watchbill.core.ports.sandbox import (
    Printed,
    PythonProgram,
    Sandbox,
    SandboxCaller,
    SandboxFailure,
    SandboxLimits,
    SandboxResult,
)
from watchbill.core.ports.tools import CodeUse, ToolSpec, ToolUse
from watchbill.core.schemas import Matcher, is_quick
from watchbill.core.tenancy import TenantScope
from watchbill.features.tools import queries, service
from watchbill.features.tools.builtin import BUILTINS, Surroundings
from watchbill.features.tools.schemas import BuiltinConfig, PythonConfig, ToolOut
from watchbill.features.tools.service import shown
from watchbill.kit.database.faults import again, passing
from watchbill.kit.database.transactions import Database

JUDGE_JOB = "tool.judge"
# Of an output in the trace: the node's own event has all of it.
_MOST_TRACED_BYTES = 64 * 1024
_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _Ended:
    output: Any
    tier: str | None = None


class _Failed(NodeError):
    """A node error that knows the sandbox's tier, and the limit that was hit."""

    def __init__(self, kind: ErrorKind, detail: str, code: str, result: SandboxResult):
        super().__init__(kind, detail, code=code)
        self.tier: str = result.tier
        self.exceeded = result.failure.exceeded if result.failure else None


class StoredTools:
    """Implements core.ports.tools.Tools.

    Args:
        database: where tenants' tools are.
        sandbox: where programs of tenants run.
        http: the guarded way out.
        compute: where values are judged by schemas, and pages are read.
    """

    def __init__(self, database: Database, sandbox: Sandbox, http: HttpClient, compute: Compute):
        self._database, self._sandbox, self._http, self._compute = database, sandbox, http, compute

    async def known(self, scope: TenantScope, ids: Sequence[UUID]) -> Sequence[ToolSpec]:
        """See core.ports.tools.Tools."""
        rows = await self._read(scope, ids)
        return [_spec(_active(rows, id_)) for id_ in ids]

    async def call(self, use: ToolUse, emit: Emit) -> Any:
        """See core.ports.tools.Tools."""
        tool = _active(await self._read(use.scope, (use.tool_id,)), use.tool_id)
        work = partial(self._run, tool, use)
        return await _told(emit, tool.name, dict(use.arguments), work, agent=use.agent)

    async def run_code(self, use: CodeUse, emit: Emit) -> Any:
        """See core.ports.tools.Tools."""
        caller = SandboxCaller(use.scope, use.execution_id, use.key)
        limits = SandboxLimits(timeout_seconds=use.timeout_seconds, memory_mb=use.memory_mb)
        work = partial(self._sandboxed, caller, PythonProgram(use.code), use.input, limits)
        return await _told(emit, "Code", dict(use.input), work)

    async def _run(self, tool: ToolOut, use: ToolUse, printed: Printed) -> _Ended:
        await self._demand(use.scope, tool.input_schema, dict(use.arguments), "The arguments", "arguments")
        config = tool.config
        if isinstance(config, PythonConfig):
            caller = SandboxCaller(use.scope, use.execution_id, use.key)
            program = PythonProgram(config.code, tuple(config.requirements))
            ended = await self._sandboxed(caller, program, use.arguments, tool.limits.sandbox(), printed)
        else:
            ended = _Ended(await self._builtin(tool, config, use))
        if tool.output_schema is not None:
            await self._demand(use.scope, tool.output_schema, ended.output, "The output", "output")
        return ended

    async def _builtin(self, tool: ToolOut, config: BuiltinConfig, use: ToolUse) -> Any:
        around = Surroundings(use.scope, self._http, self._compute, use.key)
        seconds = tool.limits.timeout_seconds
        try:
            async with asyncio.timeout(seconds):
                return await BUILTINS[config.builtin].work(around, service.settings_of(config), use.arguments)
        except TimeoutError as error:
            text = f"The tool “{tool.name}” was not done after {seconds:g} seconds."
            raise NodeError(ErrorKind.TIMEOUT, text, code="tool_timeout") from error

    async def _sandboxed(
        self,
        caller: SandboxCaller,
        program: PythonProgram,
        given: Mapping[str, Any],
        limits: SandboxLimits,
        printed: Printed,
    ) -> _Ended:
        try:
            result = await self._sandbox.run(caller, program, dict(given), limits, printed)
        except TooManyRequests as error:
            raise NodeError(ErrorKind.LIMIT, error.detail, code=error.error_code) from error
        except NodeError:
            raise
        except WatchbillError as error:  # no tier fits, or the tier is away
            kind = ErrorKind.UPSTREAM if error.status >= 500 else ErrorKind.USER
            raise NodeError(kind, error.detail, code=error.error_code) from error
        if result.failure is not None:
            raise _failure(result.failure, result)
        return _Ended(result.output, result.tier)

    async def _demand(
        self, scope: TenantScope, schema: Mapping[str, Any], value: Any, what: str, code: str
    ) -> None:
        """Refuse a value that breaks its schema."""
        written = orjson.dumps(value)
        if is_quick(schema, len(written)):
            wrong: list[str] = Matcher(schema).mismatches(value)
        else:
            argument = {"schema": schema, "value": orjson.Fragment(written)}
            try:
                wrong = await self._compute.run(scope, JUDGE_JOB, argument)
            except ComputeLimit as error:
                text = f"{what} cannot be checked against the schema. {error.detail}"
                raise NodeError(ErrorKind.LIMIT, text, code="schema_too_costly") from error
        if wrong:
            text = f"{what} of the tool are not as its schema says: " if what.endswith("s") else ""
            text = text or f"{what} of the tool is not as its schema says: "
            raise NodeError(ErrorKind.USER, text + "; ".join(wrong), code=f"tool_{code}_invalid")

    async def _read(self, scope: TenantScope, ids: Sequence[UUID]) -> Mapping[UUID, ToolOut]:
        try:
            return await again(partial(self._rows, scope, ids), seconds=_PATIENCE_SECONDS, what="tools")
        except (OSError, DBAPIError) as error:
            if not passing(error):
                raise
            # Nobody is to blame for it in the flow.
            text = f"Watchbill's own database did not answer for {_PATIENCE_SECONDS:g} seconds."
            raise NodeError(ErrorKind.UPSTREAM, text, code="database_unavailable") from error

    async def _rows(self, scope: TenantScope, ids: Sequence[UUID]) -> Mapping[UUID, ToolOut]:
        async with self._database.transaction(scope) as work:
            return {id_: shown(row) for id_, row in (await queries.by_ids(work.session, ids)).items()}


async def _told(
    emit: Emit,
    name: str,
    arguments: Mapping[str, Any],
    work: Callable[[Printed], Awaitable[_Ended]],
    *,
    agent: str | None = None,
) -> Any:
    """Tell of a call from its beginning to its end, and give its output."""
    call_id, begin = uuid4().hex, time.monotonic()
    emit(ToolStarted(call_id=call_id, tool=name, agent=agent, arguments=_traced(arguments)))
    try:
        ended = await work(partial(_tell_printed, emit, call_id))
    except NodeError as error:
        failure = NodeFailure(kind=error.kind, code=error.error_code, message=error.detail)
        tier, exceeded = (error.tier, error.exceeded) if isinstance(error, _Failed) else (None, None)
        emit(
            ToolFailed(
                call_id=call_id,
                tool=name,
                error=failure,
                duration_ms=_since(begin),
                tier=tier,
                exceeded=exceeded,
            )
        )
        raise
    output = _traced(ended.output)
    emit(ToolCompleted(call_id=call_id, tool=name, output=output, duration_ms=_since(begin), tier=ended.tier))
    return ended.output


def _tell_printed(emit: Emit, call_id: str, text: str) -> None:
    emit(ToolOutput(call_id=call_id, text=text))


def _active(rows: Mapping[UUID, ToolOut], id_: UUID) -> ToolOut:
    tool = rows.get(id_)
    if tool is None:
        raise NodeError(ErrorKind.USER, "The tool chosen here no longer exists.", code="tool_unknown")
    if not tool.is_active:
        raise NodeError(ErrorKind.USER, f"The tool “{tool.name}” is switched off.", code="tool_inactive")
    return tool


def _spec(tool: ToolOut) -> ToolSpec:
    return ToolSpec(tool.id, tool.function, tool.name, tool.description, tool.input_schema)


def _failure(failure: SandboxFailure, result: SandboxResult) -> NodeError:
    kind = ErrorKind.LIMIT if failure.kind == "limit" else ErrorKind.USER
    code = f"tool_{failure.exceeded}" if failure.exceeded else "tool_failed"
    return _Failed(kind, failure.message, code, result)


def _traced(value: Any) -> Any:
    """The value as the trace has it: text, cut, where it is large."""
    written = orjson.dumps(value)
    if len(written) <= _MOST_TRACED_BYTES:
        return value
    return written[:_MOST_TRACED_BYTES].decode(errors="ignore") + "…"


def _since(begin: float) -> int:
    return round((time.monotonic() - begin) * 1000)


class Trials:
    """Calls of tools that somebody makes to see what they do, on a worker."""

    def __init__(self, tools: StoredTools):
        self._tools = tools

    async def run(self, scope: TenantScope, tool_id: UUID, given: str) -> dict[str, Any]:
        """How a call ended, as schemas.ToolTrialResult; never raises but for mistakes of ours.

        Args:
            given: the input as JSON.
        """
        begin, logs, tiers = time.monotonic(), list[str](), list[str | None]()

        def heard(data: EventData | Exchange) -> None:
            if isinstance(data, ToolOutput):
                logs.append(data.text)
            elif isinstance(data, ToolCompleted | ToolFailed):
                tiers.append(data.tier)

        error: dict[str, Any] | None = None
        output = None
        try:
            output = await self._tools.call(ToolUse(scope, tool_id, orjson.loads(given)), heard)
        except NodeError as failure:
            error = {"kind": failure.kind, "code": failure.error_code, "message": failure.detail}
        except WatchbillError as failure:  # so much waits that it has no turn
            error = {"kind": "limit", "code": failure.error_code, "message": failure.detail}
        return {
            "ok": error is None,
            "output": output,
            "error": error,
            "logs": "".join(logs),
            "duration_ms": _since(begin),
            "tier": tiers[-1] if tiers else None,
        }
