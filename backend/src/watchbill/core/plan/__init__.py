"""From a flow definition to a plan that can run, or to the problems that stand in the way."""

from watchbill.core.flow.problems import Problem
from watchbill.core.plan.compile import Compilation, compile_flow, stored_plan
from watchbill.core.plan.plan import Plan, PlanNode, bare

__all__ = ["Compilation", "Plan", "PlanNode", "Problem", "bare", "compile_flow", "stored_plan"]
