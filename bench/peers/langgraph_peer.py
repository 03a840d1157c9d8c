"""LangGraph with its PostgreSQL checkpointer, in process: each node waits for a checkpoint on the disk."""

from __future__ import annotations

import asyncio
import operator
from itertools import pairwise
from typing import Annotated, Any, TypedDict
from uuid import uuid4

import aiohttp
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.graph import END, START, StateGraph
from load import NODES, WIDTH, Arguments, arguments, measure
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool


class State(TypedDict):
    """The input, and what nodes gave."""

    topic: str
    values: Annotated[list[str], operator.add]


async def _node(state: State) -> dict[str, Any]:
    return {"values": [state["topic"]]}


def _line() -> StateGraph:
    graph = StateGraph(State)
    names = [START, *(f"step_{i}" for i in range(NODES)), END]
    for name in names[1:-1]:
        graph.add_node(name, _node)
    for source, target in pairwise(names):
        graph.add_edge(source, target)
    return graph


def _fan() -> StateGraph:
    graph = StateGraph(State)
    sides = [f"side_{i}" for i in range(WIDTH)]
    for name in ("first", *sides, "join"):
        graph.add_node(name, _node)
    graph.add_edge(START, "first")
    for name in sides:
        graph.add_edge("first", name)
    graph.add_edge(sides, "join")
    graph.add_edge("join", END)
    return graph


def _call(url: str, http: aiohttp.ClientSession) -> StateGraph:
    async def call(state: State) -> dict[str, Any]:
        async with http.get(url) as answer:
            return {"values": [await answer.text()]}

    graph = StateGraph(State)
    graph.add_node("call", call)
    graph.add_edge(START, "call")
    graph.add_edge("call", END)
    return graph


async def main(given: Arguments) -> None:
    """Measure."""
    options = {"autocommit": True, "row_factory": dict_row}
    async with (
        AsyncConnectionPool(given.database_url, min_size=4, max_size=20, kwargs=options) as pool,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http,
    ):
        saver = AsyncPostgresSaver(pool)  # type: ignore[arg-type]
        await saver.setup()

        def runner(graph: StateGraph) -> Any:
            compiled = graph.compile(checkpointer=saver)

            async def run() -> Any:
                config: Any = {"configurable": {"thread_id": uuid4().hex}}
                return await compiled.ainvoke({"topic": "tides", "values": []}, config, durability="sync")

            return run

        await measure(runner(_line()), runner(_fan()), runner(_call(given.slow_url, http)))


asyncio.run(main(arguments()))
