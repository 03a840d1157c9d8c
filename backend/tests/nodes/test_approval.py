"""Approval: whom a configuration asks by mail, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from watchbill.core.errors import NodeError
from watchbill.nodes.approval import TYPE

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def problems(**config: Any) -> dict[str | None, str]:
    model = TYPE.config.model_validate(config)
    return {problem.field: problem.message for problem in TYPE.check(model)}


def asked(**config: Any) -> Any:
    assert TYPE.wait is not None
    request = TYPE.wait.begin(config, NOW).request
    assert request is not None
    return request.get("mails")


def test_what_cannot_be_right_is_told_in_the_editor():
    assert problems(notify=["ann@example.com", "admin", "member", "{{ inputs.boss }}"]) == {}
    assert problems(notify=["Ann"]).keys() == {"notify.0"}
    assert problems(role="admin", notify=["admin", "member"]).keys() == {"notify.1"}
    assert problems(escalate_to=["admin"]).keys() == {"escalate_after_seconds"}
    assert problems(escalate_after_seconds=60).keys() == {"escalate_to"}
    late = {"deadline_seconds": 60, "escalate_after_seconds": 60, "escalate_to": ["admin"]}
    assert "deadline" in problems(**late)["escalate_after_seconds"]


def test_nobody_is_asked_by_mail_unless_it_says_so():
    assert asked() is None
    assert asked(notify=[], escalate_after_seconds=None) is None


def test_expressions_may_give_several_people():
    mails = asked(notify=["admin", ["a@example.com", " b@example.com ", "admin"], ""])
    assert mails == {
        "to": ["admin", "a@example.com", "b@example.com"],
        "escalate_at": None,
        "escalate_to": [],
    }


def test_the_time_for_others_counts_from_the_question():
    mails = asked(escalate_after_seconds=90, escalate_to=["admin"])
    assert datetime.fromisoformat(mails["escalate_at"]) == NOW + timedelta(seconds=90)
    assert (mails["to"], mails["escalate_to"]) == ([], ["admin"])


@pytest.mark.parametrize(
    "entries", [[7], [None], [["a@example.com", {}]], [[f"p{i}@x.y" for i in range(201)]]]
)
def test_what_is_nobody_fails_the_node(entries: list[Any]):
    with pytest.raises(NodeError) as error:
        asked(notify=entries)
    assert error.value.error_code == "people_invalid"
