"""An execution as events tell it: `fold` makes its state, `decide` says what comes next."""

from watchbill.core.execution.decide import (
    Close,
    Command,
    Complete,
    Due,
    End,
    Expire,
    Fail,
    Open,
    Skip,
    Start,
    Wait,
    decide,
)
from watchbill.core.execution.fold import apply, fold
from watchbill.core.execution.snapshot import dump, freeze, packed, restore, restore_in_parts, unpacked
from watchbill.core.execution.state import ExecutionState, NodeState

__all__ = [
    "Close",
    "Command",
    "Complete",
    "Due",
    "End",
    "ExecutionState",
    "Expire",
    "Fail",
    "NodeState",
    "Open",
    "Skip",
    "Start",
    "Wait",
    "apply",
    "decide",
    "dump",
    "fold",
    "freeze",
    "packed",
    "restore",
    "restore_in_parts",
    "unpacked",
]
