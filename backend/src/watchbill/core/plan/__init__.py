"""From a flow definition to a plan that can run, or to the problems that stand in the way."""

from watchbill.core.flow.problems import Problem
from watchbill.core.plan.compile import Compilation, compile_flow, stored_plan
from watchbill.core.plan.plan import Plan, PlanNode

__all__ = ["Compilation", "Plan", "PlanNode", "Problem", "compile_flow", "stored_plan"]
