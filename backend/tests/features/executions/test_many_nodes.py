"""Executions with more nodes than one answer holds."""

from __future__ import annotations

from tests.core.flows import ANSWER, planned
from watchbill.core.events import NodeStatus
from watchbill.core.execution import NodeState
from watchbill.core.execution.state import ExecutionState
from watchbill.features.executions.service import MOST_NODES, node_states


def test_of_nodes_in_bodies_only_the_first_are_listed() -> None:
    state = ExecutionState.initial(planned(ANSWER))
    for index in range(MOST_NODES + 5):
        state.nodes[f"each[{index}]"] = NodeState(status=NodeStatus.COMPLETED)
    shown, more = node_states(state, set(), iterations=True)
    assert len(shown) == MOST_NODES + 2 and more == 5
    assert node_states(state, set(), iterations=False)[1] == 0
