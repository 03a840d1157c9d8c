"""A budget is used up by what is counted, and not by one step more."""

from __future__ import annotations

import pytest

from watchbill.core.computing_budget import Budget, OverBudget


def test_what_fits_may_be_used_up_to_the_last_step() -> None:
    budget = Budget(steps=3, size=5)
    budget.spend(2)
    budget.spend()
    budget.make(5)
    assert (budget.steps, budget.size) == (0, 0)


@pytest.mark.parametrize("what", ["steps", "size"])
def test_one_more_is_refused_and_says_of_what(what: str) -> None:
    budget = Budget(steps=3, size=3)
    with pytest.raises(OverBudget) as refused:
        budget.spend(4) if what == "steps" else budget.make(4)
    assert refused.value.what == what
