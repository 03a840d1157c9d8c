"""What is run: a definition made into a plan, which is stored once however many executions run it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import Conflict, InvalidInput
from watchbill.core.execution import ExecutionState
from watchbill.core.ports.compute import Compute
from watchbill.core.tenancy import TenantScope
from watchbill.features.executions.queries import executions as queries
from watchbill.features.flows import checking, chosen_version
from watchbill.features.flows.chosen_version import ChosenVersion, Wanted
from watchbill.nodes.input import Config as InputConfig
from watchbill.nodes.input import check_inputs

Key = TypeVar("Key")
Value = TypeVar("Value")

_KEPT = 5_000
# Of flows that name nothing stored elsewhere. To compile ten nodes again for each execution took a fifth of
# starting it.
_kept: OrderedDict[tuple[TenantScope, ChosenVersion], Prepared] = OrderedDict()
# What was run last when this was wanted of the flow.
_lately: OrderedDict[tuple[TenantScope, UUID, Wanted], ChosenVersion] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A stored plan: its digest and what its input node asks for."""

    digest: str
    form: InputConfig

    def inputs(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs with defaults filled in. What is given came in where it is judged what can be kept.

        Raises:
            InvalidInput: with an error for each that is missing, unknown or of the wrong type.
        """
        values, errors = check_inputs(self.form, given, exact=True)
        if errors:
            raise InvalidInput(errors[0].message, code="inputs_invalid", errors=tuple(errors))
        return values


def require_accepted(state: ExecutionState) -> None:
    """Go on only where the plan is one that can be run.

    Raises:
        Conflict: it is not, and why.
    """
    if refusal := state.plan.refusal:
        raise Conflict(refusal, code="plan_invalid")


def remembered(scope: TenantScope, flow_id: UUID, wanted: Wanted) -> tuple[ChosenVersion, Prepared] | None:
    """What was run of a flow when it was last asked for. It still holds if the flow is as it was seen."""
    chosen = _lately.get((scope, flow_id, wanted))
    prepared = chosen and _kept.get((scope, chosen))
    return (chosen, prepared) if chosen and prepared else None


def remember(scope: TenantScope, wanted: Wanted, chosen: ChosenVersion) -> None:
    """Note what was run of a flow."""
    _put(_lately, (scope, chosen.flow_id, wanted), chosen)


async def of_flow(
    session: AsyncSession, scope: TenantScope, chosen: ChosenVersion, compute: Compute | None, *, anew: bool
) -> Prepared:
    """The plan of a flow's version. With `anew` it is made and stored again: it was remembered, but is gone.

    Raises:
        NotFound: the flow has no such version.
        InvalidInput: it has problems.
    """
    known = _kept.get((scope, chosen))
    if known and not anew:
        _kept.move_to_end((scope, chosen))
        return known
    prepared, alone = await _prepare(
        session, scope, await chosen_version.definition(session, chosen), compute
    )
    if alone:
        _put(_kept, (scope, chosen), prepared)
    return prepared


def _put(kept: OrderedDict[Key, Value], key: Key, value: Value) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > _KEPT:
        kept.popitem(last=False)


async def of_definition(
    session: AsyncSession, scope: TenantScope, definition: object, compute: Compute | None
) -> Prepared:
    """The plan of a definition that belongs to no flow.

    Raises:
        InvalidInput: it has problems.
    """
    return (await _prepare(session, scope, definition, compute))[0]


async def _prepare(
    session: AsyncSession, scope: TenantScope, definition: object, compute: Compute | None
) -> tuple[Prepared, bool]:
    """The stored plan, and whether it follows from the definition alone: what names agents, crews or flows
    changes with them."""
    compiled = await checking.compiled(session, scope, definition, compute)
    checking.refuse_invalid(compiled.validation)
    ready = compiled.ready
    if ready is None:
        raise AssertionError("a valid flow can run")
    await queries.keep_plan(session, ready.digest, ready.stored)
    return Prepared(ready.digest, InputConfig.model_validate(ready.form)), compiled.alone
