"""Agents and crews: keeping them, and keeping them whole."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import Conflict, FieldError, InvalidInput, NotFound
from watchbill.core.schemas import check_schema, told
from watchbill.features.agents import queries
from watchbill.features.agents.schemas import AgentIn, AgentPatch, CrewIn, CrewPatch, CrewTask
from watchbill.features.agents.tables import Agent, Crew
from watchbill.features.identity.identity import Identity
from watchbill.features.providers import service as providers
from watchbill.features.tools import service as tools
from watchbill.kit.database.paging import Page
from watchbill.kit.database.transactions import constraint_of


async def get_agent(session: AsyncSession, id_: UUID) -> Agent:
    """The agent of that id.

    Raises:
        NotFound: there is none.
    """
    agent = await session.get(Agent, id_)
    if agent is None:
        raise NotFound("There is no such agent.")
    return agent


async def agent_page(session: AsyncSession, wanted: Page) -> tuple[list[Agent], str | None]:
    """One page of agents and the next page's cursor."""
    rows, cursor = await queries.agent_page(session, wanted)
    return list(rows), cursor


async def create_agent(session: AsyncSession, identity: Identity, form: AgentIn) -> Agent:
    """Store an agent.

    Raises:
        Forbidden: it has tools that the key which asks may not see.
        InvalidInput: it names a provider or tools that there are not.
        Conflict: the name is taken.
    """
    agent = Agent(id=uuid4())
    _demand_reading(identity, form.tool_ids)
    await _fill_agent(session, agent, form.model_dump())
    session.add(agent)
    await _flush(session)
    return agent


async def change_agent(
    session: AsyncSession, identity: Identity, id_: UUID, form: AgentIn | AgentPatch
) -> Agent:
    """Replace an agent (AgentIn) or change part of it (AgentPatch).

    Raises:
        NotFound, Forbidden, InvalidInput, Conflict: as for get_agent and create_agent.
    """
    agent = await get_agent(session, id_)
    before = agent.tool_ids
    await _fill_agent(session, agent, form.model_dump(exclude_unset=isinstance(form, AgentPatch)))
    _demand_reading(identity, agent.tool_ids, before)
    await _flush(session)
    await session.refresh(agent)
    return agent


async def delete_agent(session: AsyncSession, id_: UUID) -> None:
    """Remove an agent.

    Raises:
        NotFound: there is none.
        Conflict: a crew has it.
    """
    agent = await queries.lock_agent(session, id_)
    if agent is None:
        raise NotFound("There is no such agent.")
    if crews := await queries.crews_with(session, id_):
        names = ", ".join(f"“{name}”" for name in crews)
        raise Conflict(f"The agent belongs to {names}. Take it out there first.", code="agent_in_use")
    await session.delete(agent)
    await session.flush()


async def get_crew(session: AsyncSession, id_: UUID) -> Crew:
    """The crew of that id.

    Raises:
        NotFound: there is none.
    """
    crew = await session.get(Crew, id_)
    if crew is None:
        raise NotFound("There is no such crew.")
    return crew


async def crew_page(session: AsyncSession, wanted: Page) -> tuple[list[Crew], str | None]:
    """One page of crews and the next page's cursor."""
    rows, cursor = await queries.crew_page(session, wanted)
    return list(rows), cursor


async def create_crew(session: AsyncSession, identity: Identity, form: CrewIn) -> Crew:
    """Store a crew.

    Raises:
        Forbidden: it has tools that the key which asks may not see.
        InvalidInput: it does not fit together, or names agents that there are not.
        Conflict: the name is taken.
    """
    await _check_crew(session, form)
    _demand_reading(identity, _tools_of(form.tasks))
    crew = Crew(id=uuid4(), **_crew_values(form))
    session.add(crew)
    await _flush(session)
    return crew


async def change_crew(session: AsyncSession, identity: Identity, id_: UUID, form: CrewIn | CrewPatch) -> Crew:
    """Replace a crew (CrewIn) or change part of it (CrewPatch).

    Raises:
        NotFound, Forbidden, InvalidInput, Conflict: as for get_crew and create_crew.
    """
    crew = await get_crew(session, id_)
    whole = form if isinstance(form, CrewIn) else _merged(crew, form)
    await _check_crew(session, whole)
    before = [id_ for task in crew.tasks for id_ in _stored_ids(task)]
    _demand_reading(identity, _tools_of(whole.tasks), before)
    for name, value in _crew_values(whole).items():
        setattr(crew, name, value)
    await _flush(session)
    await session.refresh(crew)
    return crew


async def delete_crew(session: AsyncSession, id_: UUID) -> None:
    """Remove a crew. Flows that name it say so when they are next checked or run.

    Raises:
        NotFound: there is none.
    """
    await session.delete(await get_crew(session, id_))
    await session.flush()


async def _fill_agent(session: AsyncSession, agent: Agent, values: dict[str, Any]) -> None:
    if values.get("provider_id"):
        try:
            await providers.get(session, values["provider_id"])
        except NotFound as error:
            raise _invalid(
                [_error(("provider_id",), "unknown_provider", "There is no such provider.")]
            ) from error
    await _demand_tools(session, {("tool_ids",): values.get("tool_ids") or []})
    if "config" in values:
        values["config"] = {key: value for key, value in values["config"].items() if value is not None}
    for name, value in values.items():
        setattr(agent, name, value)


def _crew_values(form: CrewIn) -> dict[str, Any]:
    values = form.model_dump(exclude={"tasks", "config"})
    tasks = [task.model_dump(mode="json") for task in form.tasks]
    return {**values, "tasks": tasks, "config": form.config.model_dump(mode="json")}


def _merged(crew: Crew, form: CrewPatch) -> CrewIn:
    stored = {name: getattr(crew, name) for name in CrewIn.model_fields}
    return CrewIn.model_validate({**stored, **form.model_dump(exclude_unset=True)})


async def _check_crew(session: AsyncSession, form: CrewIn) -> None:
    ids = [*form.agent_ids, *([form.manager_agent_id] if form.manager_agent_id else [])]
    known = await queries.known_agents(session, ids)
    schemas = await asyncio.to_thread(_schema_errors, form)
    errors = [*_member_errors(form, set(known)), *_task_errors(form), *schemas]
    if errors:
        raise _invalid(errors)
    asked = {("tasks", index, "tool_ids"): task.tool_ids for index, task in enumerate(form.tasks)}
    await _demand_tools(session, asked)


def _member_errors(form: CrewIn, known: set[UUID]) -> Iterable[FieldError]:
    for index, id_ in enumerate(form.agent_ids):
        if id_ not in known:
            yield _error(("agent_ids", index), "unknown_agent", "There is no such agent.")
        elif id_ in form.agent_ids[:index]:
            yield _error(("agent_ids", index), "duplicate_agent", "The agent is in the crew already.")
    manager = form.manager_agent_id
    if manager is not None and manager not in known:
        yield _error(("manager_agent_id",), "unknown_agent", "There is no such agent.")
    elif manager is not None and form.process == "sequential":
        yield _error(("manager_agent_id",), "manager_unused", "Only a hierarchical crew has a manager.")
    elif manager is not None and manager in form.agent_ids:
        text = "The manager directs the crew's agents and cannot be one of them."
        yield _error(("manager_agent_id",), "manager_is_member", text)


def _task_errors(form: CrewIn) -> Iterable[FieldError]:
    earlier: set[str] = set()
    for index, task in enumerate(form.tasks):
        loc = ("tasks", index)
        if task.name in earlier:
            yield _error((*loc, "name"), "duplicate_name", f"Two tasks are called “{task.name}”.")
        if task.agent_id is None and form.process == "sequential":
            yield _error((*loc, "agent_id"), "missing", "In a sequential crew each task needs an agent.")
        if task.agent_id is not None and task.agent_id not in form.agent_ids:
            yield _error((*loc, "agent_id"), "not_a_member", "The agent is not one of this crew's.")
        for name in task.context:
            if name not in earlier:
                yield _error((*loc, "context"), "unknown_task", f"“{name}” is not a task before this one.")
        earlier.add(task.name)


def _schema_errors(form: CrewIn) -> list[FieldError]:
    return [
        _error(("tasks", index, "output_schema"), problems[0].code, told(problems))
        for index, task in enumerate(form.tasks)
        if task.output_schema is not None and (problems := check_schema(task.output_schema))
    ]


def _demand_reading(identity: Identity, wanted: Iterable[UUID], had: Iterable[UUID] = ()) -> None:
    """Insist on whoever gives tools away being allowed to see them; tools that were there before stay."""
    if set(wanted) - set(had):
        identity.demand("tools:read")


def _tools_of(tasks: Iterable[CrewTask]) -> Iterator[UUID]:
    return (id_ for task in tasks for id_ in task.tool_ids)


def _stored_ids(task: dict[str, Any]) -> list[UUID]:
    ids: list[str] = task.get("tool_ids") or []
    return [UUID(id_) for id_ in ids]


async def _demand_tools(session: AsyncSession, asked: Mapping[tuple[str | int, ...], Sequence[UUID]]) -> None:
    """Refuse what is no tool, with its place; one that is switched off may be given away."""
    absent = await tools.absent(session, (id_ for ids in asked.values() for id_ in ids))
    wrong = [
        _error((*loc, index), "unknown_tool", "There is no such tool.")
        for loc, ids in asked.items()
        for index, id_ in enumerate(ids)
        if absent.get(id_) == "unknown"
    ]
    if wrong:
        raise _invalid(wrong)


def _error(loc: tuple[str | int, ...], code: str, message: str) -> FieldError:
    return FieldError(("body", *loc), code, message)


def _invalid(errors: list[FieldError]) -> InvalidInput:
    return InvalidInput(errors[0].message, errors=tuple(errors))


async def _flush(session: AsyncSession) -> None:
    try:
        await session.flush()
    except IntegrityError as error:
        kind = {"uq_agents_name": "an agent", "uq_crews_name": "a crew"}.get(constraint_of(error) or "")
        if kind is None:
            raise
        raise Conflict(f"There is {kind} of that name already.", code="name_taken") from error
