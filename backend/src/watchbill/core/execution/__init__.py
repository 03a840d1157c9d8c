"""An execution as events tell it: `fold` makes its state, `decide` says what comes next."""

from watchbill.core.execution.decide import Command, Complete, Fail, Skip, Start, Wait, decide
from watchbill.core.execution.fold import apply, fold
from watchbill.core.execution.state import ExecutionState, NodeState

__all__ = [
    "Command",
    "Complete",
    "ExecutionState",
    "Fail",
    "NodeState",
    "Skip",
    "Start",
    "Wait",
    "apply",
    "decide",
    "fold",
]
